"""What the library is worth on what it was not learnt from: sources, generator families and kinds of damage left out.

Everything is learnt anew without the part left out: scales, regions, features and weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.collapsebench import statistics
from synthos_api.signature_library import ANY, Library, Part
from synthos_api.signatures import judged

from .cases import BY_FAMILY, BY_KIND, BY_SOURCE, Case, Group, labelled
from .learner import learn

Floats = npt.NDArray[np.float64]

LEFT_OUT: Final[dict[str, Group]] = {
    "source": BY_SOURCE,
    "generator family": BY_FAMILY,
    "kind of damage": BY_KIND,
}
CORPUS_FOLDS: Final = 5
_ROUNDS: Final = 2000
_SEED: Final = 0


def left_out(cases: Sequence[Case], modality: str) -> dict[str, dict[str, float | None]]:
    """By what was left out, the probability of collapse of each labelled case, by id, by a part learnt without it.

    Cases without a group (rows that no generator wrote, when families are left out) are in every part, so
    they are judged without their source instead. None where too few cases are left to learn from.
    """
    found = {way: _without(cases, modality, group) for way, group in LEFT_OUT.items()}
    return {way: found["source"] | own for way, own in found.items()}


def _without(cases: Sequence[Case], modality: str, group: Group) -> dict[str, float | None]:
    """The base rate is that of all cases: without a kind of which nearly all collapsed, fewer do, and that alone would
    rank its cases low."""
    known = labelled(cases)
    base = sum(case.collapsed for case in known) / len(known)
    found: dict[str, float | None] = {}
    for key in sorted({group(case) for case in known if group(case)}):
        part = learn([case for case in cases if group(case) != key], modality, base)
        found |= {case.id: _probability(case, part) for case in known if group(case) == key}
    return found


def corpora_left_out(cases: Sequence[Case], modality: str) -> dict[str, float | None]:
    """The same of draws of real corpora, each by a part learnt without it (and a share of the others)."""
    found: dict[str, float | None] = {}
    real = [case for case in cases if case.label == "real"]
    names = sorted({case.source for case in real})
    for fold in range(CORPUS_FOLDS):
        away = set(names[fold::CORPUS_FOLDS])
        part = learn([case for case in cases if case.label != "real" or case.source not in away], modality)
        found |= {case.id: _probability(case, part) for case in real if case.source in away}
    return found


def by_library(cases: Sequence[Case], library: Library, modality: str) -> dict[str, float | None]:
    """The same by the whole library, for cases that it was not learnt from."""
    part = library.parts.get(modality) or library.parts.get(ANY)
    return {case.id: _probability(case, part) for case in cases}


def scored(cases: Sequence[Case], probabilities: Mapping[str, float | None]) -> list[dict[str, Any]]:
    """Labelled cases as CollapseBench's statistics take them; a real shift is not collapsed, so it counts as benign."""
    return [
        {
            "source": case.source,
            "label": "collapsed" if case.collapsed else "benign",
            "mode": "no_reference",
            "collapse_probability": probabilities[case.id],
        }
        for case in labelled(cases)
        if probabilities.get(case.id) is not None
    ]


def brier(cases: Sequence[statistics.Case]) -> float:
    """Mean squared error of the probability (Brier 1950)."""
    return float(np.mean([(one["collapse_probability"] - _outcome(one)) ** 2 for one in cases]))


def brier_of_base_rate(cases: Sequence[statistics.Case]) -> float:
    """That of always saying the share that is collapsed among these very cases."""
    share = float(np.mean([_outcome(one) for one in cases]))
    return share * (1 - share)


def area_interval(cases: Sequence[statistics.Case]) -> tuple[float, float] | None:
    """95 % interval of the area under the ROC when whole sources are drawn again (bootstrap); None with one source."""
    sources = sorted({one["source"] for one in cases})
    collapsed = [one for one in cases if one["label"] == "collapsed"]
    others = [one for one in cases if one["label"] != "collapsed"]
    if len(sources) < 2 or not collapsed or not others:
        return None
    above, below = (np.array([one["collapse_probability"] for one in some]) for some in (collapsed, others))
    wins = (np.sign(above[:, None] - below[None, :]) + 1) / 2
    # (sources, cases): of which source each is
    own, theirs = (_members(some, sources) for some in (collapsed, others))
    areas = list(_drawn_areas(own @ wins @ theirs.T, own.sum(1), theirs.sum(1)))
    return (float(np.quantile(areas, 0.025)), float(np.quantile(areas, 0.975))) if areas else None


def _drawn_areas(wins: Floats, collapsed: Floats, others: Floats) -> Iterator[float]:
    """`wins`: (sources, sources), pairs that the collapsed one wins."""
    rng, count = np.random.default_rng(_SEED), len(collapsed)
    for _ in range(_ROUNDS):
        times = np.bincount(rng.integers(0, count, count), minlength=count)
        pairs = (times @ collapsed) * (times @ others)
        if pairs:
            yield float(times @ wins @ times / pairs)


def _members(cases: Sequence[statistics.Case], sources: Sequence[str]) -> Floats:
    return np.array([[one["source"] == source for one in cases] for source in sources], float)


def _outcome(case: statistics.Case) -> float:
    return float(case["label"] == "collapsed")


def _probability(case: Case, part: Part | None) -> float | None:
    return judged(case.fingerprint, part).risk if part else None

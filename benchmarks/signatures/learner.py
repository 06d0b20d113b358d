"""From labelled fingerprints to a part of the library. Pure, and the same for the same cases.

Regions come from all cases. What they are worth, that is how much each adds to the log odds of collapse and
what came of the datasets in it, comes from similarities of cases to regions learnt without their source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.collapsebench.fit_alone.logistic import fit
from synthos_api.fingerprint import FINGERPRINT
from synthos_api.signature_library import ANY, SCHEMA, Library, Outcome, Part, Scale, Signature
from synthos_api.signatures import INSIDE, judged, logit

from . import regions
from .cases import MODALITIES, Case, digest, labelled, of_modality
from .regions import Region

Floats = npt.NDArray[np.float64]

STEP: Final = 4.0
"""Similarity 1 counts so much in the fit."""
USUAL: Final = 0.25
"""Weight that the fit's are drawn to: log odds of 1 at similarity 1, where nothing else is known."""
FEWEST: Final = 10
"""Collapsed cases, and others, without which nothing is learnt."""
FEWEST_INSIDE: Final = 3
"""Cases inside a region that was learnt without their source, below which it tells nothing of other sources."""
FOLDS: Final = 7
"""Most parts that sources are left out in; no modality has more sources."""
BENIGN: Final = "benign"
_NOTHING: Final = Outcome(cases=0, collapsed=0, sources=0, families=[], median_effect=None)


def learn_library(cases: Sequence[Case]) -> Library:
    parts = {name: learn(of_modality(cases, name), name) for name in (*MODALITIES, ANY)}
    return Library(
        schema_version=SCHEMA,
        fingerprint=FINGERPRINT,
        learnt_from=digest(cases),
        parts={name: part for name, part in parts.items() if part},
    )


def learn(cases: Sequence[Case], modality: str, base_rate: float | None = None) -> Part | None:
    """Of labelled cases and draws of real corpora; None where they are too few.

    `base_rate` is the share that collapses, where it is known from elsewhere: of the cases themselves otherwise.
    """
    known = labelled(cases)
    collapsed = np.array([case.collapsed for case in known], bool)
    if min(collapsed.sum(), (~collapsed).sum()) < FEWEST:
        return None
    draft = _draft(cases, modality)
    names = [signature.signature_id for signature in draft.signatures]
    real = [case for case in cases if case.label == "real"]
    similar = left_out_similarities(cases, [*known, *real], modality, names)
    outcomes = [_outcome(known, similar[: len(known), place]) for place in range(len(names))]
    base = round(float(collapsed.mean()) if base_rate is None else base_rate, 4)
    kept = [place for place, name in enumerate(names) if _transfers(outcomes[place], float(collapsed.mean()), name)]
    directions = np.array([-1.0 if _is_benign(names[place]) else 1.0 for place in kept])
    outcome = np.append(collapsed, np.zeros(len(real), bool))
    found = fit(STEP * similar[:, kept] * directions, outcome, USUAL, _shares(known, real))
    log_odds = np.round(STEP * directions * found.weights, 3)
    signatures = [
        draft.signatures[place].model_copy(update={"outcome": outcomes[place], "log_odds": float(odds)})
        for place, odds in zip(kept, log_odds, strict=True)
        if odds
    ]
    # The fit weighs both classes alike, the base rate does not.
    intercept = round(found.intercept + logit(base), 3)
    return _with(draft, base, intercept, signatures)


def _shares(known: Sequence[Case], real: Sequence[Case]) -> Floats:
    """Collapsed cases count a half; of the other half labelled ones and draws of real corpora a half each.

    Those of the labelled ones count by case, as the base rate does, and corpora by corpus.
    """
    collapsed = np.array([case.collapsed for case in known], bool)
    others = 0.25 if real else 0.5
    labelled_shares = np.where(collapsed, 0.5 / collapsed.sum(), others / (~collapsed).sum())
    return np.concatenate([labelled_shares, 0.25 * regions.weights_of(real)])


def _transfers(outcome: Outcome, share: float, name: str) -> bool:
    """Whether enough of other sources lies inside, and more of it collapsed than elsewhere (of benign data: less)."""
    if outcome.cases < FEWEST_INSIDE or outcome.sources < regions.FEWEST_SOURCES:
        return False
    inside = outcome.collapsed / outcome.cases
    return inside < share if _is_benign(name) else inside > share


def _with(draft: Part, base: float, intercept: float, signatures: list[Signature]) -> Part:
    used = {extent.feature for signature in signatures for extent in signature.extents}
    scales = {name: scale for name, scale in draft.scales.items() if name in used}
    return draft.model_copy(
        update={"base_rate": base, "intercept": intercept, "signatures": signatures, "scales": scales}
    )


def left_out_similarities(
    cases: Sequence[Case], judged_cases: Sequence[Case], modality: str, names: Sequence[str]
) -> Floats:
    """(judged cases, names): to regions learnt without the case's source; 0 where there is none then.

    Of more sources than FOLDS some are left out together, and of real corpora.
    """
    result = np.zeros((len(judged_cases), len(names)))
    corpora = sorted({case.source for case in judged_cases if case.label == "real"})
    sources = sorted({case.source for case in judged_cases if case.label != "real"})
    folds = min(FOLDS, len(sources))
    for fold in range(folds):
        away = {*sources[fold::folds], *corpora[fold::folds]}
        part = _draft([case for case in cases if case.source not in away], modality)
        for place, case in enumerate(judged_cases):
            if case.source in away:
                result[place] = similarities(case, part, names)
    return result


def similarities(case: Case, part: Part, names: Sequence[str]) -> list[float]:
    """Each counted as far as its features were measured."""
    found = judged(case.fingerprint, part)
    return [found.similarities.get(name, 0.0) * found.coverage.get(name, 0.0) for name in names]


def _draft(cases: Sequence[Case], modality: str) -> Part:
    """The regions, not knowing yet what they are worth."""
    known = labelled(cases)
    real = [case for case in cases if case.is_real]
    scales = regions.scales(real, cases)
    found = _regions(known, real, scales, modality)
    collapsed = sum(case.collapsed for case in known)
    used = {extent.feature for region in found for extent in region.extents}
    return Part(
        cases=len(known),
        collapsed=collapsed,
        sources=sorted({case.source for case in known}),
        families=sorted({case.family for case in known if case.family}),
        base_rate=round(collapsed / len(known), 4),
        intercept=0.0,
        scales={name: scale for name, scale in scales.items() if name in used},
        signatures=[_unweighted(region) for region in found],
    )


def _regions(known: Sequence[Case], real: Sequence[Case], scales: Mapping[str, Scale], modality: str) -> list[Region]:
    found: list[Region] = []
    real_values = regions.values_of(real, scales)
    for kind in sorted({case.kind for case in known if case.collapsed}):
        own = [case for case in known if case.collapsed and case.kind == kind]
        families = sorted({case.family for case in own})
        for number, family in enumerate(families, 1):
            name = f"{modality}-{_slug(kind)}-{number:02}"
            region = regions.damaged(name, [case for case in own if case.family == family], real_values, scales)
            if region:
                found.append(region)
    harmless = [case for case in known if not case.collapsed]
    region = regions.benign(f"{modality}-{BENIGN}-01", harmless, scales, found)
    return [*found, region] if region else found


def _slug(kind: str) -> str:
    return kind.replace(" ", "-")


def _is_benign(name: str) -> bool:
    return f"-{BENIGN}-" in name


def _unweighted(region: Region) -> Signature:
    return Signature(
        signature_id=region.name,
        collapse_type=region.collapse_type,
        extents=region.extents,
        radius=region.radius,
        learnt_from=region.cases,
        outcome=_NOTHING,
        log_odds=0.0,
    )


def _outcome(cases: Sequence[Case], similar: Floats) -> Outcome:
    inside = [case for case, similarity in zip(cases, similar, strict=True) if similarity >= INSIDE]
    effects = [case.effect for case in inside if case.effect is not None]
    return Outcome(
        cases=len(inside),
        collapsed=sum(case.collapsed for case in inside),
        sources=len({case.source for case in inside}),
        families=sorted({case.family for case in inside if case.family}),
        median_effect=round(median(effects), 4) if effects else None,
    )

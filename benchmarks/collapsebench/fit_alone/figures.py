"""What a fit is worth: where a verdict can be firm, and the figures of docs/verdict.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import stats

from ..statistics import Rate
from .cases import Case
from .logistic import Floats, log_loss

LARGEST_SHARE_OF_CORPORA: Final = 0.01
"""Of draws of real corpora, above the probability from which a verdict is firm."""
SMALLEST_FIRM: Final = 0.8
MARGIN: Final = 0.25
"""Logits above the most suspicious dataset that is not collapsed: the next one may be a little more so."""


@dataclass(frozen=True)
class Scores:
    """Probabilities of the cases by fits that had not seen their source, their mechanism, or either; and of corpora."""

    source: Floats
    mechanism: Floats
    both: Floats
    corpora: Floats


@dataclass(frozen=True)
class Nested:
    """Of each case, by a choice of signatures, a fit and a bound that all had not seen its source (or mechanism)."""

    probability: Floats
    firm: npt.NDArray[np.bool_]


def firm_from(scores: Scores, collapsed: npt.NDArray[np.bool_]) -> float | None:
    """Above all cases that are not collapsed, however they were left out, and all but 1 % of real corpora.

    None where nothing that is collapsed lies above.
    """
    others = [probabilities[~collapsed] for probabilities in (scores.source, scores.mechanism, scores.both)]
    highest = max(
        SMALLEST_FIRM, float(np.max(others)), float(np.quantile(scores.corpora, 1 - LARGEST_SHARE_OF_CORPORA))
    )
    logit = math.log(highest / (1 - highest)) + MARGIN
    bound = math.ceil(1e4 / (1 + math.exp(-logit))) / 1e4
    return bound if (scores.both[collapsed] >= bound).any() else None


def table(scores: Scores, nested: Mapping[str, Nested], cases: Sequence[Case], bound: float | None) -> Iterator[str]:
    """Figures as a table, then firm verdicts by mechanism.

    The bound was set where no case above it is not collapsed: only the nested rows show false positives as
    they are to be expected.
    """
    collapsed = np.array([case.collapsed for case in cases])
    yield f"{collapsed.sum()} collapsed, {(~collapsed).sum()} not; firm from {bound}\n"
    yield "| left out | AUROC | log loss | false positives | firm on collapsed | inconclusive |"
    yield "|---|---|---|---|---|---|"
    everything = {"source": scores.source, "mechanism": scores.mechanism, "both": scores.both}
    rows = {name: Nested(probability, probability >= (bound or math.inf)) for name, probability in everything.items()}
    for name, row in (rows | dict(nested)).items():
        probability, firm = row.probability, row.firm
        wrong = Rate(int(firm[~collapsed].sum()), int((~collapsed).sum()))
        yield (
            f"| {name} | {_auroc(probability[collapsed], probability[~collapsed]):.3f} "
            f"| {log_loss(probability, collapsed):.3f} | {wrong.errors} of {wrong.count} (at most {wrong.upper:.1%}) "
            f"| {firm[collapsed].sum()} of {collapsed.sum()} ({firm[collapsed].mean():.0%}) | {(~firm).mean():.0%} |"
        )
    corpora = Rate(int((scores.corpora >= (bound or math.inf)).sum()), len(scores.corpora))
    yield f"| draws of real corpora | | | {corpora.errors} of {corpora.count} | | |\n"
    yield "| collapsed by | datasets | firm, source left out | firm, mechanism left out | firm, both left out |"
    yield "|---|---|---|---|---|"
    for mechanism in sorted({case.mechanism for case in cases if case.collapsed}):
        own = np.array([case.collapsed and case.mechanism == mechanism for case in cases])
        firm_counts = [str((p[own] >= (bound or math.inf)).sum()) for p in everything.values()]
        yield f"| {mechanism} | {own.sum()} | {' | '.join(firm_counts)} |"


def _auroc(above: Floats, below: Floats) -> float:
    return float(stats.mannwhitneyu(above, below).statistic) / (len(above) * len(below))

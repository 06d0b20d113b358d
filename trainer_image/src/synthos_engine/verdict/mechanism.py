"""How the candidate differs from the reference, told from three losses.

With losses in bits per byte: what a model of the reference pays for the candidate rather than for
real rows (`foreign`), and what a model of the candidate pays for candidate rows it has not seen
rather than what the reference's model pays for them (`own`). Narrowed data are easy for both;
duplicated data are easy only for their own model; noise and another domain are hard for the
reference's model and cannot be told apart by these numbers. Thresholds lie between the ranges
measured on four text sources (docs/verdict.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthos_api.results import Mechanism, ModelResult

from .effect import mean_excess

FOREIGN_BOUND = 0.10
"""Above it the candidate reads like another source to the reference's model (real draws: up to +6 %)."""

EASY_BOUND = -0.10
"""Below it held-out candidate rows are easier for the candidate's own model than real data ever are."""

NARROW_BOUND = -0.02
"""Below it the reference's model finds the candidate easier than real rows."""


@dataclass(frozen=True)
class LossPattern:
    foreign: float | None
    own: float | None

    @property
    def looks_foreign(self) -> bool:
        return self.foreign is not None and self.foreign > FOREIGN_BOUND


def loss_pattern(models: Sequence[ModelResult]) -> LossPattern:
    return LossPattern(
        foreign=mean_excess(models, "reference_on_candidate", "reference_on_real"),
        own=mean_excess(models, "candidate_on_candidate", "reference_on_candidate"),
    )


def mechanism_of(pattern: LossPattern) -> Mechanism:
    """The mechanism of data that have been found worse than real data."""
    if pattern.foreign is None or pattern.own is None:
        return "other"
    if pattern.looks_foreign:
        return "shift"
    if pattern.foreign < NARROW_BOUND:
        return "narrowed"
    if pattern.own < EASY_BOUND:
        return "duplicated"
    return "other"

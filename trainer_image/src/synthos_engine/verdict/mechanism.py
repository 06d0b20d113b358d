"""How the candidate differs from the reference: from three losses, repeated rows, and new words.

With losses in bits per byte: what a model of the reference pays for the candidate rather than for
real rows (`foreign`), and what a model of the candidate pays for candidate rows it has not seen
rather than what the reference's model pays for them (`own`). Narrowed data are easy for both; noise
and another domain are hard for the reference's model and cannot be told apart by these numbers, but
new words of another domain recur and those of noise do not (novelty.py). Thresholds lie between the
ranges measured on text sources (docs/verdict.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthos_api.results import Mechanism, ModelResult

from .effect import mean_excess
from .novelty import Novelty

FOREIGN_BOUND = 0.08
"""Above it the candidate reads like another source to the reference's model (real draws: up to +6 %)."""

EASY_BOUND = -0.10
"""Below it held-out candidate rows are easier for the candidate's own model than real data ever are."""

NARROW_BOUND = -0.02
"""Below it the reference's model finds the candidate easier than real rows."""

REPEATED_BOUND = 0.2
"""Above it so many more of the candidate's rows repeat earlier ones than of the reference's."""

REPEATED_THROUGHOUT = 0.99
"""Above it there are a hundred copies of each row: too little is left for a domain to excuse it."""

NOISE_EXPONENT, SHIFT_EXPONENT = 0.27, 0.57
"""Exponents of novelty: noise lies below the first, other domains above the second."""

STRANGE_BOUND = 0.02
"""Above it the candidate is at least no easier to the reference's model than real rows. A generator's
made-up words recur as well, but what it writes is easy."""

SHIFT_SURPLUS = 1.5
"""Times as many new words as between draws of the reference: enough to call a domain another one."""


@dataclass(frozen=True)
class LossPattern:
    """What is known of the candidate besides the effect; None where it was not measured."""

    foreign: float | None
    own: float | None
    repeated: float | None = None
    """Share of the dataset's rows that repeat another one beyond what the reference's do at equal numbers."""
    novelty: Novelty | None = None

    @property
    def looks_noisy(self) -> bool:
        """Hard to read for the reference's model because of new words that do not recur."""
        exponent = self.novelty.exponent if self.novelty is not None else None
        return self._reads_foreign and exponent is not None and exponent <= NOISE_EXPONENT

    @property
    def looks_foreign(self) -> bool:
        """Another domain, or possibly one: the effect then says nothing about collapse."""
        if self.repeated is not None and self.repeated > REPEATED_THROUGHOUT:
            return False
        return (self._reads_foreign and not self.looks_noisy) or self.words_recur

    @property
    def _reads_foreign(self) -> bool:
        return self.foreign is not None and self.foreign > FOREIGN_BOUND

    @property
    def words_recur(self) -> bool:
        """Many new words, and the same ones again and again: another domain."""
        exponent = self.novelty.exponent if self.novelty is not None else None
        if self.novelty is None or exponent is None or self.foreign is None:
            return False
        return self.foreign > STRANGE_BOUND and self.novelty.surplus > SHIFT_SURPLUS and exponent >= SHIFT_EXPONENT


def loss_pattern(
    models: Sequence[ModelResult], repeated: float | None = None, novelty: Novelty | None = None
) -> LossPattern:
    return LossPattern(
        foreign=mean_excess(models, "reference_on_candidate", "reference_on_real"),
        own=mean_excess(models, "candidate_on_candidate", "reference_on_candidate"),
        repeated=repeated,
        novelty=novelty,
    )


def mechanism_of(pattern: LossPattern) -> Mechanism:
    """The mechanism of data that have been found worse than real data."""
    if pattern.looks_foreign:
        return "shift"
    if pattern.looks_noisy:
        return "noisy"
    if pattern.repeated is not None and pattern.repeated > REPEATED_BOUND:
        return "duplicated"
    if pattern.foreign is None or pattern.own is None:
        return "other"
    if pattern.foreign < NARROW_BOUND or pattern.own < EASY_BOUND:
        return "narrowed"
    return "other"

"""How the candidate differs from the reference: from three losses, repeated rows, and new words.

With losses in bits per byte: what a model of the reference pays for the candidate rather than for
real rows (`foreign`), and what a model of the candidate pays for candidate rows it has not seen
rather than what the reference's model pays for them (`own`). Narrowed data are easy for both; noise
and another domain are hard for the reference's model and cannot be told apart by these numbers, but
new words of another domain recur and those of noise do not (novelty.py), and rows of another domain lie near
to each other (cells/cohesion.py). Thresholds lie between the ranges measured on development sources
(docs/verdict.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synthos_api.results import Mechanism, ModelResult

from .effect import FirstRung, mean_excess
from .novelty import NewValues, Novelty

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

RECURRENCE_BOUND, RECURRENCE_BOUND_OF_NEW_WORDS = 0.07, 0.15
"""Recurrence of novelty from which on it is another domain's: without and with a surplus of new words.
Development texts: scrambled and misspelt ones up to 0.02, made-up words of hot samplers (temperature 1.2, surplus
1.3 to 1.8) 0.05 to 0.12; other sections of a source (surplus about 1) 0.08 to 0.22, other sources 0.18 to 0.8."""

NEW_WORDS_SURPLUS = 1.2
"""Times as many new words as between draws of the reference: more than draws differ by."""

STRANGE_BOUND = 0.02
"""Above it the candidate is at least no easier to the reference's model than real rows. A generator's
made-up words recur as well, but what it writes is easy."""

STRUCTURE_EXPONENT = 0.37
"""Of tables: lost structure over foreignness. Noise and broken relations lie above (0.42 to 1.4 on development
tables), rows of another population below (-0.2 to 0.33)."""

COHESION_BOUND = 0.15
"""Of cells: from it on what reads foreign has something in common that the reference lacks: another population's rows
(0.26 to 1.2 on development tables), windows of another series (0.15 to 1.3 of 60, forty of them moved to the
reference's levels). Noise and broken relations lie below (-0.05 to 0.15 in tables), and two thirds of what models wrote
of series and reads foreign; the other third, what hangs and strong noise where steps are small do not."""

FAR_COHESION_BOUND = 0.5
"""Of series: from it on they may be another domain however easy they read, as calm ones of another place do (39 of 60
pairs of development sources lie above). Of 140 series that models wrote one lies above, and so does what hangs (0.45 to
1.2)."""

HANGING_BOUND = 0.5
"""More of a series' windows than of the reference's hang: a fault, whatever they have in common (0.6 to 0.95 where all
windows hang from a random step on, at most 0.28 in all other development series)."""

NEW_VALUES_SHARE = 0.25
"""Of a column's values that the reference does not know: another domain (1.0 in the development tables' other
populations, at most 0.005 in generated ones)."""

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
    structure: float | None = None
    """Of tables: what a dataset's cells tell less of each other than the reference's (effect.FirstRung)."""
    cohesion: float | None = None
    """Of cells: how much nearer its rows are to each other than to the reference's (effect.FirstRung)."""
    new_values: NewValues | None = None
    hanging: float | None = None
    """Share of the dataset's windows that hang, beyond the reference's (cells/stillness.py); None unless series."""

    @property
    def looks_noisy(self) -> bool:
        """Hard to read for the reference's model, because of new words that do not recur, cells without relation, or
        rows that have nothing in common."""
        if not self._reads_foreign:
            return False
        if self.structure is not None or self.cohesion is not None:
            return self._lost_structure or (self.cohesion is not None and self.cohesion < COHESION_BOUND)
        return self.novelty is not None and not self._recurs

    @property
    def looks_foreign(self) -> bool:
        """Another domain, or possibly one: the effect then says nothing about collapse."""
        if self.repeated is not None and self.repeated > REPEATED_THROUGHOUT:
            return False
        if self.words_recur or self.has_new_values:
            return True
        if self.hanging is not None and self.hanging > HANGING_BOUND:
            return False
        return (self._reads_foreign and not self.looks_noisy) or self.is_far

    @property
    def is_far(self) -> bool:
        """Windows of a series that lie apart from the reference's, all together."""
        return self.hanging is not None and self.cohesion is not None and self.cohesion > FAR_COHESION_BOUND

    @property
    def _lost_structure(self) -> bool:
        if self.structure is None or self.foreign is None:
            return False
        return self.structure > STRUCTURE_EXPONENT * self.foreign

    @property
    def _reads_foreign(self) -> bool:
        return self.foreign is not None and self.foreign > FOREIGN_BOUND

    @property
    def has_new_values(self) -> bool:
        return self.new_values is not None and self.new_values.share > NEW_VALUES_SHARE

    @property
    def words_recur(self) -> bool:
        """Many new words, and the same ones again and again: another domain."""
        if self.novelty is None or self.foreign is None:
            return False
        return self.foreign > STRANGE_BOUND and self.novelty.surplus > SHIFT_SURPLUS and self._recurs

    @property
    def _recurs(self) -> bool:
        if self.novelty is None:
            return False
        new = self.novelty.surplus > NEW_WORDS_SURPLUS
        return self.novelty.recurrence >= (RECURRENCE_BOUND_OF_NEW_WORDS if new else RECURRENCE_BOUND)


def loss_pattern(
    models: Sequence[ModelResult],
    first_rung: FirstRung | None = None,
    repeated: float | None = None,
    novelty: Novelty | None = None,
    new_values: NewValues | None = None,
    hanging: float | None = None,
) -> LossPattern:
    """From the first rung, whose many draws make it steadier; without one, from the pairs of models."""
    if first_rung is not None:
        known = LossPattern(
            first_rung.foreign, first_rung.own, structure=first_rung.structure, cohesion=first_rung.cohesion
        )
    else:
        foreign = mean_excess(models, "reference_on_candidate", "reference_on_real")
        known = LossPattern(foreign, mean_excess(models, "candidate_on_candidate", "reference_on_candidate"))
    return replace(known, repeated=repeated, novelty=novelty, new_values=new_values, hanging=hanging)


def mechanism_of(pattern: LossPattern) -> Mechanism:
    """The mechanism of data that have been found worse than real data."""
    if pattern.looks_foreign:
        return "shift"
    if pattern.looks_noisy:
        return "noisy"
    if pattern.repeated is not None and pattern.repeated > REPEATED_BOUND:
        return "duplicated"
    easy = pattern.foreign is not None and pattern.foreign < NARROW_BOUND
    easy |= pattern.own is not None and pattern.own < EASY_BOUND
    return "narrowed" if easy else "other"

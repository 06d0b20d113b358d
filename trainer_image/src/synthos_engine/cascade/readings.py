"""What the models of the first rung pay for held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """Costs of held-out real rows, each different row once, by one score; its unit cancels in the effects."""

    candidate: Floats
    """(rows,), of models of the candidate."""
    draws: Floats
    """(models, rows), of a model of each draw of the reference, as large as the candidate's."""

    def with_more(self, more: Scored) -> Scored:
        """By the models of both, all of equal size."""
        return Scored((self.candidate + more.candidate) / 2, np.concatenate([self.draws, more.draws]))


@dataclass(frozen=True)
class Readings:
    """Of models on the same held-out rows. Means over parts are of the log loss, in one unit."""

    scores: Mapping[str, Scored]
    """By the models and the score they were measured with; the first is told."""
    present: Floats
    """(rows,), by the first score, of a model of all of the reference."""
    both: Floats
    """(rows,), by the first score, of a model of the reference and the candidate."""
    share: float
    """Of the reference, that a draw takes."""
    draws_on_real: float
    draws_on_candidate: float
    candidate_on_candidate: float | None
    """None where the candidate's models have seen all of its rows."""
    candidate_by_itself: float | None = None
    """Of a table's cells: as `candidate_on_candidate`, in multiples of the candidate's own best constant."""
    cohesion: float | None = None
    """Of cells (synthos_engine.cells.cohesion); None where they are too few."""

    def with_more(self, more: Self) -> Readings:
        """By the models of both looks, with as many of each in both."""

        def mean(a: float | None, b: float | None) -> float | None:
            return None if a is None or b is None else (a + b) / 2

        return Readings(
            scores={name: scored.with_more(more.scores[name]) for name, scored in self.scores.items()},
            present=(self.present + more.present) / 2,
            both=(self.both + more.both) / 2,
            share=self.share,
            draws_on_real=(self.draws_on_real + more.draws_on_real) / 2,
            draws_on_candidate=(self.draws_on_candidate + more.draws_on_candidate) / 2,
            candidate_on_candidate=mean(self.candidate_on_candidate, more.candidate_on_candidate),
            candidate_by_itself=mean(self.candidate_by_itself, more.candidate_by_itself),
            cohesion=mean(self.cohesion, more.cohesion),
        )

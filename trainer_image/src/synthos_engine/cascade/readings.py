"""What the models of the first rung pay for held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    present: Floats
    """(rows,), of a model of all of the reference."""
    both: Floats
    """(rows,), of a model of the reference and the candidate."""


@dataclass(frozen=True)
class Readings:
    """Of models of one kind. Means over parts are of the log loss, in one unit."""

    model: str
    scores: Mapping[str, Scored]
    share: float
    """Of the reference, that a draw takes."""
    draws_on_real: float
    draws_on_candidate: float
    candidate_on_candidate: float | None
    """None where the candidate's models have seen all of its rows."""
    candidate_by_itself: float | None = None
    """Of cells: as `candidate_on_candidate`, in multiples of the candidate's own best constant."""

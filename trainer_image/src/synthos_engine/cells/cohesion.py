"""Do a dataset's rows lie among the reference's, or with each other somewhere else?

Another population, another place, another machine: rows that the reference lacks, but near to each other, since
they have a cause in common. Noise and what models make up scatter: such rows are as far from each other as from the
reference.
(The distances of coverage and density: Naeem et al. 2020, ICML; here between equal numbers, so that size cancels.)
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from scipy.spatial.distance import cdist

from .binning import Floats, Ints
from .features import features
from .problem import Problem

NEIGHBOURS: Final = 3
MOST: Final = 3000
"""Rows of each side."""
FEWEST: Final = 40
"""Different moments of each side."""
_MOST_COMPARED: Final = 4 * MOST
_AT_ONCE: Final = 500
_CLOSEST: Final = 1e-3
"""Distances below are all the same: it is much less than a bin."""


def cohesion(
    candidate: tuple[Ints, Ints], known: tuple[Ints, Ints], others: tuple[Ints, Ints], problem: Problem, seed: int
) -> float | None:
    """How many times (ln) nearer the candidate's cells are to each other than to known ones, than others' are; 0: no
    more.

    Args:
        candidate, known, others: cells of shape (moments, columns) and the row that each moment is of; known and others
            are of the reference, without a row in common. Equal moments count once; moments of one row are not each
            other's neighbours.

    None where there are too few to tell, or where most different moments are of one row.
    """
    rng = np.random.default_rng(seed)
    parts = [_different(*one, rng) for one in (candidate, known, others)]
    size = min(MOST, *(len(rows) for _, rows in parts))
    if size < FEWEST or min(len(np.unique(rows)) for _, rows in parts) <= NEIGHBOURS:
        return None
    chosen = [rng.permutation(len(rows))[:size] for _, rows in parts]
    (ours, our_rows), (known_, _), (theirs, their_rows) = [
        (features(cells[place], problem), rows[place]) for (cells, rows), place in zip(parts, chosen, strict=True)
    ]
    found = np.log(_distances(ours, known_) / _distances(ours, ours, our_rows)).mean()
    null = np.log(_distances(theirs, known_) / _distances(theirs, theirs, their_rows)).mean()
    return float(found - null) if math.isfinite(found - null) else None


def _different(cells: Ints, rows: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    chosen = rng.permutation(len(cells))[:_MOST_COMPARED]
    _, first = np.unique(cells[chosen], axis=0, return_index=True)
    return cells[chosen][first], rows[chosen][first]


def _distances(points: Floats, others: Floats, rows: Ints | None = None) -> Floats:
    """(points,), Euclidean, mean of the nearest; with `rows`, of both, none of the same row."""
    found = []
    for start in range(0, len(points), _AT_ONCE):
        distances = cdist(points[start : start + _AT_ONCE], others)
        if rows is not None:
            distances[rows[start : start + _AT_ONCE, None] == rows] = np.inf
        found.append(np.partition(distances, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS].mean(1))
    enough: Floats = np.maximum(np.concatenate(found), _CLOSEST)
    return enough

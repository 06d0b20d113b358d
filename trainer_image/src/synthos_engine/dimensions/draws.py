"""Candidate and reference at equal size, and the null: reference rows in the candidate's place.

A statistic of two sets of rows depends on how many they are and on the source. So it is measured on
splits of the reference: a split has a known part and a draw disjoint from it; the candidate's rows,
of the same weight, are compared with the known part, and so is the draw. What the draws give is what
real data of that source and size give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SPLITS: Final = 16
"""Enough for a standard deviation to within a fifth of itself."""
LARGEST_SHARE: Final = 0.4
"""Of the reference, in a part: two halves would be each other's complement, and so more alike than two draws are."""
FEWEST_ROWS: Final = 20
"""Of a part; with fewer no statistic means anything."""
_SPLITS, _ROWS = 8, 9
"""Tell these uses of the run's seed from others."""


@dataclass(frozen=True)
class Split:
    """Row numbers; `known` and `null` share no row."""

    known: Ints
    null: Ints
    candidate: Ints


def splits(candidate: Floats, reference: Floats, most: float, seed: int) -> Iterator[Split]:
    """SPLITS of them, from the rows' weights; a part weighs `most` at most.

    None at all where a part would have fewer than FEWEST_ROWS rows.
    """
    size = min(most, float(candidate.sum()), LARGEST_SHARE * float(reference.sum()))
    rng = np.random.default_rng((seed, _SPLITS))
    for _ in range(SPLITS):
        order = rng.permutation(len(reference))
        known = _first(order, reference, size)
        null = _first(order[len(known) :], reference, size)
        drawn = _first(rng.permutation(len(candidate)), candidate, size)
        if min(map(len, (known, null, drawn))) < FEWEST_ROWS:
            return
        yield Split(known, null, drawn)


def some_rows(weights: Floats, most: float, seed: int) -> Ints:
    """Random rows that weigh `most` at most, or all of them."""
    return _first(np.random.default_rng((seed, _ROWS)).permutation(len(weights)), weights, most)


def _first(order: Ints, weights: Floats, size: float) -> Ints:
    """The first rows in this order that together weigh `size` at most."""
    return order[: int(np.searchsorted(np.cumsum(weights[order]), size, side="right"))]

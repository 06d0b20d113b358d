"""What a row of a sample stands for, and a sample in the dataset's own proportions."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .divisor import Floats, Ints
from .priority import row_priorities

_SALT: Final = 0x7A1D_39C5
"""Rows were taken by priorities of other seeds; what is kept must not depend on those."""


def weights_of(sizes: Ints, taken: Ints) -> Floats:
    """Rows of the dataset that a row of each stratum stands for: N_s / n_s; 0 for a stratum without a row.

    Where there are such, the others' weights are larger by one factor, so that the sample still stands
    for all rows.
    """
    there = taken > 0
    weights = np.divide(sizes, taken, out=np.zeros(len(sizes)), where=there)
    covered = sizes[there].sum()
    return weights * (sizes.sum() / covered) if covered and not there.all() else weights


def in_own_proportions(weights: Floats, rows: Ints, seed: int = 0) -> NDArray[np.bool_]:
    """Which rows to keep so that over-represented strata have their own share again; all where weights are equal.

    A row is kept with probability w / w₀, at most 1, by a pseudo-random number of its own; w₀ is the
    weight that half of the dataset's rows do not exceed, that of ordinary strata. Heavier rows are of
    small strata whose row number was rounded down: the largest weight as w₀ would give up rows for that.
    """
    if not len(weights) or weights.min() == weights.max():
        return np.ones(len(weights), np.bool_)
    order = np.argsort(weights, kind="stable")
    reached = np.cumsum(weights[order])
    usual = weights[order[np.searchsorted(reached, reached[-1] / 2)]]
    kept: NDArray[np.bool_] = row_priorities(rows, seed ^ _SALT) / 2.0**64 < weights / usual
    return kept

"""Pseudo-random priorities of rows: a function of seed and row number, not of the order of work.

Keeping the rows with the smallest priorities is a simple random sample without replacement, and
bottom-k samples of parts of a dataset merge into that of the whole (Cohen and Kaplan 2007,
"Summarizing data using bottom-k sketches").
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Priorities = NDArray[np.uint64]
Rows = NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection whose output looks random."""
    with np.errstate(over="ignore"):
        z = values + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed_values: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return mixed_values


def row_priorities(rows: Rows, seed: int) -> Priorities:
    """Priority of each row, uniform over 64 bits; rows have different priorities."""
    salt = mixed(np.asarray([seed & 0xFFFFFFFFFFFFFFFF], np.uint64))
    return mixed(rows.astype(np.uint64) ^ salt)

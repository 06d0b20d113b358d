"""How many rows each stratum gives, and in which order rows are taken: Webster's divisor method.

Stratum s of N_s rows and rate r_s attracts with a_s = N_s · r_s. Its j-th row has the key
(j - 1/2) / a_s, but first come the first rows of all strata, the most attractive first. A sample of n
rows are the n smallest keys, equal ones by the stratum's number. The order does not depend on n, so
the sample of fewer rows is part of that of more (the method is house monotone: Balinski and Young,
Fair Representation, 1982), and there is one λ with n_s = λ · a_s ± 1/2, at least 1 and at most N_s.
"""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_HALVINGS: Final = 100
_BELOW: Final = 1 - 1e-9
"""Far more than rounding moves a key: what is left to take is settled key by key."""


def order_keys(within: Ints, attraction: Floats | np.float64) -> Floats:
    """Key of the row that is the `within`-th (from 1) of a stratum of that attraction; negative for first rows."""
    return np.where(within == 1, -attraction, (within - 0.5) / attraction)


def allocate(sizes: Ints, rates: Floats, rows: int) -> Ints:
    """Rows that each stratum gives, in all min(rows, sum of sizes). Sizes and rates are positive.

    Every stratum gives at least one as soon as `rows` is their number; below that the most attractive do.
    """
    attraction = sizes * rates
    if rows >= sizes.sum():
        return sizes.copy()
    if rows < len(sizes):
        first = np.argsort(-attraction, kind="stable")[: max(0, rows)]
        taken = np.zeros(len(sizes), np.int64)
        taken[first] = 1
        return taken
    low, high = 0.0, float((sizes / attraction).max())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _at(middle, sizes, attraction).sum() <= rows else (low, middle)
    taken = _at(low * _BELOW, sizes, attraction)
    _take_next(taken, rows - int(taken.sum()), sizes, attraction)
    return taken


def _at(multiplier: float, sizes: Ints, attraction: Floats) -> Ints:
    return np.clip(np.floor(multiplier * attraction + 0.5).astype(np.int64), 1, sizes)


def _take_next(taken: Ints, rows: int, sizes: Ints, attraction: Floats) -> None:
    """Take the next rows in the order of their keys."""
    keys = (taken + 0.5) / attraction
    waiting = [(float(keys[s]), int(s)) for s in np.flatnonzero(taken < sizes)]
    heapq.heapify(waiting)
    for _ in range(rows):
        _, s = heapq.heappop(waiting)
        taken[s] += 1
        if taken[s] < sizes[s]:
            heapq.heappush(waiting, (float((taken[s] + 0.5) / attraction[s]), s))

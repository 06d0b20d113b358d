"""The rows of a stratified sample, from the strata of all rows in their order, in bounded memory.

How many rows a stratum gives is known before (divisor.py), and it gives those of smallest
pseudo-random priority: a simple random sample without replacement. Priorities are uniform, so the
k-th smallest of N lies near k / N; only rows below a little more than that are held, about n + 6·sqrt(n)
for each stratum. Should a stratum come out short all the same (below 1e-8), the strata are read again
with wider bounds: the result is always exact. Memory: 10 bytes for each row held, and 40 more for
each row taken while they are put in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .divisor import Floats, Ints, allocate, order_keys
from .priority import Priorities, row_priorities

Strata = NDArray[np.int16]

_DEVIATIONS: Final = 6.0
_MORE: Final = 32
_LARGEST: Final = 2**64 - 1


@dataclass(frozen=True)
class Chosen:
    """Row numbers, ascending, with each row's stratum and rank; `taken`: rows of each stratum.

    The rows of rank below m are the sample of m rows.
    """

    rows: Ints
    strata: Strata
    ranks: Ints
    taken: Ints


def select(passes: Callable[[], Iterable[Strata]], sizes: Ints, rates: Floats, rows: int, seed: int) -> Chosen:
    """The sample of `rows` rows.

    Args:
        passes: begins a pass over the stratum numbers of all rows, in their order, in parts of any size.
        sizes: rows of each stratum; `rates`: how strongly it is over-represented.
    """
    taken = allocate(sizes, rates, rows)
    wider = 1.0
    while True:
        held, strata = _below(passes(), _bounds(sizes, taken, wider), taken, seed)
        if (np.bincount(strata, minlength=len(sizes)) >= taken).all():
            return _lowest(held, strata, taken, sizes * rates, seed)
        wider *= 4


def all_rows(rows: int, seed: int) -> Chosen:
    """Every row, as one stratum; ranked by priority, so that the first m are a simple random sample."""
    numbers = np.arange(rows, dtype=np.int64)
    ranks = np.empty(rows, np.int64)
    ranks[np.argsort(row_priorities(numbers, seed))] = numbers
    return Chosen(numbers, np.zeros(rows, np.int16), ranks, np.array([rows], np.int64))


def _bounds(sizes: Ints, taken: Ints, wider: float) -> Priorities:
    """Priorities that surely hold the lowest `taken` of each stratum."""
    shares = (taken + wider * (_DEVIATIONS * np.sqrt(taken) + _MORE)) / sizes
    return np.array([min(_LARGEST, int(min(1.0, share) * 2**64)) for share in shares], np.uint64)


def _below(strata: Iterable[Strata], bounds: Priorities, taken: Ints, seed: int) -> tuple[Ints, Strata]:
    first, rows, kept = 0, [np.empty(0, np.int64)], [np.empty(0, np.int16)]
    wanted = taken > 0
    for part in strata:
        numbers = np.arange(first, first + len(part), dtype=np.int64)
        first += len(part)
        here = (row_priorities(numbers, seed) <= bounds[part]) & wanted[part]
        rows.append(numbers[here])
        kept.append(part[here])
    return np.concatenate(rows), np.concatenate(kept)


def _lowest(rows: Ints, strata: Strata, taken: Ints, attraction: Floats, seed: int) -> Chosen:
    order = np.argsort(strata, kind="stable")
    ends = np.cumsum(np.bincount(strata, minlength=len(taken)))
    within = np.zeros(len(rows), np.int64)
    for stratum in np.flatnonzero(taken):
        places = order[ends[stratum - 1] if stratum else 0 : ends[stratum]]
        lowest = np.argsort(row_priorities(rows[places], seed))[: taken[stratum]]
        within[places[lowest]] = np.arange(1, taken[stratum] + 1)
    del order
    chosen = within > 0
    rows, strata, within = rows[chosen], strata[chosen], within[chosen]
    keys = order_keys(within, attraction[strata])
    del within
    ranks = np.empty(len(rows), np.int64)
    ranks[np.lexsort((strata, keys))] = np.arange(len(rows))
    return Chosen(rows, strata, ranks, taken)

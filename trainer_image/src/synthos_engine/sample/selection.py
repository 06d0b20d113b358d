"""The rows of a stratified sample, from the strata of all rows in their order, in bounded memory.

How many rows a stratum gives is known before (divisor.py), and it gives those of smallest
pseudo-random priority: a simple random sample without replacement. Priorities are uniform, so the
k-th smallest of N lies near k / N; only rows below a little more than that are held, about n + 6·sqrt(n)
for each stratum. Should a stratum come out short all the same (below 1e-8), the strata are read again
with wider bounds: the result is always exact. Memory: about 45 bytes for each row taken, at most, while
rows are put in order (measured: docs/sampling.md), then 18.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

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
        held, strata = _below(passes(), _bounds(sizes, taken, wider), taken, sizes, seed)
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


def _below(strata: Iterable[Strata], bounds: Priorities, taken: Ints, sizes: Ints, seed: int) -> tuple[Ints, Strata]:
    """Rows of priorities up to their stratum's bound, ascending, and their strata."""
    wanted = taken > 0
    # What is expected, and five hundredths more: arrays that are joined at the end would be held twice.
    room = int(1.05 * float((sizes * (bounds / 2.0**64))[wanted].sum())) + 1024
    rows, kept = np.empty(room, np.int64), np.empty(room, np.int16)
    first = count = 0
    for part in strata:
        numbers = np.arange(first, first + len(part), dtype=np.int64)
        first += len(part)
        here = np.flatnonzero((row_priorities(numbers, seed) <= bounds[part]) & wanted[part])
        end = count + len(here)
        if end > len(rows):
            more = max(len(rows), end)
            rows = np.concatenate([rows, np.empty(more, np.int64)])
            kept = np.concatenate([kept, np.empty(more, np.int16)])
        rows[count:end], kept[count:end] = numbers[here], part[here]
        count = end
    return rows[:count], kept[:count]


def _lowest(rows: Ints, strata: Strata, taken: Ints, attraction: Floats, seed: int) -> Chosen:
    places, keys = _ordered(rows, strata, taken, attraction, seed)
    # Strata lie one behind another here, so equal keys stay in the order of their strata.
    order = np.argsort(keys, kind="stable")
    del keys
    ranks = np.full(len(rows), -1, np.int64)
    ranks[places[order]] = np.arange(len(order))
    del order, places
    chosen = ranks >= 0
    return Chosen(rows[chosen], strata[chosen], ranks[chosen], taken)


def _ordered(rows: Ints, strata: Strata, taken: Ints, attraction: Floats, seed: int) -> tuple[NDArray[Any], Floats]:
    """Places of the rows taken, stratum by stratum in the order of their priorities, and their keys."""
    by_stratum = np.argsort(strata, kind="stable")
    ends = np.cumsum(np.bincount(strata, minlength=len(taken)))
    places: NDArray[Any] = np.empty(int(taken.sum()), np.int32 if len(rows) < 2**31 else np.int64)
    keys = np.empty(len(places))
    first = 0
    for stratum in np.flatnonzero(taken):
        here = by_stratum[ends[stratum - 1] if stratum else 0 : ends[stratum]]
        last = first + int(taken[stratum])
        places[first:last] = here[np.argsort(row_priorities(rows[here], seed))[: taken[stratum]]]
        keys[first:last] = order_keys(np.arange(1, taken[stratum] + 1), attraction[stratum])
        first = last
    return places, keys

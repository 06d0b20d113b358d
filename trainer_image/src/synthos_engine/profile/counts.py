"""How often values occur: exact while there are few different ones, then HyperLogLog and Count-Min.

What is held depends on the values alone, not on how they were split over sketches or in which order
those were merged: a set that has grown too large is poured into the other two, which are a maximum
and a sum.
"""

from __future__ import annotations

import math
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .values import Hashes

Counts = NDArray[np.int64]

EXACT: Final = 16_384
"""Different values up to which all is exact."""
PRECISION: Final = 14
"""Of HyperLogLog: 2¹⁴ registers, relative standard error 1.04 / 2⁷ = 0.8 %."""
WIDTH: Final = 4096
DEPTH: Final = 4
"""Of Count-Min: counts are at most e / 4096 = 0.07 % of all values too high, but for e⁻⁴ = 1.8 % of them."""
_REST: Final = 64 - PRECISION


class HyperLogLog:
    """Number of different hashes (Flajolet et al. 2007), by the estimator of Ertl 2017 (arXiv:1702.01284, alg. 6)."""

    def __init__(self) -> None:
        self._registers = np.zeros(1 << PRECISION, np.uint8)

    def add(self, hashes: Hashes) -> None:
        rest = hashes & np.uint64((1 << _REST) - 1)
        # The bits are fewer than 53, so the exponent is exactly their number.
        bits = np.frexp(rest.astype(np.float64))[1]
        ranks = (_REST + 1 - bits).astype(np.uint8)
        np.maximum.at(self._registers, (hashes >> np.uint64(_REST)).astype(np.int64), ranks)

    def merge(self, other: Self) -> None:
        self._registers = np.maximum(self._registers, other._registers)

    @property
    def distinct(self) -> int:
        m = 1 << PRECISION
        histogram = np.bincount(self._registers, minlength=_REST + 2)
        z = m * _tau(1 - histogram[_REST + 1] / m)
        for k in range(_REST, 0, -1):
            z = 0.5 * (z + histogram[k])
        z += m * _sigma(histogram[0] / m)
        estimate: float = m * m / (2 * math.log(2) * z)
        return round(estimate)


def _sigma(x: float) -> float:
    if x == 1.0:
        return np.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = np.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3


class CountMin:
    """Occurrences of each hash, never too few (Cormode and Muthukrishnan 2005); a sum, so that parts add up."""

    def __init__(self) -> None:
        self._table = np.zeros((DEPTH, WIDTH), np.int64)

    def add(self, hashes: Hashes, counts: Counts | None = None) -> None:
        for row, places in zip(self._table, _places(hashes), strict=True):
            if counts is None:
                row += np.bincount(places, minlength=WIDTH)
            else:
                np.add.at(row, places, counts)

    def merge(self, other: Self) -> None:
        self._table = self._table + other._table

    def of(self, hashes: Hashes) -> Counts:
        rows = [row[places] for row, places in zip(self._table, _places(hashes), strict=True)]
        least: Counts = np.minimum.reduce(rows)
        return least


def _places(hashes: Hashes) -> list[Counts]:
    """Disjoint bits of the hash stand for independent hash functions."""
    mask, step = np.uint64(WIDTH - 1), WIDTH.bit_length() - 1
    return [((hashes >> np.uint64(step * i)) & mask).astype(np.int64) for i in range(DEPTH)]


class ValueCounts:
    """The different values of a column, as hashes, and how often each occurs."""

    def __init__(self, most_exact: int = EXACT) -> None:
        self._most = most_exact
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._counts: Counts = np.empty(0, np.int64)
        self._pending: list[tuple[Hashes, Counts]] = []
        self._waiting = 0
        self._many: tuple[HyperLogLog, CountMin] | None = None

    def add(self, hashes: Hashes, counts: Counts | None = None) -> None:
        """Take in values; with `counts`, each so many times."""
        if not len(hashes):
            return
        if self._many is not None:
            self._many[0].add(hashes)
            self._many[1].add(hashes, counts)
            return
        if counts is None:
            hashes, counts = counted(hashes, None)
        self._pending.append((hashes, counts))
        self._waiting += len(hashes)
        if self._waiting > self._most:
            self._settle()

    def merge(self, other: Self) -> None:
        self._settle()
        other._settle()
        if other._many is None:
            self.add(other._hashes, other._counts)
            self._settle()
            return
        distinct, counts = self._many or self._pour()
        distinct.merge(other._many[0])
        counts.merge(other._many[1])

    @property
    def exact(self) -> bool:
        self._settle()
        return self._many is None

    @property
    def distinct(self) -> int:
        self._settle()
        return len(self._hashes) if self._many is None else self._many[0].distinct

    def of(self, hashes: Hashes) -> Counts:
        """Occurrences of these values."""
        self._settle()
        if self._many is not None:
            return self._many[1].of(hashes)
        place = np.minimum(np.searchsorted(self._hashes, hashes), max(0, len(self._hashes) - 1))
        if not len(self._hashes):
            return np.zeros(len(hashes), np.int64)
        return np.where(self._hashes[place] == hashes, self._counts[place], 0)

    def _settle(self) -> None:
        if not self._pending:
            return
        hashes = np.concatenate([self._hashes, *(h for h, _ in self._pending)])
        counts = np.concatenate([self._counts, *(c for _, c in self._pending)])
        self._pending, self._waiting = [], 0
        self._hashes, self._counts = counted(hashes, counts)
        if len(self._hashes) > self._most:
            self._pour()

    def _pour(self) -> tuple[HyperLogLog, CountMin]:
        many = self._many = HyperLogLog(), CountMin()
        many[0].add(self._hashes)
        many[1].add(self._hashes, self._counts)
        self._hashes, self._counts = np.empty(0, np.uint64), np.empty(0, np.int64)
        return many


def counted(hashes: Hashes, counts: Counts | None) -> tuple[Hashes, Counts]:
    """Each hash once, ascending, with the sum of its counts."""
    if counts is None:
        different, found = np.unique(hashes, return_counts=True)
        return different, found.astype(np.int64)
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else order
    return ordered[first], np.add.reduceat(counts[order], first) if len(first) else counts

"""Quantiles from counts in buckets of fixed bounds, so that parts merge by addition.

A DDSketch (Masson, Rim and Lee 2019, VLDB 12) whose logarithm is interpolated linearly between powers
of two: the bucket is the double's own exponent and its leading bits of mantissa. No bucket is wider
than 1 / BUCKETS of its values. Where a value lies is exact, on every machine.
"""

from __future__ import annotations

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .values import Floats

Ints = NDArray[np.int64]

BUCKETS: Final = 64
"""Buckets between a power of two and the next; the middle of one is at most 1/128 = 0.8 % off."""
_SHIFT: Final = 52 - (BUCKETS.bit_length() - 1)


class QuantileSketch:
    def __init__(self) -> None:
        # Apart, or the empty buckets between −1 and 1 would be most of what is held.
        self._negative, self._positive = _Buckets(), _Buckets()
        self._zeros = 0

    def add(self, values: Floats) -> None:
        """Take in finite values."""
        if not len(values):
            return
        keys = _keys(values)
        zeros = int((keys == 0).sum())
        self._zeros += zeros
        if keys.min() < 0:
            self._negative.add(-keys[keys < 0])
        self._positive.add(keys[keys > 0] if zeros or keys.min() < 0 else keys)

    def merge(self, other: Self) -> None:
        self._zeros += other._zeros
        self._negative.merge(other._negative)
        self._positive.merge(other._positive)

    @property
    def count(self) -> int:
        return int(self._negative.counts.sum()) + self._zeros + int(self._positive.counts.sum())

    def bounds(self, q: float) -> tuple[float, float]:
        """Between these lies the quantile, interpolated between ranks as by numpy's default; not for no values."""
        rank = q * (self.count - 1)
        counts = np.concatenate([self._negative.counts[::-1], [self._zeros], self._positive.counts])
        below = np.cumsum(counts)
        low, high = np.searchsorted(below, [np.floor(rank), np.ceil(rank)], side="right")
        return _edges(self._key(int(low)))[0], _edges(self._key(int(high)))[1]

    def _key(self, place: int) -> int:
        """Of the bucket at that place, in the order of values."""
        zero = len(self._negative.counts)
        if place < zero:
            return -(self._negative.first + zero - 1 - place)
        return 0 if place == zero else self._positive.first + place - zero - 1


class _Buckets:
    """Counts of consecutive keys from `first` on."""

    def __init__(self) -> None:
        self.first = 0
        self.counts: Ints = np.empty(0, np.int64)

    def add(self, keys: Ints) -> None:
        if len(keys):
            first = int(keys.min())
            self._join(first, np.bincount(keys - first))

    def merge(self, other: Self) -> None:
        self._join(other.first, other.counts)

    def _join(self, first: int, counts: Ints) -> None:
        if not len(self.counts):
            self.first, self.counts = first, counts.astype(np.int64)
        elif len(counts):
            start = min(first, self.first)
            end = max(first + len(counts), self.first + len(self.counts))
            wide = np.zeros(end - start, np.int64)
            wide[self.first - start : self.first - start + len(self.counts)] = self.counts
            wide[first - start : first - start + len(counts)] += counts
            self.first, self.counts = start, wide


def _keys(values: Floats) -> Ints:
    """Ascending with the values; a negative value's is one below the negative of its magnitude's."""
    bits = np.ascontiguousarray(values + 0.0).view(np.int64)
    keys = (bits & np.int64(2**63 - 1)) >> np.int64(_SHIFT)
    return np.where(bits < 0, -keys - 1, keys)


def _edges(key: int) -> tuple[float, float]:
    """Least and largest value of a bucket."""
    magnitude = key if key >= 0 else -key - 1
    pattern = np.array([magnitude << _SHIFT, ((magnitude + 1) << _SHIFT) - 1], np.int64)
    low, high = pattern.view(np.float64).tolist()
    high = high if np.isfinite(high) else float(np.finfo(np.float64).max)
    return (low, high) if key >= 0 else (-high, -low)

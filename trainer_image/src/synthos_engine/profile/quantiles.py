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
        self._first = 0
        self._counts: Ints = np.empty(0, np.int64)

    def add(self, values: Floats) -> None:
        """Take in finite values."""
        if not len(values):
            return
        keys = _keys(values)
        first = int(keys.min())
        self._join(first, np.bincount(keys - first))

    def merge(self, other: Self) -> None:
        self._join(other._first, other._counts)

    @property
    def count(self) -> int:
        return int(self._counts.sum())

    def bounds(self, q: float) -> tuple[float, float]:
        """Between these lies the quantile, interpolated between ranks as by numpy's default; not for no values."""
        rank = q * (self.count - 1)
        below = np.cumsum(self._counts)
        low, high = np.searchsorted(below, [np.floor(rank), np.ceil(rank)], side="right")
        return _edges(int(low) + self._first)[0], _edges(int(high) + self._first)[1]

    def _join(self, first: int, counts: Ints) -> None:
        if not len(self._counts):
            self._first, self._counts = first, counts.astype(np.int64)
        elif len(counts):
            start = min(first, self._first)
            end = max(first + len(counts), self._first + len(self._counts))
            wide = np.zeros(end - start, np.int64)
            wide[self._first - start : self._first - start + len(self._counts)] = self._counts
            wide[first - start : first - start + len(counts)] += counts
            self._first, self._counts = start, wide


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

"""Mean, variance, skewness and kurtosis of a stream, and sums of products of pairs. Both merge."""

from __future__ import annotations

import math
import sys
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from .values import Floats

_Matrix = NDArray[np.float64]

_LARGEST_ROOT: Final = math.sqrt(sys.float_info.max)


class Moments:
    """Central moments up to the fourth, merged pairwise (Pébay 2008, SAND2008-6212, section 3.1)."""

    def __init__(self, values: Floats | None = None) -> None:
        self.count = 0
        self.mean = 0.0
        self._m2 = self._m3 = self._m4 = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf
        if values is None or not len(values):
            return
        self.count = len(values)
        with np.errstate(over="ignore", invalid="ignore"):
            self.mean = float(values.mean())
            centred = values - self.mean
            square = centred * centred
            self._m2 = float(square.sum())
            self._m3 = float((square * centred).sum())
            self._m4 = float((square * square).sum())
        self.minimum, self.maximum = float(values.min()), float(values.max())

    def add(self, values: Floats) -> None:
        """Take in finite values, shape (rows,)."""
        if len(values):
            self.merge(type(self)(values))

    def merge(self, other: Self) -> None:
        if not other.count:
            return
        na, nb = self.count, other.count
        n = na + nb
        delta = other.mean - self.mean if na else 0.0
        ratio = delta / n
        cross = delta * ratio * na * nb
        m4 = self._m4 + other._m4 + cross * ratio * ratio * (na * na - na * nb + nb * nb)
        m4 += 6 * ratio * ratio * (na * na * other._m2 + nb * nb * self._m2)
        m4 += 4 * ratio * (na * other._m3 - nb * self._m3)
        m3 = self._m3 + other._m3 + cross * ratio * (na - nb) + 3 * ratio * (na * other._m2 - nb * self._m2)
        self._m2 += other._m2 + cross
        self._m3, self._m4 = m3, m4
        self.mean = self.mean + ratio * nb if na else other.mean
        self.count = n
        self.minimum, self.maximum = min(self.minimum, other.minimum), max(self.maximum, other.maximum)

    @property
    def standard_deviation(self) -> float | None:
        """Of the sample (n − 1)."""
        return _finite(math.sqrt(max(0.0, self._m2) / (self.count - 1))) if self.count > 1 else None

    @property
    def skewness(self) -> float | None:
        """Third standardised moment; None for constant values."""
        return _finite(math.sqrt(self.count) * self._m3 / self._m2**1.5) if self._varies() else None

    @property
    def excess_kurtosis(self) -> float | None:
        """Fourth standardised moment − 3; None for constant values."""
        return _finite(self.count * self._m4 / self._m2**2 - 3) if self._varies() else None

    def _varies(self) -> bool:
        # Of Python's floats a power that is too large raises.
        return self.count > 1 and 0 < self._m2 < _LARGEST_ROOT and self._m2**1.5 > 0 and self._m2**2 > 0


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


class Comoments:
    """Pearson correlations of all pairs of columns, each over the rows where both have a value.

    For every pair (i, j): the rows with both, the mean of i and its squared deviations over them,
    and the products of deviations; parts merge as in Chan, Golub and LeVeque (1983). All arrays
    have shape (columns, columns).
    """

    def __init__(self, columns: int) -> None:
        zeros = np.zeros((columns, columns))
        self._n, self._mean, self._square, self._product = zeros, zeros, zeros, zeros

    def add(self, values: NDArray[np.float64]) -> None:
        """Take in values of shape (rows, columns); what is not finite is missing."""
        there = np.isfinite(values)
        mask = there.astype(np.float64)
        kept = np.where(there, values, 0.0)
        with np.errstate(all="ignore"):
            centre = kept.sum(axis=0) / np.maximum(mask.sum(axis=0), 1)
            shifted = np.where(there, values - centre, 0.0)
            n = mask.T @ mask
            some = np.maximum(n, 1)
            sums = shifted.T @ mask
            square = (shifted * shifted).T @ mask - sums * sums / some
            product = shifted.T @ shifted - sums * sums.T / some
            self._join(n, np.where(n > 0, centre[:, None] + sums / some, 0.0), square, product)

    def merge(self, other: Self) -> None:
        with np.errstate(all="ignore"):
            self._join(other._n, other._mean, other._square, other._product)

    def _join(self, n: _Matrix, mean: _Matrix, square: _Matrix, product: _Matrix) -> None:
        total = self._n + n
        some = np.maximum(total, 1)
        delta = np.where((self._n > 0) & (n > 0), mean - self._mean, 0.0)
        weight = self._n * n / some
        self._square = self._square + square + delta * delta * weight
        self._product = self._product + product + delta * delta.T * weight
        self._mean = (self._mean * self._n + mean * n) / some
        self._n = total

    def correlations(self) -> _Matrix:
        """NaN where fewer than 3 rows have both values or one column is constant there."""
        with np.errstate(all="ignore"):
            r: _Matrix = self._product / np.sqrt(self._square * self._square.T)
            # Rounding leaves a remainder in place of zero for a constant column.
            constant = self._square <= 1e-26 * self._n * self._mean**2
        r[(self._n < 3) | constant | constant.T] = np.nan
        return np.clip(r, -1.0, 1.0)

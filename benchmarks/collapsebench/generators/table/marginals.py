"""One column's distribution, to and from a standard normal score. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ...rows import Column

Floats = NDArray[np.float64]


class Marginal:
    """The empirical distribution of a column; a missing value is a value of its own, below all others.

    Every distinct value has a stretch of the unit interval as long as its share, so that columns of words
    and of repeated numbers become continuous, too (Patki et al. 2016). Words stand by frequency, which
    puts the middle of the score on common ones.
    """

    def __init__(self, column: Column, values: Sequence[Any]) -> None:
        counts: dict[Any, int] = {}
        for value in values:
            counts[value] = counts.get(value, 0) + 1
        present = [value for value in counts if value is not None]
        ordered = sorted(present) if column.is_number else _common_in_the_middle(present, counts)
        self.values = ([None] if None in counts else []) + ordered
        shares = np.array([counts[value] for value in self.values], float) / len(values)
        self._upper = np.cumsum(shares)
        self._lower = self._upper - shares
        self._place = {value: i for i, value in enumerate(self.values)}

    def codes(self, values: Sequence[Any]) -> NDArray[np.int64]:
        """Place of each value among the distinct ones; all must be known."""
        return np.array([self._place[value] for value in values], np.int64)

    def scores(self, values: Sequence[Any], rng: np.random.Generator) -> Floats:
        """Normal scores, drawn from each value's stretch."""
        code = self.codes(values)
        uniform = self._lower[code] + rng.random(len(code)) * (self._upper[code] - self._lower[code])
        scores: Floats = stats.norm.ppf(np.clip(uniform, 1e-6, 1 - 1e-6))
        return scores

    def from_scores(self, scores: Floats) -> list[Any]:
        place = np.searchsorted(self._upper, stats.norm.cdf(scores), side="left")
        return [self.values[i] for i in np.minimum(place, len(self.values) - 1)]


def _common_in_the_middle(values: Sequence[Any], counts: dict[Any, int]) -> list[Any]:
    rising = sorted(values, key=lambda value: (counts[value], str(value)))
    return rising[::2] + rising[1::2][::-1]

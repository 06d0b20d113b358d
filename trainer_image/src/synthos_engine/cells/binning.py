"""Values of a column as one of a few bins, which are laid on the reference alone.

Numbers fall into bins of about equal counts; a value that is frequent by itself gets a bin of its own,
so that zeros, sentinels and whole numbers of few values stay apart. Words, flags and dates are the most
frequent ones and one bin for the rest. A missing value is a bin in every column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BINS: Final = 20
"""Of a column at most, beside the one for missing values."""


@dataclass(frozen=True)
class NumberBins:
    """Bin i holds values above `edges[i - 1]` and up to `edges[i]`; the last bin is for missing ones."""

    edges: Floats

    @classmethod
    def of(cls, values: Floats, bins: int = BINS) -> NumberBins:
        """On these values (not-a-number: missing)."""
        present = np.sort(values[~np.isnan(values)])
        if not len(present):
            return cls(np.zeros(0))
        different = np.unique(present)
        if len(different) <= bins:
            return cls((different[:-1] + different[1:]) / 2)
        # Right edges at the quantiles; a value that spans several of them is one bin, cut off on its left as well.
        quantiles = present[(np.arange(1, bins) * len(present)) // bins]
        repeated = quantiles[:-1][quantiles[1:] == quantiles[:-1]]
        places = np.searchsorted(different, np.unique(repeated))
        left = different[np.maximum(places - 1, 0)][places > 0]
        upper = np.unique(np.concatenate([quantiles, left]))
        after = np.minimum(np.searchsorted(different, upper, side="right"), len(different) - 1)
        return cls(np.unique((upper + different[after]) / 2)[: -1 if upper[-1] == different[-1] else None])

    @property
    def count(self) -> int:
        return len(self.edges) + 2

    def __call__(self, values: Floats) -> Ints:
        found = np.searchsorted(self.edges, values, side="left").astype(np.int64)
        found[np.isnan(values)] = self.count - 1
        return found


@dataclass(frozen=True)
class WordBins:
    """The most frequent values, then one bin for all others, then one for missing ones."""

    places: dict[Any, int]

    @classmethod
    def of(cls, values: Sequence[Any], bins: int = BINS) -> WordBins:
        common = sorted(Counter(v for v in values if v is not None).items(), key=lambda pair: (-pair[1], str(pair[0])))
        return cls({value: i for i, (value, _) in enumerate(common[: bins - 1])})

    @property
    def count(self) -> int:
        return len(self.places) + 2

    def __call__(self, values: Sequence[Any]) -> Ints:
        other = len(self.places)
        return np.array([other + 1 if v is None else self.places.get(v, other) for v in values], np.int64)

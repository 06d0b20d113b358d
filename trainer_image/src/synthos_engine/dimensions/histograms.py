"""Statistics of counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .draws import Floats, Ints


def divergence(a: Ints, b: Ints) -> float:
    """Jensen-Shannon divergence of two histograms over the same bins, bits, 0 to 1.

    H((p + q) / 2) - (H(p) + H(q)) / 2 with H the entropy (Lin 1991, "Divergence measures based on the
    Shannon entropy").
    """
    p, q = a / max(1, a.sum()), b / max(1, b.sum())
    return _entropy((p + q) / 2) - (_entropy(p) + _entropy(q)) / 2


def mutual_information(table: Ints) -> float:
    """Of a contingency table's two margins, bits: H(rows) + H(columns) - H(cells) (Shannon 1948)."""
    p = table / max(1, table.sum())
    return _entropy(p.sum(0)) + _entropy(p.sum(1)) - _entropy(p.ravel())


def contingency(rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer], shape: tuple[int, int]) -> Ints:
    """How often each pair of bins occurs, of that shape."""
    cells = rows.astype(np.int64) * shape[1] + columns
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def edges(values: Floats, shares: Sequence[float]) -> Floats:
    """Bounds of bins at these quantiles, each midway between two different values.

    So no bound coincides with a value, which rounding would move from one bin to the other.
    """
    different = np.unique(values)
    below = np.searchsorted(different, np.unique(np.quantile(values, list(shares), method="lower")))
    below = below[below < len(different) - 1]
    middles: Floats = different[below] / 2 + different[below + 1] / 2
    return middles


def _entropy(p: Floats) -> float:
    p = p[p > 0]
    return float(-(p * np.log2(p)).sum())

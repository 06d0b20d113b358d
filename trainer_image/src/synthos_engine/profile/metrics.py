"""The diversity metrics: numbers from cluster sizes, distances and correlations. Pure.

docs/profile.md gives every formula with its unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from synthos_api.results import MAX_CORRELATIONS, CorrelationPair

from .clusters import Labels, Points

RARE_SHARE: Final = 0.1
"""A cluster is rare when it has less than this part of the rows of an equal split."""
FENCE: Final = 3.0
"""Outliers lie beyond the third quartile by more than this many interquartile ranges (Tukey's outer fence)."""


def entropy_bits(sizes: Sequence[int]) -> float:
    """Shannon entropy of cluster membership, bits: 0 for one cluster, log2(k) for k equal ones."""
    shares = np.asarray([size for size in sizes if size], float)
    shares = shares / shares.sum()
    return max(0.0, float(-(shares * np.log2(shares)).sum()))


def gini(sizes: Sequence[int]) -> float:
    """Gini coefficient of cluster sizes: 0 for equal sizes, towards 1 when one cluster has all."""
    ordered = np.sort(np.asarray(sizes, float))
    n = len(ordered)
    ranks = np.arange(1, n + 1)
    return float(np.clip((2 * ranks - n - 1) @ ordered / (n * ordered.sum()), 0.0, 1.0))


def rare_percentage(sizes: Sequence[int]) -> float:
    """Percent of rows in clusters with less than RARE_SHARE of an equal split's rows."""
    total = sum(sizes)
    return 100.0 * sum(size for size in sizes if size < RARE_SHARE * total / len(sizes)) / total


def outlier_percentage(distances: Points) -> float:
    """Percent of rows farther from their centroid than Tukey's outer fence of all such distances."""
    low, high = np.quantile(distances, [0.25, 0.75])
    return float(100.0 * np.mean(distances > high + FENCE * (high - low) + 1e-9))


def densities(labels: Labels, distances: Points, clusters: int) -> list[float | None]:
    """1 / mean distance to the centroid, for each cluster; None where all its rows coincide."""
    sizes = np.bincount(labels, minlength=clusters)
    sums = np.bincount(labels, weights=distances, minlength=clusters)
    return [float(n / s) if s > 0 else None for n, s in zip(sizes, sums, strict=True)]


def scaled_sizes(sampled: Sequence[int], total: int) -> list[int]:
    """Cluster sizes of the sample brought to `total` rows, by largest remainders; exact when they add up to it."""
    held = sum(sampled)
    exact = [size * total / held for size in sampled]
    sizes = [int(size) for size in exact]
    order = sorted(range(len(sizes)), key=lambda i: (sizes[i] - exact[i], i))
    for i in order[: total - sum(sizes)]:
        sizes[i] += 1
    return sizes


def top_correlations(names: Sequence[str], matrix: Points) -> list[CorrelationPair]:
    """The pairs of columns with the largest |r|, at most MAX_CORRELATIONS; pairs without one are left out."""
    first, second = np.triu_indices(len(names), 1)
    values = matrix[first, second]
    there = np.flatnonzero(np.isfinite(values))
    order = there[np.argsort(-np.abs(values[there]), kind="stable")][:MAX_CORRELATIONS]
    return [
        CorrelationPair(
            column_a=names[first[i]][:256], column_b=names[second[i]][:256], correlation=round(float(values[i]), 6)
        )
        for i in order
    ]

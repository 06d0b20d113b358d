"""Clusters of rows: k-means on the leading principal axes of the row embedding.

For text that is latent semantic analysis (Deerwester et al. 1990) on hashed words.

The number of clusters is the one with the best Bayesian information criterion of a mixture of
spherical Gaussians of one variance (Pelleg and Moore 2000, "X-means", section 3.2), among CANDIDATES.
Seeding is k-means++ (Arthur and Vassilvitskii 2007). Same rows and seed, same clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .embedding import DIMENSIONS, SparseRows

AXES: Final = 8
PCA_ROWS: Final = 4096
_DENSE_ROWS: Final = 1024
CANDIDATES: Final = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32)
_ITERATIONS: Final = 50
_EPSILON: Final = 1e-9
"""Below this squared distance rows count as equal: rounding of sums of numbers near 1."""

Points = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class ClusterModel:
    """`mean` and `axes` take an embedding to the leading axes; `centroids` has shape (clusters, axes)."""

    mean: Points
    axes: Points
    centroids: Points

    def project(self, vectors: SparseRows) -> Points:
        return vectors.times(self.axes) - self.mean @ self.axes

    def assign(self, vectors: SparseRows) -> tuple[Labels, Points]:
        """The nearest cluster of each embedded row, and the distance to its centroid."""
        labels, squared = _nearest(self.project(vectors), self.centroids)
        return labels, np.sqrt(squared)


def fit_clusters(vectors: SparseRows, seed: int) -> ClusterModel:
    """Clusters of embedded rows, at least one row, in random order; largest cluster first."""
    mean = vectors.mean()
    axes = _principal_axes(vectors, mean)
    points = vectors.times(axes) - mean @ axes
    different = len(np.unique(np.round(points, 6), axis=0))
    best, best_score = points.mean(axis=0, keepdims=True), -np.inf
    for k in CANDIDATES:
        if k > different:
            break
        centroids, labels, squared = _k_means(points, k, np.random.default_rng([seed, k]))
        score = _bic(labels, squared, k, points.shape[1])
        if score > best_score:
            best, best_score = centroids, score
    labels, _ = _nearest(points, best)
    order = np.argsort(-np.bincount(labels, minlength=len(best)), kind="stable")
    return ClusterModel(mean, axes, best[order])


def _principal_axes(vectors: SparseRows, mean: Points) -> Points:
    """Shape (dimensions, axes): leading eigenvectors of the covariance of the first PCA_ROWS rows.

    Fewer coordinates than AXES in use leave axes of zeros. The largest entry of each is
    positive, so that they are the same on every machine.
    """
    used = np.unique(vectors.coordinate)
    covariance = np.zeros((len(used), len(used)))
    for first in range(0, min(vectors.rows, PCA_ROWS), _DENSE_ROWS):
        centred = vectors.dense(first, min(first + _DENSE_ROWS, vectors.rows))[:, used] - mean[used]
        covariance += centred.T @ centred
    axes = np.zeros((DIMENSIONS, AXES))
    count = min(AXES, len(used))
    if count:
        # Coordinates that no row has vary in no direction.
        _, found = linalg.eigh(covariance, subset_by_index=[len(used) - count, len(used) - 1])
        axes[used, :count] = found[:, ::-1]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(AXES)])
    return axes * np.where(signs == 0, 1.0, signs)


def _nearest(points: Points, centroids: Points) -> tuple[Labels, Points]:
    """Index of the nearest centroid and the squared distance to it."""
    squared = (points**2).sum(axis=1)[:, None] - 2 * points @ centroids.T + (centroids**2).sum(axis=1)
    labels = squared.argmin(axis=1)
    chosen = squared[np.arange(len(points)), labels]
    return labels, np.where(chosen < _EPSILON, 0.0, chosen)


def _k_means(points: Points, k: int, rng: np.random.Generator) -> tuple[Points, Labels, Points]:
    centroids = _plus_plus(points, k, rng)
    labels, squared = _nearest(points, centroids)
    for _ in range(_ITERATIONS):
        sizes = np.bincount(labels, minlength=k)
        sums = np.stack([np.bincount(labels, weights=axis, minlength=k) for axis in points.T], axis=1)
        filled = sizes > 0
        centroids[filled] = sums[filled] / sizes[filled, None]
        before, (labels, squared) = labels, _nearest(points, centroids)
        if np.array_equal(before, labels):
            break
    used = np.unique(labels)
    renumbered = np.searchsorted(used, labels)
    return centroids[used], renumbered, squared


def _plus_plus(points: Points, k: int, rng: np.random.Generator) -> Points:
    chosen = [int(rng.integers(len(points)))]
    _, squared = _nearest(points, points[chosen])
    while len(chosen) < k and squared.sum() > 0:
        chosen.append(int(rng.choice(len(points), p=squared / squared.sum())))
        squared = np.minimum(squared, _nearest(points, points[chosen[-1:]])[1])
    return points[chosen].copy()


def _bic(labels: Labels, squared: Points, k: int, dimensions: int) -> float:
    n = len(labels)
    if n <= k:
        return -np.inf if k > 1 else 0.0
    variance = max(float(squared.sum()) / (dimensions * (n - k)), _EPSILON)
    sizes = np.bincount(labels)
    sizes = sizes[sizes > 0]
    likelihood = float((sizes * np.log(sizes / n)).sum())
    likelihood -= n * dimensions / 2 * np.log(2 * np.pi * variance) + dimensions * (n - k) / 2
    parameters = (k - 1) + k * dimensions + 1
    return float(likelihood - parameters / 2 * np.log(n))

"""Clusters of one block of rows, and the measures of their sizes and distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .clusters import Labels, Points, fit_clusters
from .embedding import DIMENSIONS, SparseRows, common_coordinates, embed, fit_scales
from .metrics import densities, entropy_bits, gini, outlier_percentage, rare_percentage
from .strata import Strata


@dataclass(frozen=True)
class Grouping:
    """`sizes` are the block's rows in each cluster, `centroids` their means in the common embedding."""

    strata: Strata
    sizes: list[int]
    density: list[float | None]
    centroids: Points
    outlier_percentage: float

    @classmethod
    def of(cls, block: pa.RecordBatch, seed: int) -> Grouping:
        scales = fit_scales(block)
        vectors = embed(block, scales)
        model = fit_clusters(vectors, seed)
        labels, distances = model.assign(vectors)
        clusters = len(model.centroids)
        sizes = np.bincount(labels, minlength=clusters)
        return cls(
            strata=Strata(scales, model),
            sizes=sizes.tolist(),
            density=densities(labels, distances, clusters),
            centroids=common_coordinates(_means(vectors, labels, sizes)),
            outlier_percentage=outlier_percentage(distances),
        )

    def measures(self) -> dict[str, float]:
        """The numbers of the wire contract's DiversityMetrics, by their names there."""
        return {
            "entropy": entropy_bits(self.sizes),
            "gini_coefficient": gini(self.sizes),
            "cluster_count": float(len(self.sizes)),
            "rare_pattern_percentage": rare_percentage(self.sizes),
            "outlier_percentage": self.outlier_percentage,
        }


def _means(vectors: SparseRows, labels: Labels, sizes: Labels) -> Points:
    """Mean vector of each cluster, shape (clusters, DIMENSIONS)."""
    place = labels[vectors.row] * DIMENSIONS + vectors.coordinate
    sums = np.bincount(place, vectors.weight, len(sizes) * DIMENSIONS).reshape(len(sizes), DIMENSIONS)
    means: Points = sums / np.maximum(sizes, 1)[:, None]
    return means

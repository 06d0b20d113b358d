"""Phase 2: one pass over a dataset, then its clusters and metrics from what the pass kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from synthos_api.results import Cluster, DiversityMetrics, ProfileResult
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader, DatasetMetadata

from .clusters import ClusterModel, fit_clusters
from .columns import ColumnProfile
from .embedding import ColumnScale, embed, fit_scales
from .metrics import (
    densities,
    entropy_bits,
    gini,
    outlier_percentage,
    rare_percentage,
    scaled_sizes,
    top_correlations,
)
from .sketch import DatasetSketch

CHUNK_BYTES: Final = 32_000_000
MIN_CHUNK_ROWS: Final = 64
MAX_CHUNK_ROWS: Final = 65_536

OnRows = Callable[[int, int], None]
"""Called with (rows done, rows in all) after every chunk; may raise to stop."""


@dataclass(frozen=True)
class Strata:
    """Tells of any row of the dataset which cluster it belongs to."""

    scales: tuple[ColumnScale, ...]
    model: ClusterModel

    @property
    def count(self) -> int:
        return len(self.model.centroids)

    def of(self, batch: pa.RecordBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Cluster numbers of the rows, shape (rows,)."""
        return self.model.assign(embed(batch, self.scales))[0]


@dataclass(frozen=True)
class Profile:
    """`result` has no sample yet; `columns` go into the artifact only."""

    result: ProfileResult
    columns: list[ColumnProfile]
    strata: Strata


def chunk_rows(metadata: DatasetMetadata) -> int:
    """Rows of a chunk of about CHUNK_BYTES."""
    row_bytes = max(1.0, metadata.estimated_memory_mb * 1e6 / metadata.total_rows)
    return int(min(MAX_CHUNK_ROWS, max(MIN_CHUNK_ROWS, CHUNK_BYTES / row_bytes)))


def numbered_chunks(loader: DatasetLoader, dataset: DatasetRef) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(number of the first row, rows) of the dataset's chunks."""
    rows = chunk_rows(loader.get_metadata(dataset.uri, dataset.format))
    first = 0
    for batch in loader.stream_chunks(dataset.uri, dataset.format, chunk_size=rows):
        yield first, batch
        first += batch.num_rows


def profile_dataset(
    loader: DatasetLoader, dataset: DatasetRef, *, seed: int, on_rows: OnRows = lambda _done, _all: None
) -> Profile:
    """Profile a dataset. Deterministic for the same rows and seed. Raises what the loader raises."""
    metadata = loader.get_metadata(dataset.uri, dataset.format)
    sketch = DatasetSketch(loader.schema(dataset.uri, dataset.format), seed)
    for first, batch in numbered_chunks(loader, dataset):
        sketch.add(batch, first)
        on_rows(sketch.total_rows, metadata.total_rows)
    return summarise(sketch, metadata, seed)


def summarise(sketch: DatasetSketch, metadata: DatasetMetadata, seed: int) -> Profile:
    """Clusters, metrics and column summaries from a finished sketch of at least one row."""
    rows = sketch.reservoir.rows()
    columns = [column.profile(rows.column(column.name)) for column in sketch.columns]
    sampled = rows.combine_chunks().to_batches()[0]
    scales = fit_scales(sampled)
    vectors = embed(sampled, scales)
    model = fit_clusters(vectors, seed)
    labels, distances = model.assign(vectors)
    held = np.bincount(labels, minlength=len(model.centroids)).tolist()
    sizes = scaled_sizes(held, sketch.total_rows)
    repeated = sketch.rows.repeated_share
    metrics = DiversityMetrics(
        entropy=round(entropy_bits(held), 6),
        gini_coefficient=round(gini(held), 6),
        cluster_count=len(sizes),
        correlations=top_correlations(sketch.numeric, sketch.comoments.correlations()),
        rare_pattern_percentage=round(rare_percentage(held), 4),
        outlier_percentage=round(outlier_percentage(distances), 4),
    )
    tightness = densities(labels, distances, len(sizes))
    result = ProfileResult(
        format=metadata.format,
        total_rows=sketch.total_rows,
        columns=len(columns),
        size_bytes=metadata.size_bytes,
        metrics=metrics,
        clusters=[
            Cluster(
                cluster_id=number,
                size=size,
                centroid=[float(f"{x:.4g}") for x in model.centroids[number]],
                density=None if density is None else float(f"{density:.4g}"),
            )
            for number, (size, density) in enumerate(zip(sizes, tightness, strict=True))
        ],
        duplicate_row_percentage=None if repeated is None else 100 * repeated,
    )
    return Profile(result, columns, Strata(scales, model))

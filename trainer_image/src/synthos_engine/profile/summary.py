"""From a finished sketch to the profile: what the wire carries, and the details beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_api.results import Cluster, DiversityMetrics, ProfileResult
from synthos_engine.data import DatasetMetadata

from .association import Association
from .blocks import Measures, association_measures, mean_measures, row_blocks, value_measures
from .columns import ColumnProfile
from .grouping import Grouping
from .metrics import scaled_sizes, top_correlations
from .modality import Kinds, Modality, kinds_of
from .pictures import pictures
from .series import of_stretches, of_windows
from .sketch import DatasetSketch
from .strata import Strata
from .texts import TextMeasures, text_measures
from .values import as_text, decoded

_DIGITS: Final = 6
"""Significant ones: what differs further back is rounding."""
MOST_PAIRS: Final = 256
MOST_GROUPED: Final = 2
"""Blocks in which clusters are looked for, which takes longest."""


@dataclass(frozen=True)
class Profile:
    """`result` has no sample yet; `columns` and `details` go into the artifact only."""

    result: ProfileResult
    columns: list[ColumnProfile]
    strata: Strata
    details: dict[str, Any] = field(default_factory=dict)


def summarise(
    sketch: DatasetSketch,
    schema: pa.Schema,
    metadata: DatasetMetadata,
    seed: int,
    modality: Modality | None = None,
) -> Profile:
    """Clusters, metrics, fingerprint and column summaries from a finished sketch of at least one row."""
    whole = sketch.reservoir.is_whole
    rows = sketch.reservoir.rows()
    columns = [column.profile(rows.column(column.name), whole=whole) for column in sketch.columns]
    sampled = rows.combine_chunks().to_batches()[0]
    kinds = kinds_of(schema, sketch, sampled, modality)
    blocks = row_blocks(sampled)
    groupings = [Grouping.of(block, seed) for block in blocks[:MOST_GROUPED]]
    text = _text(sketch, kinds)
    in_order = _stretch_blocks(sketch, kinds)
    pairs, association = _associations(in_order or blocks, kinds)
    series = _series(sketch, sampled, kinds)
    measures = {
        "missing_share": float(np.mean([column.missing / column.count for column in columns])),
        **mean_measures([value_measures(block) for block in in_order or blocks]),
        **mean_measures([grouping.measures() for grouping in groupings]),
        **association,
        **({} if text is None else text.values),
        **series,
    }
    first = groupings[0]
    repeated = sketch.rows.repeated_share
    result = ProfileResult(
        format=metadata.format,
        modality=kinds.modality,
        total_rows=sketch.total_rows,
        columns=len(columns),
        size_bytes=metadata.size_bytes,
        metrics=_metrics(first, sketch),
        clusters=_clusters(first, sketch.total_rows),
        duplicate_row_percentage=None if repeated is None else 100 * repeated,
        fingerprint={name: rounded(value) for name, value in measures.items()},
        measured_rows=blocks[0].num_rows,
        measured_text_bytes=None if text is None else text.block_bytes,
    )
    details = {
        "associations": [asdict(pair) for pair in pairs[:MOST_PAIRS]],
        "text_columns": kinds.texts,
        "series_columns": kinds.windows or [sketch.ordered[i] for i in kinds.ordered],
        "row_blocks": len(blocks),
        "text_blocks": 0 if text is None else text.blocks,
        "pictures": pictures(sampled, first.strata, pairs),
    }
    return Profile(result, columns, first.strata, details)


def rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _metrics(first: Grouping, sketch: DatasetSketch) -> DiversityMetrics:
    found = first.measures()
    return DiversityMetrics(
        entropy=round(found["entropy"], 6),
        gini_coefficient=round(found["gini_coefficient"], 6),
        cluster_count=len(first.sizes),
        correlations=top_correlations(sketch.numeric, sketch.comoments.correlations()),
        rare_pattern_percentage=round(found["rare_pattern_percentage"], 4),
        outlier_percentage=round(found["outlier_percentage"], 4),
    )


def _clusters(first: Grouping, total: int) -> list[Cluster]:
    sizes = scaled_sizes(first.sizes, total)
    return [
        Cluster(
            cluster_id=number,
            size=size,
            centroid=[float(f"{x:.4g}") for x in centroid],
            density=None if density is None else float(f"{density:.4g}"),
        )
        for number, (size, centroid, density) in enumerate(zip(sizes, first.centroids, first.density, strict=True))
    ]


def _text(sketch: DatasetSketch, kinds: Kinds) -> TextMeasures | None:
    """Of the text columns, those of a row joined by line feeds."""
    names = [name for name in kinds.texts if name in sketch.text_names]
    if not names:
        return None
    rows = sketch.texts.rows().combine_chunks()
    columns = [pc.cast(as_text(decoded(rows.column(name).combine_chunks())), pa.large_string()) for name in names]
    feed: Any = pa.scalar("\n", pa.large_string())
    joined: Any = pc.binary_join_element_wise(*columns, feed, null_handling="skip")
    return text_measures(joined)


def _stretch_blocks(sketch: DatasetSketch, kinds: Kinds) -> list[pa.RecordBatch]:
    """Of a series in the order of rows, its stretches: values taken out of their order repeat less than they do."""
    if not kinds.ordered:
        return []
    names = [sketch.ordered[i] for i in kinds.ordered]
    return [
        pa.record_batch([pa.array(stretch[:, i], from_pandas=True) for i in kinds.ordered], names=names)
        for stretch in sketch.stretches.stretches()
    ]


def _associations(blocks: list[pa.RecordBatch], kinds: Kinds) -> tuple[list[Association], Measures]:
    if kinds.modality == "text":
        return [], {}
    return association_measures(blocks, [*kinds.texts, *kinds.windows])


def _series(sketch: DatasetSketch, sampled: pa.RecordBatch, kinds: Kinds) -> Measures:
    if kinds.windows:
        table = pa.Table.from_batches([sampled])
        return of_windows([table.column(name) for name in kinds.windows])
    return of_stretches(sketch.stretches.stretches(), kinds.ordered) if kinds.ordered else {}

"""What is measured of rows at equal size: disjoint blocks of the row sample, each of BLOCK_ROWS rows.

Entropy, the number of clusters, shares of repeated or rare values all depend on how many rows are
looked at; on blocks of the same number of rows they compare between datasets of any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthos_engine.data.columns import content_columns

from .association import Association, associations
from .hashing import column_hashes
from .values import decoded, row_hashes

BLOCK_ROWS: Final = 2000
MOST_BLOCKS: Final = 4
HITTERS: Final = 10

Measures = dict[str, float]


def row_blocks(sampled: pa.RecordBatch) -> list[pa.RecordBatch]:
    """Blocks of a sample in random order; one of all its rows where there are fewer than BLOCK_ROWS."""
    count = min(MOST_BLOCKS, max(1, sampled.num_rows // BLOCK_ROWS))
    return [sampled.slice(i * BLOCK_ROWS, BLOCK_ROWS) for i in range(count)]


def value_measures(block: pa.RecordBatch) -> Measures:
    """How values and rows repeat in a block; a missing value is a value of its own, as is one cut in the sample."""
    names = content_columns(block.schema)
    hashes = [column_hashes(decoded(block.column(name))) for name in names]
    counts = [np.sort(np.unique(own, return_counts=True)[1])[::-1] for own in hashes]
    rows = block.num_rows
    return {
        "duplicate_share": 1 - len(np.unique(row_hashes(hashes, rows))) / rows,
        "distinct_value_share": float(np.mean([len(own) / rows for own in counts])),
        "heavy_hitter_share": float(np.mean([own[:HITTERS].sum() / rows for own in counts])),
    }


def association_measures(
    blocks: Sequence[pa.RecordBatch], left_out: Sequence[str]
) -> tuple[list[Association], Measures]:
    """Mean over blocks of each pair's association, the strongest first, and what they come to."""
    found: dict[Any, list[float]] = {}
    for block in blocks:
        kept = [name for name in content_columns(block.schema) if name not in left_out]
        for pair in associations(block.select(kept)):
            found.setdefault((pair.column_a, pair.column_b, pair.method), []).append(pair.value)
    pairs = [Association(a, b, method, round(float(np.mean(v)), 6)) for (a, b, method), v in found.items()]
    if not pairs:
        return [], {}
    sizes: NDArray[np.float64] = np.array([np.mean(np.abs(values)) for values in found.values()])
    pairs.sort(key=lambda pair: -abs(pair.value))
    return pairs, {"mean_association": float(sizes.mean()), "largest_association": float(sizes.max())}


def mean_measures(found: Sequence[Measures]) -> Measures:
    """Of each measure over the blocks that have it."""
    names = list(dict.fromkeys(name for one in found for name in one))
    return {name: float(np.mean([one[name] for one in found if name in one])) for name in names}

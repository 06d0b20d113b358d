"""Batches of any size, cut anew into batches of one size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from synthos_api.errors import DatasetTooLarge


def recut(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """The same rows in the same order, `size` at a time, the last batch shorter."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        start = 0
        while batch.num_rows - start >= size - rows:
            held.append(batch.slice(start, size - rows))
            start += size - rows
            yield _joined(held)
            held, rows = [], 0
        if start < batch.num_rows:
            held.append(batch.slice(start))
            rows += batch.num_rows - start
    if held:
        yield _joined(held)


def _joined(held: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(held) == 1:
        return held[0]
    joined = pa.Table.from_batches(held).combine_chunks().to_batches()
    if len(joined) != 1:
        # 32-bit offsets: one column of one batch cannot hold more than 2 GiB of text.
        raise DatasetTooLarge("a chunk of this many rows is over 2 GiB; use a smaller chunk_size")
    return joined[0]

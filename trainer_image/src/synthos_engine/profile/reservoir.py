"""A uniform sample of rows from one stream, kept whole, in bounded memory."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import is_text
from synthos_engine.sample.priority import Priorities, row_priorities

MAX_ROWS: Final = 16_384
MAX_BYTES: Final = 128 * 1024 * 1024
MIN_ROWS: Final = 64
TEXT_CHARS: Final = 512


class RowReservoir:
    """The rows of smallest priority (bottom-k, see sample/priority.py); texts are cut to TEXT_CHARS.

    k starts at MAX_ROWS and is halved while the rows held are larger than MAX_BYTES; what is left
    is a uniform sample all the same.
    """

    def __init__(self, seed: int, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES) -> None:
        self._seed = seed
        self._k = max_rows
        self._max_bytes = max_bytes
        self._bound: np.uint64 | None = None
        self._held: list[tuple[Priorities, pa.RecordBatch]] = []
        self._rows = 0

    def add(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Offer the rows `first_row`, `first_row` + 1, … of the dataset."""
        priorities = row_priorities(np.arange(first_row, first_row + batch.num_rows, dtype=np.int64), self._seed)
        if self._bound is not None:
            low = np.flatnonzero(priorities < self._bound)
            if not len(low):
                return
            batch, priorities = batch.take(low), priorities[low]
        self._hold(priorities, _shortened(batch))

    def merge(self, other: Self) -> None:
        for priorities, batch in other._held:
            self._hold(priorities, batch)
        self._k = min(self._k, other._k)
        self._settle()

    def rows(self) -> pa.Table:
        """The sample, by ascending row priority."""
        self._settle()
        return pa.Table.from_batches([batch for _, batch in self._held])

    @property
    def is_empty(self) -> bool:
        return not self._held

    def _hold(self, priorities: Priorities, batch: pa.RecordBatch) -> None:
        self._held.append((priorities, batch))
        self._rows += len(priorities)
        if self._rows > 2 * self._k or self._bytes() > 2 * self._max_bytes:
            self._settle()

    def _bytes(self) -> int:
        return sum(batch.nbytes for _, batch in self._held)

    def _settle(self) -> None:
        if not self._held:
            return
        size = self._bytes()
        keep = min(self._k, self._rows)
        while size / self._rows * keep > self._max_bytes and keep > MIN_ROWS:
            keep //= 2
            self._k = keep
        priorities = np.concatenate([p for p, _ in self._held])
        order = np.argsort(priorities)[:keep]
        table = pa.Table.from_batches([batch for _, batch in self._held]).take(order).combine_chunks()
        self._held = [(priorities[order], batch) for batch in table.to_batches()[:1]]
        self._rows = keep
        if keep >= self._k:
            self._bound = priorities[order[-1]]


def _shortened(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns: list[Any] = []
    for column in batch.columns:
        kind = column.type
        if is_text(kind) and not pa.types.is_string_view(kind):
            columns.append(pc.utf8_slice_codeunits(column, 0, TEXT_CHARS))
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            columns.append(pc.binary_slice(column, 0, TEXT_CHARS))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

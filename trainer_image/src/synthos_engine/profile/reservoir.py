"""A uniform sample of rows from one stream, kept whole, in bounded memory."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthos_engine.data.columns import is_text
from synthos_engine.sample.priority import Priorities, row_priorities

from .values import decoded

MAX_ROWS: Final = 16_384
MAX_BYTES: Final = 128 * 1024 * 1024
MIN_ROWS: Final = 64
TEXT_CHARS: Final = 512
_ODD_BYTES: Final = 64
"""What a value of a type whose size is not known counts."""

Sizes = NDArray[np.int64]


class RowReservoir:
    """The rows of smallest priority (bottom-k, see sample/priority.py); texts are cut to `text_chars`.

    Taken in ascending order of priority until one of them would be more than the `max_rows`-th, or
    take the sum of sizes over `max_bytes` (MIN_ROWS there are in any case). That row's priority is
    remembered: nothing from it on is taken any more. So the sample depends on the rows alone, not on
    how they were split, and is uniform whatever its size.
    """

    def __init__(
        self, seed: int, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES, text_chars: int = TEXT_CHARS
    ) -> None:
        self._seed = seed
        self._k = max_rows
        self._max_bytes = max_bytes
        self._chars = text_chars
        self._bound: int | None = None
        self._held: list[tuple[Priorities, Sizes, pa.RecordBatch]] = []
        self._rows = self._bytes = 0

    def add(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Offer the rows `first_row`, `first_row` + 1, … of the dataset."""
        priorities = row_priorities(np.arange(first_row, first_row + batch.num_rows, dtype=np.int64), self._seed)
        if self._bound is not None:
            low = np.flatnonzero(priorities < np.uint64(self._bound))
            if not len(low):
                return
            batch, priorities = batch.take(low), priorities[low]
        elif len(priorities) > self._k:
            low = np.argpartition(priorities, self._k)[: self._k + 1]
            batch, priorities = batch.take(low), priorities[low]
        batch = shortened(_without_dictionaries(batch), self._chars)
        self._hold(priorities, row_bytes(batch), batch)

    def merge(self, other: Self) -> None:
        for priorities, sizes, batch in other._held:
            self._hold(priorities, sizes, batch)
        if other._bound is not None:
            self._bound = other._bound if self._bound is None else min(self._bound, other._bound)
        self._settle()

    def rows(self) -> pa.Table:
        """The sample, by ascending row priority; at least one row must have been added."""
        self._settle()
        return pa.Table.from_batches([batch for _, _, batch in self._held])

    @property
    def is_empty(self) -> bool:
        return not self._held

    @property
    def is_whole(self) -> bool:
        """Whether every row is in the sample."""
        self._settle()
        return self._bound is None

    def _hold(self, priorities: Priorities, sizes: Sizes, batch: pa.RecordBatch) -> None:
        if not len(priorities):
            return
        self._held.append((priorities, sizes, batch))
        self._rows += len(priorities)
        self._bytes += int(sizes.sum())
        if self._rows > 2 * self._k or self._bytes > 2 * self._max_bytes:
            self._settle()

    def _settle(self) -> None:
        if len(self._held) <= 1 and self._rows <= self._k and self._bytes <= self._max_bytes and self._sorted():
            return
        priorities = np.concatenate([p for p, _, _ in self._held])
        sizes = np.concatenate([s for _, s, _ in self._held])
        order = np.argsort(priorities)
        rank = np.arange(len(order))
        fits = (rank < self._k) & ((rank < MIN_ROWS) | (np.cumsum(sizes[order]) <= self._max_bytes))
        if self._bound is not None:
            fits &= priorities[order] < np.uint64(self._bound)
        keep = int(fits.argmin()) if not fits.all() else len(order)
        if keep < len(order):
            first_out = int(priorities[order[keep]])
            self._bound = first_out if self._bound is None else min(self._bound, first_out)
        order = order[:keep]
        table = pa.Table.from_batches([batch for _, _, batch in self._held]).take(order).combine_chunks()
        self._held = [(priorities[order], sizes[order], batch) for batch in table.to_batches()[:1]]
        self._rows, self._bytes = keep, int(sizes[order].sum())

    def _sorted(self) -> bool:
        if not self._held:
            return True
        priorities = self._held[0][0]
        inside = self._bound is None or priorities[-1] < np.uint64(self._bound)
        return bool(inside and (priorities[1:] > priorities[:-1]).all())


def _without_dictionaries(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts as they are, for cutting and weighing: a dictionary would be held whole, and its rows weigh nothing."""
    names = batch.schema.names
    return pa.RecordBatch.from_arrays([decoded(column) for column in batch.columns], names=names)


def row_bytes(batch: pa.RecordBatch) -> Sizes:
    """Bytes that each row's values take, shape (rows,); the same however the rows are batched."""
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        total += _value_bytes(column)
    return total


def _value_bytes(column: pa.Array[Any]) -> Sizes:
    kind: Any = column.type
    if is_text(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        plain: Any = pc.cast(column, pa.large_string()) if pa.types.is_string_view(kind) else column
        return _filled(pc.binary_length(plain)) + 8
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        lists: Any = column
        lengths = _filled(pc.list_value_length(lists))
        inner: Sizes = np.concatenate([np.zeros(1, np.int64), np.cumsum(_value_bytes(lists.flatten()))])
        ends = np.cumsum(lengths)
        found: Sizes = inner[ends] - inner[ends - lengths] + 8
        return found
    if pa.types.is_struct(kind):
        fields: Any = column
        total = np.ones(len(column), np.int64)
        for field in fields.flatten():
            total += _value_bytes(field)
        return total
    if pa.types.is_dictionary(kind):
        return np.full(len(column), 8, np.int64)
    try:
        return np.full(len(column), max(1, kind.bit_width // 8), np.int64)
    except ValueError:
        return np.full(len(column), _ODD_BYTES, np.int64)


def _filled(lengths: Any) -> Sizes:
    filled: Sizes = lengths.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return filled


def shortened(batch: pa.RecordBatch, characters: int) -> pa.RecordBatch:
    """Texts cut to so many characters, binary values to so many bytes."""
    columns: list[Any] = []
    for column in batch.columns:
        kind = column.type
        if is_text(kind) and not pa.types.is_string_view(kind):
            columns.append(pc.utf8_slice_codeunits(column, 0, characters))
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            columns.append(pc.binary_slice(column, 0, characters))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

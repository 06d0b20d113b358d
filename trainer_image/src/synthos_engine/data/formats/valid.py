"""Rows of binary formats, checked before anybody works with them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from synthos_api.errors import CorruptData

from ..source import Source

_ASCII: Final = 128


def check_values(batch: pa.RecordBatch, source: Source, first_row: int) -> None:
    """Raises CorruptData with the row of text that is no UTF-8, or of offsets that lead nowhere.

    `first_row` is the number in the file of the batch's first row.
    """
    try:
        batch.validate(full=True)
    except pa.ArrowException as error:
        row = first_row + _first_invalid(batch)
        words = " ".join(str(error).split())[:300]
        raise CorruptData(f"a value is damaged: {words}").at(source.text, row=row) from error


def check_text(batch: pa.RecordBatch, source: Source, first_row: int) -> None:
    """`check_values` of rows that a decoder of ours made: only text can be wrong in them, and ASCII is not."""
    if not all(_is_plain(column) for column in batch.columns):
        check_values(batch, source, first_row)


def _is_plain(column: pa.Array[Any]) -> bool:
    kind = column.type
    if pa.types.is_primitive(kind) or pa.types.is_binary(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return True
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    buffers: Any = column.buffers()
    _, offsets, content = buffers
    if content is None or not len(column):
        return True
    ends: Any = np.frombuffer(offsets, np.int64 if pa.types.is_large_string(kind) else np.int32)
    first, last = int(ends[column.offset]), int(ends[column.offset + len(column)])
    text: Any = np.frombuffer(content, np.uint8)[first:last]
    return not len(text) or int(text.max()) < _ASCII


def _first_invalid(batch: pa.RecordBatch) -> int:
    low, high = 0, batch.num_rows
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_invalid(batch.slice(low, middle - low)) else (middle, high)
    return low


def _is_invalid(batch: pa.RecordBatch) -> bool:
    try:
        batch.validate(full=True)
    except pa.ArrowException:
        return True
    return False

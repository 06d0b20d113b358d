"""Rows of binary formats, checked before anybody works with them."""

from __future__ import annotations

import pyarrow as pa

from synthos_api.errors import CorruptData

from ..source import Source


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

"""Which columns are content, and of what kind. `__row__` is the row number in the dataset, no content."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

ROW_COLUMN: Final = "__row__"
JSON_MARK: Final = {b"synthos.encoding": b"json"}
"""Field metadata of a text column whose values are JSON (nested or mixed values of a JSONL file)."""


def content_columns(schema: pa.Schema) -> list[str]:
    """Names of the dataset's own columns, in order."""
    return [name for name in schema.names if name != ROW_COLUMN]


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_json(field: pa.Field[pa.DataType]) -> bool:
    return bool(field.metadata and field.metadata.get(b"synthos.encoding") == b"json")


def is_number(kind: pa.DataType) -> bool:
    """Integers, floats and decimals; a boolean is none."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def passes_through(schema: pa.Schema) -> bool:
    """Whether the dataset is plain text: its only content column holds strings."""
    names = content_columns(schema)
    return len(names) == 1 and is_text(schema.field(names[0]).type)


def without_row_numbers(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select(content_columns(batch.schema))

"""Which columns are content, and of what kind. Those that a sample adds (docs/sampling.md) are no content."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

ROW_COLUMN: Final = "__row__"
WEIGHT_COLUMN: Final = "__weight__"
RANK_COLUMN: Final = "__rank__"
STRATUM_COLUMN: Final = "__stratum__"
SAMPLE_COLUMNS: Final = frozenset({ROW_COLUMN, WEIGHT_COLUMN, RANK_COLUMN, STRATUM_COLUMN})
JSON_MARK: Final = {b"synthos.encoding": b"json"}
"""Field metadata of a text column whose values are JSON (nested or mixed values of a JSONL file)."""


def content_columns(schema: pa.Schema) -> list[str]:
    """Names of the dataset's own columns, in order."""
    return [name for name in schema.names if name not in SAMPLE_COLUMNS]


def is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def value_type(kind: pa.DataType) -> pa.DataType:
    """Of a dictionary-encoded column that of its values, else the type itself."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_json(field: pa.Field[pa.DataType]) -> bool:
    return bool(field.metadata and field.metadata.get(b"synthos.encoding") == b"json")


def is_number(kind: pa.DataType) -> bool:
    """Integers, floats and decimals; a boolean is none."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def as_doubles(column: pa.Array[Any]) -> pa.Array[Any]:
    """A float column of any width as doubles that print the same shortest digits (0.1, not 0.10000000149011612)."""
    if pa.types.is_float16(column.type):
        column = pc.cast(column, pa.float32())
    return pc.cast(pc.cast(column, pa.string()), pa.float64()) if pa.types.is_float32(column.type) else column


def unique_names(names: Iterable[str]) -> list[str]:
    """The names, those that occur again with a number behind them."""
    taken: dict[str, None] = {}
    for name in names:
        unique = next(n for n in itertools.chain([name], (f"{name}.{i}" for i in itertools.count(1))) if n not in taken)
        taken[unique] = None
    return list(taken)


def renaming_notes(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """A sentence for each column that `unique_names` gave another name, the first few."""
    pairs = [f"a second column {old!r} is called {new!r}" for old, new in zip(before, after, strict=True) if old != new]
    return tuple(pairs[:8])


def passes_through(schema: pa.Schema) -> bool:
    """Whether the dataset is plain text: its only content column holds strings."""
    names = content_columns(schema)
    return len(names) == 1 and is_text(schema.field(names[0]).type)


def without_row_numbers(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select(content_columns(batch.schema))

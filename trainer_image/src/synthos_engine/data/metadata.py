"""What is known of a dataset without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from synthos_api.v1alpha1 import DataFormat

from .columns import is_json

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class DatasetMetadata:
    """`estimated_memory_mb`: megabytes (10⁶ bytes) of all rows as Arrow columns, from the first rows."""

    format: DataFormat
    total_rows: int
    columns: tuple[Column, ...]
    size_bytes: int
    estimated_memory_mb: float


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    return tuple(Column(field.name, "json" if is_json(field) else str(field.type)) for field in schema)


def estimated_megabytes(first_rows: pa.RecordBatch, total_rows: int) -> float:
    if not first_rows.num_rows:
        return 0.0
    return round(first_rows.nbytes / first_rows.num_rows * total_rows / MEGABYTE, 3)

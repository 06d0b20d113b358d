"""What is known of a dataset without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from synthos_api.v1alpha1 import DataFormat

from .columns import is_json
from .compression import Compression

MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class DatasetMetadata:
    """`estimated_memory_mb`: megabytes (10⁶ bytes) of all rows as Arrow columns, from the first rows.

    `size_bytes` and `files` are of what is stored, compressed or not. `malformed_rows` were dropped
    because the reader was asked to. `notes` tell what a user should know: another ending than the
    content, a column whose type was widened, sheets that were not read.
    """

    format: DataFormat
    total_rows: int
    columns: tuple[Column, ...]
    size_bytes: int
    estimated_memory_mb: float
    files: int = 1
    compression: Compression | None = None
    malformed_rows: int = 0
    notes: tuple[str, ...] = ()


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    return tuple(Column(field.name, "json" if is_json(field) else str(field.type)) for field in schema)

"""What the first look at one file found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa

from .options import STRICT, ReadOptions

Fields: TypeAlias = "Mapping[str, pa.Field[Any]]"
"""Types that columns have to have at least, by name."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`row_bytes`: mean size of a row as Arrow columns, in bytes, from the first rows.

    `notes` are sentences for the user: a type that was widened, what else the file holds.
    `malformed_rows` were dropped, because the user asked for it; `rows` counts those that are left.
    """

    schema: pa.Schema
    rows: int
    row_bytes: float
    notes: tuple[str, ...] = ()
    malformed_rows: int = 0
    options: ReadOptions = STRICT


def mean_row_bytes(first_rows: pa.RecordBatch) -> float:
    return first_rows.nbytes / first_rows.num_rows if first_rows.num_rows else 0.0

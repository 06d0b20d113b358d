"""What kind of data a dataset is, as its schema tells."""

from __future__ import annotations

from typing import Any, Literal

import pyarrow as pa

from .columns import content_columns, is_number, passes_through

Modality = Literal["text", "table", "series"]


def modality_of(schema: pa.Schema) -> Modality:
    """Text: one column of strings. Series: every column a list of numbers, each row a window. Else a table."""
    if passes_through(schema):
        return "text"
    kinds = [schema.field(name).type for name in content_columns(schema)]
    return "series" if kinds and all(map(is_window, kinds)) else "table"


def is_window(kind: Any) -> bool:
    """A list of numbers."""
    listed = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return listed and is_number(kind.value_type)

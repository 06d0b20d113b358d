"""Other types for the same values, as storage formats and exports choose them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def narrowed(table: pa.Table) -> pa.Table:
    """Halves the width of numbers and encodes words by a dictionary.

    Harmless: a single holds seven digits, and the values of our sources have no more that matter. Whole numbers that
    need more than 32 bits keep them.
    """

    def narrow(kind: pa.DataType, values: Any) -> pa.DataType:
        if pa.types.is_list(kind):
            return pa.list_(narrow(kind.value_type, pc.list_flatten(values)))
        if pa.types.is_string(kind):
            return pa.dictionary(pa.int32(), pa.string())
        if pa.types.is_int64(kind):
            ends = [pc.min(values).as_py(), pc.max(values).as_py()]
            return pa.int32() if all(end is None or -(2**31) <= end < 2**31 for end in ends) else kind
        return pa.float32() if pa.types.is_float64(kind) else kind

    return table.cast(
        pa.schema([pa.field(field.name, narrow(field.type, table[field.name])) for field in table.schema])
    )

"""Columns as numpy arrays: numbers, and 64-bit hashes of values. NumPy, Arrow and pandas only."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthos_engine.data.columns import is_number, is_text
from synthos_engine.sample.priority import mixed

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Mask = NDArray[np.bool_]

MISSING_HASH = np.uint64(0x5BD1E995A3F1C7D3)
_CHAIN = np.uint64(0xD6E8FEB86659FD93)


def decoded(column: pa.Array[Any]) -> pa.Array[Any]:
    """The column without dictionary encoding or string views."""
    if pa.types.is_dictionary(column.type):
        return decoded(pc.cast(column, column.type.value_type))
    if pa.types.is_string_view(column.type):
        return pc.cast(column, pa.large_string())
    return column


def missing_mask(column: pa.Array[Any]) -> Mask:
    mask: Mask = column.is_null().to_numpy(zero_copy_only=False)
    return mask


def numbers(column: pa.Array[Any]) -> Floats:
    """Values as doubles, shape (rows,); missing ones are NaN. Numbers, booleans, dates and times only."""
    kind = column.type
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    if pa.types.is_temporal(kind):
        column = pc.cast(column, pa.int32() if kind.bit_width == 32 else pa.int64())
    values: Floats = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values


def is_numeric_like(kind: pa.DataType) -> bool:
    """Whether `numbers` takes the type."""
    plain_time = pa.types.is_temporal(kind) and not pa.types.is_interval(kind)
    return is_number(kind) or bool(pa.types.is_boolean(kind)) or plain_time


def as_text(column: pa.Array[Any]) -> pa.Array[Any]:
    """The column as text; nested values become JSON, binary ones stay binary."""
    kind = column.type
    if is_text(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return column
    texts = [None if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
    return pa.array(texts, pa.large_string())


def value_hashes(column: pa.Array[Any]) -> Hashes:
    """A 64-bit hash of each value, shape (rows,); equal values have equal hashes, missing is one value."""
    column = decoded(column)
    missing = missing_mask(column)
    kind = column.type
    if pa.types.is_floating(kind):
        floats = pc.cast(column, pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
        hashes = mixed((floats + 0.0).view(np.uint64))
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        wide = pa.uint64() if kind == pa.uint64() else pa.int64()
        integers = pc.cast(column, wide).fill_null(0).to_numpy(zero_copy_only=False)
        hashes = mixed(integers.view(np.uint64))
    elif pa.types.is_null(kind):
        return np.full(len(column), MISSING_HASH)
    else:
        # Dates, decimals and the like have no cheaper common form than their text.
        texts = as_text(column) if not pa.types.is_temporal(kind) else pc.cast(column, pa.string())
        hashes = pd.util.hash_array(texts.to_numpy(zero_copy_only=False), categorize=False)
    hashes[missing] = MISSING_HASH
    return hashes


def row_hashes(columns: list[Hashes], rows: int) -> Hashes:
    """One hash for each row from its values' hashes; the order of the columns matters."""
    combined = np.zeros(rows, np.uint64)
    with np.errstate(over="ignore"):
        for hashes in columns:
            combined = mixed(combined * _CHAIN + hashes)
    return combined

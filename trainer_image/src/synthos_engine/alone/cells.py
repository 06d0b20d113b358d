"""Columns as numbers: what the features of tables and series are computed from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import is_number

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def codes(column: pa.ChunkedArray[Any]) -> Ints:
    """A number for each different value, in the order in which they occur; missing values are one of them."""
    whole: Any = column.combine_chunks()
    if pa.types.is_nested(whole.type):
        whole = pa.array([None if value is None else repr(value) for value in whole.to_pylist()], pa.string())
    if not pa.types.is_dictionary(whole.type):
        whole = pc.dictionary_encode(whole, null_encoding="encode")
    indices = whole.indices.to_numpy(zero_copy_only=False)
    return np.unique(np.nan_to_num(np.asarray(indices, float), nan=-1), return_inverse=True)[1].astype(np.int64)


def numbers(column: pa.ChunkedArray[Any]) -> Floats | None:
    """The values as doubles, missing and infinite ones not a number; None where they are no numbers."""
    if not is_number(column.type):
        return None
    try:
        values = np.asarray(pc.cast(column, pa.float64()).to_numpy(), float)
    except pa.ArrowInvalid:
        return None
    return np.where(np.isfinite(values), values, np.nan)

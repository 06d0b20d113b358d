"""Values of HDF5 as Arrow columns.

Integers and floats keep their width; NaN is a missing value, since HDF5 has no other. Text is UTF-8
of fixed or variable length. h5py's booleans are bool, other enumerations dictionaries of their
names. Compound values are structs, further dimensions fixed-size lists, sequences lists.
"""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pyarrow as pa

from .protocol import Refused


def as_array(values: Any, kind: Any, name: str, *, top: bool = True) -> pa.Array[Any]:
    """One Arrow array of `values`, whose first dimension is the rows. Raises Refused."""
    if values.ndim > 1:
        flat = as_array(values.reshape(-1, *values.shape[2:]), kind, name, top=False)
        if not values.shape[1]:
            raise Refused("UnknownFormat", f"column {name!r} has a dimension of size 0")
        return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])
    if kind.names:
        members = [as_array(values[part], kind[part].base, f"{name}.{part}", top=False) for part in kind.names]
        return pa.StructArray.from_arrays(members, names=list(kind.names))
    text = h5py.check_string_dtype(kind)
    if text is not None or kind.kind == "S":
        return _texts(values, name)
    inner = h5py.check_vlen_dtype(kind)
    if inner is not None:
        return _lists(values, inner, name)
    names = h5py.check_enum_dtype(kind)
    if names is not None and kind.kind != "b":
        return _enumeration(values, names, name)
    if kind.kind == "b":
        bits = values.view(np.uint8) if values.flags.c_contiguous else np.ascontiguousarray(values).view(np.uint8)
        if bits.size and bits.max() > 1:
            raise Refused("CorruptData", f"column {name!r}: a boolean that is neither true nor false")
        flags: pa.Array[Any] = pa.array(bits.astype(bool))
        return flags
    if kind.kind in "iu" or (kind.kind == "f" and kind.itemsize <= 8):
        native = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
        numbers: pa.Array[Any] = pa.array(native, from_pandas=top)
        return numbers
    raise Refused("UnknownFormat", f"column {name!r} is of type {kind}, which is not read")


def _texts(values: Any, name: str) -> pa.Array[Any]:
    try:
        return pa.array([_text(value) for value in values.tolist()], pa.string())
    except UnicodeDecodeError as error:
        raise Refused("CorruptData", f"column {name!r}: text that is no UTF-8") from error


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return bytes(value).decode()


def _lists(values: Any, kind: Any, name: str) -> pa.Array[Any]:
    parts = [np.asarray(value, kind.base) for value in values]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)])
    joined = np.concatenate(parts) if parts else np.empty(0, kind.base)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise Refused("DatasetTooLarge", f"column {name!r}: its sequences are too long")
    items = as_array(joined, kind, name, top=False)
    starts: Any = pa.array(offsets.astype(np.int32))
    lists: pa.Array[Any] = pa.ListArray.from_arrays(starts, items)
    return lists


def _enumeration(values: Any, names: dict[str, int], name: str) -> pa.Array[Any]:
    numbers = np.array(list(names.values()), np.int64)
    order = np.argsort(numbers)
    place = np.searchsorted(numbers[order], values.astype(np.int64)).clip(0, len(numbers) - 1)
    found = order[place]
    if not np.array_equal(numbers[found], values.astype(np.int64)):
        raise Refused("CorruptData", f"column {name!r}: a value that its enumeration does not name")
    return pa.DictionaryArray.from_arrays(pa.array(found.astype(np.int32)), pa.array(list(names), pa.string()))

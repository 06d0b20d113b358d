"""64-bit hashes of whole columns at memory speed: no Python object for a value is made, save for very long ones.

Hashes are the same on every machine and in every version of the libraries; they are no defence
against values chosen to collide.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthos_engine.data.columns import is_text
from synthos_engine.data.modality import is_window
from synthos_engine.sample.priority import mixed

from .values import MISSING_HASH, Hashes, missing_mask, value_hashes

_CHAIN: Final = np.uint64(0xD6E8FEB86659FD93)
_WORD: Final = 8
_LONG: Final = 512
"""Bytes up to which values are hashed eight bytes at a time, all at once; the rest of longer ones by BLAKE2b."""
_ROWS: Final = 2048
_CACHE: Final = 1 << 21
_MASKS: Final = np.array([0, *(2 ** (8 * i) - 1 for i in range(1, 9))], np.uint64)

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]


def column_hashes(column: pa.Array[Any]) -> Hashes:
    """A hash of each value, shape (rows,); equal values have equal hashes, missing is one value.

    The column has no dictionary and no string view (`values.decoded`).
    """
    kind = column.type
    if is_text(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        content, offsets = contents(column)
        hashes = bytes_hashes(content, offsets)
    elif pa.types.is_date32(kind) or pa.types.is_time32(kind):
        hashes = mixed(
            column.cast(pa.int32()).cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).view(np.uint64)
        )
    elif (
        pa.types.is_timestamp(kind)
        or pa.types.is_date64(kind)
        or pa.types.is_time64(kind)
        or pa.types.is_duration(kind)
    ):
        hashes = mixed(column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).view(np.uint64))
    elif is_window(kind):
        hashes = _window_hashes(column)
    else:
        return value_hashes(column)
    if column.null_count:
        hashes[missing_mask(column)] = MISSING_HASH
    return hashes


def contents(column: pa.Array[Any]) -> tuple[Bytes, Ints]:
    """All bytes of a text or binary column, and where each value begins and ends among them: shape (rows + 1,)."""
    raw: Any = pc.cast(column, pa.large_binary())
    if raw.null_count:
        raw = raw.fill_null(b"")
    if not len(raw):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, ends, held = raw.buffers()
    offsets = np.frombuffer(ends, np.int64)[raw.offset : raw.offset + len(raw) + 1]
    if held is None:
        return np.empty(0, np.uint8), np.zeros(len(raw) + 1, np.int64)
    return np.frombuffer(held, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def bytes_hashes(content: Bytes, offsets: Ints) -> Hashes:
    """A hash of each piece of `content` between two neighbouring offsets."""
    rows = len(offsets) - 1
    if rows <= _ROWS or len(content) <= _CACHE:
        return _hashes_at_once(content, offsets)
    # Long values group by group, so that a group's bytes stay in the processor's cache over all passes.
    groups = [(first, min(rows, first + _ROWS)) for first in range(0, rows, _ROWS)]
    bounds = [offsets[first : last + 1] for first, last in groups]
    return np.concatenate([_hashes_at_once(content[own[0] : own[-1]], own - own[0]) for own in bounds])


def _hashes_at_once(content: Bytes, offsets: Ints) -> Hashes:
    lengths = np.diff(offsets)
    hashes = mixed(lengths.astype(np.uint64))
    padded = np.concatenate([content, np.zeros(_WORD, np.uint8)])
    # Every run of eight bytes, wherever it begins, as one number.
    words = np.ndarray((len(content) + 1,), "<u8", padded, strides=(1,))
    active: Ints | slice = slice(None)
    starts, left = offsets[:-1], lengths
    for _ in range(_LONG // _WORD):
        some = left > 0
        if not some.all():
            kept = np.flatnonzero(some)
            active = kept if isinstance(active, slice) else active[kept]
            starts, left = starts[kept], left[kept]
        if not len(left):
            return hashes
        piece = words[starts] & _MASKS[np.minimum(left, _WORD)]
        with np.errstate(over="ignore"):
            hashes[active] = mixed(hashes[active] * _CHAIN + piece)
        starts, left = starts + _WORD, left - _WORD
    rows = np.arange(len(hashes))[active]
    for row, start, rest in zip(rows.tolist(), starts.tolist(), left.tolist(), strict=True):
        if rest > 0:
            digest = hashlib.blake2b(content[start : start + rest].tobytes(), digest_size=8).digest()
            hashes[row] ^= np.frombuffer(digest, "<u8")[0]
    return hashes


def _window_hashes(column: pa.Array[Any]) -> Hashes:
    """Of lists of numbers: from their length and a sum over values, each mixed with its place."""
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    lists: Any = column
    values = column_hashes(lists.flatten())
    ends = np.cumsum(lengths)
    place = np.arange(len(values)) - np.repeat(ends - lengths, lengths)
    with np.errstate(over="ignore"):
        sums = np.concatenate([[np.uint64(0)], np.cumsum(mixed(values + mixed(place.astype(np.uint64))))])
        # Sums of 64-bit numbers wrap around, and so do their differences.
        return mixed((sums[ends] - sums[ends - lengths]) * _CHAIN + lengths.astype(np.uint64))

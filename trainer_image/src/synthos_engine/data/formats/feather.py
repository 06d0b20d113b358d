"""Feather version 1 ("FEA1"), read in slices of its columns; version 2 is an Arrow IPC file.

The layout is that of the format's FlatBuffers schema (feather.fbs) and of Arrow's reader: each
column has its bits of validity where a value is missing, 32- or 64-bit offsets of texts, and its
values, each padded to 8 bytes; factors keep their levels in a second array. Read here and not by
Arrow, which has declared its reader deprecated, loads whole files and trusts what they claim.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa

from synthos_api.errors import CorruptData, EmptyDataset

from ..columns import unique_names
from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from . import arrow
from .arrow import ArrowLayout, corrupt
from .flatbuffer import Table
from .valid import check_values

MAGIC: Final = b"FEA1"
_MAX_HEADER_BYTES: Final = 256 * 1024 * 1024
_FIRST_ROWS: Final = 1000
_ROWS_AT_ONCE: Final = 64 * 1024
_PADDED_SINCE: Final = 2
_CATEGORY, _TIMESTAMP, _DATE, _TIME = 1, 2, 3, 4
_UNITS: Final = ("s", "ms", "us", "ns")
_TYPES: Final[tuple[pa.DataType, ...]] = (
    pa.bool_(),
    pa.int8(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.uint8(),
    pa.uint16(),
    pa.uint32(),
    pa.uint64(),
    pa.float32(),
    pa.float64(),
    pa.string(),
    pa.binary(),
)
_LARGE: Final[dict[int, pa.DataType]] = {17: pa.large_string(), 18: pa.large_binary()}


@dataclass(frozen=True)
class _Values:
    """Where the values of a column lie: `validity`, `offsets` and `content` are bytes in the file."""

    kind: pa.DataType
    rows: int
    validity: int | None
    offsets: int
    content: int
    end: int


@dataclass(frozen=True)
class _Column:
    """`levels` are of a factor, whose `values` are indices."""

    values: _Values
    kind: pa.DataType
    levels: _Values | None = None


@dataclass(frozen=True, kw_only=True)
class FeatherLayout(Layout):
    columns: tuple[_Column, ...]


def scan(source: Source, file_format: str, options: ReadOptions, _types: object = None) -> FeatherLayout | ArrowLayout:
    """Reads the table's header and a few rows. Raises EmptyDataset or CorruptData."""
    if source.head(len(MAGIC)) != MAGIC:
        return arrow.scan(source, file_format, options)
    with source.open() as raw, corrupt(source, 0):
        table = Table.root(_header(raw, source.size))
        rows = table.integer(1, "q")
        described = table.tables(2)
        if rows <= 0 or not described:
            raise EmptyDataset("it holds no column" if not described else "it holds no row")
        padded = table.integer(3, "i") >= _PADDED_SINCE
        columns = tuple(_column(column, padded, source.size) for column in described)
        if any(column.values.rows != rows for column in columns):
            raise CorruptData(f"a column does not have the {rows} rows that the file tells")
        names = unique_names(column.text(0) or "" for column in described)
        schema = pa.schema([(name, column.kind) for name, column in zip(names, columns, strict=True)])
        first = _batch(raw, columns, _words(raw, columns), 0, min(rows, _FIRST_ROWS), schema)
    check_values(first, source, 0)
    return FeatherLayout(schema=schema, rows=rows, row_bytes=mean_row_bytes(first), options=options, columns=columns)


def batches(source: Source, layout: FeatherLayout | ArrowLayout, chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, a few at a time."""
    if isinstance(layout, ArrowLayout):
        yield from arrow.batches(source, layout, chunk_rows)
        return
    with source.open() as raw:
        with corrupt(source, 0):
            words = _words(raw, layout.columns)
        for start in range(0, layout.rows, _ROWS_AT_ONCE):
            end = min(layout.rows, start + _ROWS_AT_ONCE)
            with corrupt(source, start):
                batch = _batch(raw, layout.columns, words, start, end, layout.schema)
            check_values(batch, source, start)
            yield batch


def _header(raw: BinaryIO, size: int) -> bytes:
    end = _read(raw, max(0, size - 8), size)
    if size < 20 or end[4:] != MAGIC:
        raise CorruptData("truncated: it does not end with Feather's footer").at(byte=size)
    (length,) = struct.unpack_from("<I", end)
    if not 8 <= length <= min(size - 12, _MAX_HEADER_BYTES):
        raise CorruptData("the footer's length is damaged").at(byte=size - 8)
    return _read(raw, size - 8 - length, size - 8)


def _column(table: Table, padded: bool, size: int) -> _Column:
    stored, about = table.table(1), table.table(3)
    if stored is None:
        raise CorruptData("a column without values")
    values = _values(stored, padded, size)
    tag = table.integer(2, "B")
    if tag and about is None:
        raise CorruptData("a column's type is cut short")
    if about is None or tag == 0:
        return _Column(values, values.kind)
    unit: Any = _UNITS[about.integer(0, "b") % 4] if tag in (_TIMESTAMP, _TIME) else "s"
    if tag == _CATEGORY:
        levels = about.table(0)
        if levels is None:
            raise CorruptData("a factor without levels")
        words = _values(levels, padded, size)
        index: Any = values.kind
        ordered: Any = bool(about.integer(1, "B"))
        return _Column(values, _dictionary(index, words.kind, ordered), words)
    kinds: dict[int, pa.DataType] = {
        _TIMESTAMP: pa.timestamp(unit, _zone(about)) if tag == _TIMESTAMP else pa.null(),
        _DATE: pa.date32(),
        _TIME: pa.time32(unit) if unit in ("s", "ms") else pa.time64(unit),
    }
    kind = kinds.get(tag)
    if kind is None or kind.bit_width != values.kind.bit_width:
        raise CorruptData(f"a column of type {tag} with values of {values.kind}")
    return _Column(_Values(kind, *_place(values)), kind)


def _dictionary(index: Any, words: Any, ordered: Any) -> Any:
    return pa.dictionary(index, words, ordered)


def _zone(about: Table) -> Any:
    return about.text(1) or None


def _place(values: _Values) -> tuple[int, int | None, int, int, int]:
    return values.rows, values.validity, values.offsets, values.content, values.end


def _values(stored: Table, padded: bool, size: int) -> _Values:
    number = stored.integer(0, "b")
    kind: pa.DataType | None = (
        _LARGE.get(number) if number >= len(_TYPES) else (_TYPES[number] if number >= 0 else None)
    )
    if kind is None or stored.integer(1, "b"):
        raise CorruptData(f"values of type {number}, which Feather does not have")
    start, rows, missing, total = (stored.integer(i, "q") for i in (2, 3, 4, 5))
    end = start + total
    if min(start, rows, missing, total) < 0 or end > size:
        raise CorruptData("a column lies beyond the file's end, or is truncated").at(byte=size)

    def after(at: int, length: int) -> int:
        at += length + (-length % 8 if padded else 0)
        if at > end and at - end >= 8:
            raise CorruptData("a column is shorter than its rows").at(byte=end)
        return at

    offsets = after(start, (rows + 7) // 8) if missing else start
    wide = _offset_bytes(kind)
    content = after(offsets, (rows + 1) * wide) if wide and rows else offsets
    if not wide and rows and content + (rows * kind.bit_width + 7) // 8 > end:
        raise CorruptData("a column is shorter than its rows").at(byte=end)
    return _Values(kind, rows, start if missing else None, offsets, content, end)


def _offset_bytes(kind: pa.DataType) -> int:
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        return 4
    return 8 if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind) else 0


def _words(raw: BinaryIO, columns: tuple[_Column, ...]) -> list[pa.Array[Any] | None]:
    found: list[pa.Array[Any] | None] = []
    for column in columns:
        words = None if column.levels is None else _array(raw, column.levels, 0, column.levels.rows)
        if words is not None:
            words.validate(full=True)
        found.append(words)
    return found


def _batch(
    raw: BinaryIO,
    columns: tuple[_Column, ...],
    words: list[pa.Array[Any] | None],
    start: int,
    end: int,
    schema: pa.Schema,
) -> pa.RecordBatch:
    """Rows `start` (a multiple of 8) to `end`."""
    arrays = []
    for column, levels in zip(columns, words, strict=True):
        array: Any = _array(raw, column.values, start, end)
        if levels is not None:
            kind: Any = column.kind
            array = pa.DictionaryArray.from_arrays(array, levels, ordered=kind.ordered, safe=True)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(raw: BinaryIO, values: _Values, start: int, end: int) -> pa.Array[Any]:
    rows = end - start
    validity = None
    if values.validity is not None:
        validity = pa.py_buffer(_read(raw, values.validity + start // 8, values.validity + (end + 7) // 8))
    wide = _offset_bytes(values.kind)
    if not wide:
        bits = values.kind.bit_width
        content = _read(raw, values.content + start * bits // 8, values.content + (end * bits + 7) // 8)
        return pa.Array.from_buffers(values.kind, rows, [validity, pa.py_buffer(content)])
    if not rows:
        return pa.array([], values.kind)
    at = values.offsets + start * wide
    offsets = np.frombuffer(_read(raw, at, at + (rows + 1) * wide), f"<i{wide}")
    first, last = int(offsets[0]), int(offsets[-1])
    if not 0 <= first <= last <= values.end - values.content:
        raise CorruptData("offsets of texts lead nowhere").at(byte=at)
    content = _read(raw, values.content + first, values.content + last)
    moved = pa.py_buffer((offsets - offsets[0]).tobytes())
    return pa.Array.from_buffers(values.kind, rows, [validity, moved, pa.py_buffer(content)])


def _read(raw: BinaryIO, start: int, end: int) -> bytes:
    raw.seek(start)
    content = raw.read(end - start)
    if len(content) != end - start:
        raise CorruptData("truncated").at(byte=start + len(content))
    return content

"""JSON, one document: an array of objects, the same as the only member of an object, or columns.

`[{"a": 1}, …]` and `{"data": [{"a": 1}, …]}` are rows; `{"a": [1, …], "b": ["x", …]}` are columns of
equal length. Types are those of JSON Lines (`json_values`). The text is held in memory whole, up to
MAX_BYTES of it; rows are decoded a few at a time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import CorruptData, DatasetTooLarge, EmptyDataset, UnknownFormat

from ..checked_text import checked_reader
from ..layout import Fields, Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from .json_values import CHECKED, name_of, reason, record_batch, schema_of

MAX_BYTES: Final = 1024**3
"""Of the text, decompressed."""
MAX_COLUMN_CHARS: Final = 128 * 1024**2
"""Of a document of columns: as Python's values it takes ten times that."""
_ROWS_AT_ONCE: Final = 1024
_FIRST_ROWS: Final = 1000
_BLANK: Final = re.compile(r"[ \t\n\r]*")
_NOT_A_TABLE: Final = "a table is an array of objects, or an object of arrays of equal length"


def scan(source: Source, _file_format: str, options: ReadOptions, types: Fields) -> Layout:
    """Decodes all rows once. Raises EmptyDataset, UnknownFormat, CorruptData with the row, DatasetTooLarge."""
    document = _Document(_text(source), source)
    schema, total = schema_of(document.rows(check=True), types)
    if not total or not len(schema):
        raise EmptyDataset("there is no object with a value").at(source.text)
    first = []
    for row in document.rows(check=False):
        first.append(row)
        if len(first) == _FIRST_ROWS:
            break
    return Layout(
        schema=schema,
        rows=total,
        row_bytes=mean_row_bytes(record_batch(first, schema)),
        notes=document.notes,
        options=options,
    )


def batches(source: Source, layout: Layout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, in batches of this reader's own size."""
    rows: list[dict[str, Any]] = []
    total = 0
    for row in _Document(_text(source), source).rows(check=False):
        rows.append(row)
        total += 1
        if len(rows) == _ROWS_AT_ONCE:
            yield record_batch(rows, layout.schema)
            rows = []
    if rows:
        yield record_batch(rows, layout.schema)
    if total != layout.rows:
        raise CorruptData(f"{total} rows were read where {layout.rows} were counted").at(source.text)


def _text(source: Source) -> str:
    if source.compression is None and source.size > MAX_BYTES:
        raise _too_large(source)
    with checked_reader(source.open(), source.text) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _too_large(source)
    return content.decode()


def _too_large(source: Source) -> DatasetTooLarge:
    words = f"more than {MAX_BYTES} bytes of JSON; write it as JSON Lines, which is read without holding it"
    return DatasetTooLarge(words).at(source.text)


class _Document:
    """Rows of one document; `notes` tell what was taken for the table, once the rows were read."""

    def __init__(self, text: str, source: Source) -> None:
        self._text = text
        self._source = source
        self.notes: tuple[str, ...] = ()

    def rows(self, *, check: bool) -> Iterator[dict[str, Any]]:
        decoder = CHECKED if check else json.JSONDecoder()
        start = self._skip(0)
        if self._text[start : start + 1] == "[":
            yield from self._ended(self._array(start, decoder, check=check))
            return
        if self._text[start : start + 1] != "{":
            raise self._no_table("it is neither an array nor an object")
        member = self._only_array_of_objects(start, decoder)
        if member is None:
            yield from self._columns(start, decoder, check=check)
            return
        name, inner = member
        self.notes = (f"its rows are those of the member {name!r}",)
        yield from self._ended(self._array(inner, decoder, check=check), close="}")

    def _ended(self, rows: Iterator[tuple[dict[str, Any], int]], close: str = "") -> Iterator[dict[str, Any]]:
        """The rows, and a check that nothing but `close` follows them."""
        end = total = 0
        for row, end in rows:  # noqa: B007 (where the last one ended)
            total += 1
            yield row
        end = self._skip(self._text.find("]", end) + 1)
        if close:
            if self._text[end : end + 1] != close:
                raise self._no_table("an array of objects stands beside other members")
            end = self._skip(end + 1)
        self._nothing_after(end, total)

    def _array(self, start: int, decoder: json.JSONDecoder, *, check: bool) -> Iterator[tuple[dict[str, Any], int]]:
        """Objects of the array that begins at `start`, each with the place behind it."""
        at, row = self._skip(start + 1), 0
        if self._text[at : at + 1] == "]":
            return
        while True:
            value, end = self._value(at, decoder, row, check=check)
            if not isinstance(value, dict):
                if row == 0:
                    raise self._no_table(f"the array holds {name_of(value)}")
                raise CorruptData(f"expected a JSON object, found {name_of(value)}").at(self._source.text, row=row)
            yield value, end
            row += 1
            at = self._skip(end)
            sign = self._text[at : at + 1]
            if sign == "]":
                return
            if sign != ",":
                words = f"character {at}: not JSON (expected ',' or ']')" if sign else "truncated: the array has no end"
                raise CorruptData(words).at(self._source.text, row=row)
            at = self._skip(at + 1)

    def _only_array_of_objects(self, start: int, decoder: json.JSONDecoder) -> tuple[str, int] | None:
        """Name and place of the first member, where it is an array of objects and the only member."""
        at = self._skip(start + 1)
        if self._text[at : at + 1] != '"':
            return None
        name, at = self._value(at, decoder, None, check=False)
        at = self._skip(at)
        inner = self._skip(at + 1)
        if self._text[at : at + 1] != ":" or self._text[inner : inner + 1] != "[":
            return None
        return (name, inner) if self._text.startswith("{", self._skip(inner + 1)) else None

    def _columns(self, start: int, decoder: json.JSONDecoder, *, check: bool) -> Iterator[dict[str, Any]]:
        if len(self._text) > MAX_COLUMN_CHARS:
            words = f"more than {MAX_COLUMN_CHARS} characters of JSON columns, which are decoded whole; write rows"
            raise DatasetTooLarge(words).at(self._source.text)
        value, end = self._value(start, decoder, None, check=check)
        self._nothing_after(self._skip(end), None)
        if not value or not all(isinstance(column, list) for column in value.values()):
            raise self._no_table("it is one object")
        lengths = {name: len(column) for name, column in value.items()}
        if len(set(lengths.values())) > 1:
            raise self._no_table(f"the arrays have different lengths ({str(lengths)[:200]})")
        self.notes = ("its members are columns",)
        names = list(value)
        for values in zip(*value.values(), strict=True):
            yield dict(zip(names, values, strict=True))

    def _value(self, at: int, decoder: json.JSONDecoder, row: int | None, *, check: bool) -> tuple[Any, int]:
        try:
            value, end = decoder.raw_decode(self._text, at)
            if check and self._text.find("\\u", at, end) >= 0:
                json.dumps(value, ensure_ascii=False).encode()
        except json.JSONDecodeError as error:
            cut = error.pos >= len(self._text.rstrip())
            words = f"{'truncated, ' if cut else ''}character {error.pos}: not JSON ({error.msg})"
            raise CorruptData(words).at(self._source.text, row=row) from error
        except (ValueError, RecursionError) as error:
            raise CorruptData(reason(error)).at(self._source.text, row=row) from error
        return value, end

    def _nothing_after(self, end: int, row: int | None) -> None:
        if end < len(self._text):
            words = f"character {end}: there is more after the document's end; several documents are JSON Lines"
            raise CorruptData(words).at(self._source.text, row=row)

    def _skip(self, at: int) -> int:
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    def _no_table(self, words: str) -> UnknownFormat:
        return UnknownFormat(f"{words}; {_NOT_A_TABLE}").at(self._source.text)

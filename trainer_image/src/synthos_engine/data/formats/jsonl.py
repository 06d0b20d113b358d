"""JSON Lines: one JSON object on each line, UTF-8; blank lines are skipped.

Two passes, as for CSV: the first finds one schema for the whole file, the second reads with it.
Columns stand in the order in which their names first occur; a name that is absent and a `null` are
both missing. Types: `bool`, `int64`, `double` (also for a mixture of integers below 2⁵³ and
floats), `string`, and `null` for a column without any value. Every other mixture, nested values,
and integers beyond 64 bits are kept as JSON text in a column marked `synthos.encoding: json`, so
nothing is lost or guessed. `NaN` and `Infinity`, which Python writes, are read; a number that
overflows to infinity is an error.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import CorruptData, EmptyDataset

from ..checked_text import checked_reader
from ..columns import JSON_MARK, is_json
from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source

MAX_LINE_BYTES: Final = 256 * 1024 * 1024
MAX_COLUMNS: Final = 10_000
_ROWS_AT_ONCE: Final = 1024
_INT64: Final = range(-(2**63), 2**63)
_EXACT: Final = range(-(2**53), 2**53 + 1)


@dataclass
class _Seen:
    """Kinds of value seen in one column."""

    kinds: set[type] = field(default_factory=set)
    wide: bool = False
    inexact: bool = False

    def add(self, value: Any) -> None:
        if value is None:
            return
        kind = type(value)
        self.kinds.add(kind)
        if kind is int and value not in _EXACT:
            self.inexact = True
            self.wide = self.wide or value not in _INT64

    def as_field(self, name: str) -> pa.Field[Any]:
        if not self.kinds:
            return pa.field(name, pa.null())
        if self.kinds == {bool}:
            return pa.field(name, pa.bool_())
        if self.kinds == {int} and not self.wide:
            return pa.field(name, pa.int64())
        if self.kinds in ({float}, {int, float}) and not self.inexact:
            return pa.field(name, pa.float64())
        if self.kinds == {str}:
            return pa.field(name, pa.string())
        return pa.field(name, pa.string(), metadata=JSON_MARK)


def scan(source: Source, _file_format: str, options: ReadOptions, _types: Mapping[str, pa.DataType]) -> Layout:
    """First pass. Raises EmptyDataset, or CorruptData with the row (0-based) and the line."""
    columns: dict[str, _Seen] = {}
    total = 0
    for row in _objects(source, check=True):
        for name, value in row.items():
            seen = columns.get(name)
            if seen is None:
                seen = columns[name] = _Seen()
                if len(columns) > MAX_COLUMNS:
                    raise CorruptData(f"more than {MAX_COLUMNS} different names").at(source.text, row=total)
            seen.add(value)
        total += 1
    if not total or not columns:
        raise EmptyDataset("there is no object with a value").at(source.text)
    schema = pa.schema([seen.as_field(name) for name, seen in columns.items()])
    first = next(_batches(source, schema))
    return Layout(schema=schema, rows=total, row_bytes=mean_row_bytes(first), options=options)


def batches(source: Source, layout: Layout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """Second pass: the rows, in batches of this reader's own size."""
    total = 0
    for batch in _batches(source, layout.schema):
        total += batch.num_rows
        yield batch
    if total != layout.rows:
        raise CorruptData(f"{total} rows were read where {layout.rows} were counted").at(source.text)


def _batches(source: Source, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    rows: list[dict[str, Any]] = []
    for row in _objects(source, check=False):
        rows.append(row)
        if len(rows) == _ROWS_AT_ONCE:
            yield _record_batch(rows, schema)
            rows = []
    if rows:
        yield _record_batch(rows, schema)


def _record_batch(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for column in schema:
        values = [row.get(column.name) for row in rows]
        if is_json(column):
            values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
        arrays.append(pa.array(values, column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _objects(source: Source, *, check: bool) -> Iterator[dict[str, Any]]:
    """The objects of the file; with `check`, what only a look at the text can tell is checked too."""
    row = 0
    with checked_reader(source.open(), source.text) as lines:
        for number, line in enumerate(_lines(lines, source), start=1):
            if line.isspace():
                continue
            try:
                value = _CHECKED.decode(line.decode()) if check else json.loads(line)
                if check and b"\\u" in line:
                    json.dumps(value, ensure_ascii=False).encode()
            except json.JSONDecodeError as error:
                message = f"line {number}, character {error.pos}: not JSON ({error.msg})"
                raise CorruptData(message).at(source.text, row=row) from error
            except (ValueError, RecursionError) as error:
                raise CorruptData(f"line {number}: {_reason(error)}").at(source.text, row=row) from error
            if not isinstance(value, dict):
                words = f"line {number}: expected a JSON object, found {_NAMES.get(type(value), 'null')}"
                raise CorruptData(words).at(source.text, row=row)
            yield value
            row += 1


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text} is beyond what a double holds")
    return value


_NAMES: Final[dict[type, str]] = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
}


def _lines(file: io.BufferedReader, source: Source) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise CorruptData(f"a line is longer than {MAX_LINE_BYTES} bytes").at(source.text)
        yield line


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return value


_CHECKED: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeEncodeError):
        return "half of a surrogate pair, which is no character"
    return str(error)

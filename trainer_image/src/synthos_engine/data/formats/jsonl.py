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
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import CorruptData, EmptyDataset, SynthosError

from ..checked_text import checked_reader
from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from .json_values import CHECKED, name_of, reason, record_batch, schema_of

MAX_LINE_BYTES: Final = 256 * 1024 * 1024
_ROWS_AT_ONCE: Final = 1024


def scan(source: Source, _file_format: str, options: ReadOptions, _types: Mapping[str, pa.DataType]) -> Layout:
    """First pass. Raises EmptyDataset, or CorruptData with the row (0-based) and the line."""
    try:
        schema, total = schema_of(_objects(source, check=True))
    except SynthosError as error:
        raise error.at(source.text) from error.__cause__
    if not total or not len(schema):
        raise EmptyDataset("there is no object with a value").at(source.text)
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
            yield record_batch(rows, schema)
            rows = []
    if rows:
        yield record_batch(rows, schema)


def _objects(source: Source, *, check: bool) -> Iterator[dict[str, Any]]:
    """The objects of the file; with `check`, what only a look at the text can tell is checked too."""
    row = 0
    with checked_reader(source.open(), source.text) as lines:
        for number, line in enumerate(_lines(lines, source), start=1):
            if line.isspace():
                continue
            try:
                value = CHECKED.decode(line.decode()) if check else json.loads(line)
                if check and b"\\u" in line:
                    json.dumps(value, ensure_ascii=False).encode()
            except json.JSONDecodeError as error:
                message = f"line {number}, character {error.pos}: not JSON ({error.msg})"
                raise CorruptData(message).at(source.text, row=row) from error
            except (ValueError, RecursionError) as error:
                raise CorruptData(f"line {number}: {reason(error)}").at(source.text, row=row) from error
            if not isinstance(value, dict):
                words = f"line {number}: expected a JSON object, found {name_of(value)}"
                raise CorruptData(words).at(source.text, row=row)
            yield value
            row += 1


def _lines(file: io.BufferedReader, source: Source) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise CorruptData(f"a line is longer than {MAX_LINE_BYTES} bytes").at(source.text)
        yield line

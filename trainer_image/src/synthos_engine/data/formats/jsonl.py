"""JSON Lines: one JSON object on each line, UTF-8; blank lines are skipped. Types: json_values.py.

The first lines tell the types, Arrow reads all lines in them, and its rows are kept, so most files
are parsed once. Arrow refuses a value of another type and a name it does not know; then, and where
the lines are not one object each, a strict parser reads the whole file, which finds the types that
hold every value, or names the row that is wrong.
"""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from synthos_api.errors import CorruptData, EmptyDataset

from ..ahead import ahead
from ..checked_text import checked_reader
from ..columns import is_json
from ..kept import KeptRows
from ..layout import Fields, Layout
from ..options import ReadOptions
from ..source import Source
from .dropping import Dropped
from .json_values import EXACT, Object, SeenColumns, decode_checked, name_of, reason, record_batch, schema_of
from .quotes import NeedsCloserLook

MAX_LINE_BYTES: Final = 256 * 1024 * 1024
_FIRST_LINES: Final = 1000
_FIRST_BYTES: Final = 4 * 1024 * 1024
_BLOCK_BYTES: Final = 4 * 1024 * 1024
_ROWS_AT_ONCE: Final = 1024


@dataclass(frozen=True, kw_only=True)
class JsonLinesLayout(Layout):
    """`plain`: Arrow reads the lines."""

    kept: KeptRows
    plain: bool


def scan(source: Source, _file_format: str, options: ReadOptions, types: Fields) -> JsonLinesLayout:
    """First pass. Raises EmptyDataset, or CorruptData with the row (0-based) and the line."""
    drop = options.malformed == "drop"
    dropped = Dropped()
    schema = pa.schema([]) if drop else _first_types(source, types)
    kept = _kept_by_arrow(source, schema)
    plain = kept is not None
    if kept is None:
        schema, rows = schema_of(_objects(source, dropped if drop else None, check=True), types)
        if not len(schema):
            raise EmptyDataset("there is no object with a value").at(source.text)
        kept = None if drop else _kept_by_arrow(source, schema)
        plain = kept is not None
        kept = kept or _kept(_batches(_objects(source, Dropped() if drop else None, check=drop), schema))
        if kept.rows != rows:
            raise CorruptData(f"{kept.rows} rows were read where {rows} were counted").at(source.text)
    return JsonLinesLayout(
        schema=schema,
        rows=kept.rows,
        row_bytes=kept.row_bytes,
        malformed_rows=dropped.rows,
        options=options,
        kept=kept,
        plain=plain,
    )


def batches(source: Source, layout: JsonLinesLayout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows in the types found: those that were kept, else parsed again."""
    if layout.kept.complete:
        yield from layout.kept.batches()
        return
    total = 0
    drop = layout.options.malformed == "drop"
    again = _objects(source, Dropped() if drop else None, check=drop)
    for batch in _arrow_batches(source, layout.schema) if layout.plain else _batches(again, layout.schema):
        total += batch.num_rows
        yield batch
    if total != layout.rows:
        raise CorruptData(f"{total} rows were read where {layout.rows} were counted").at(source.text)


def _kept(read: Iterator[pa.RecordBatch]) -> KeptRows:
    kept = KeptRows()
    for batch in ahead(read):
        kept.add(batch)
    kept.finish()
    return kept


def _first_types(source: Source, types: Fields) -> pa.Schema:
    """Types of the first lines; without any column where they are not plain objects."""
    seen = SeenColumns()
    with source.open() as file:
        for line in islice(io.BytesIO(file.read(_FIRST_BYTES).removeprefix(codecs.BOM_UTF8)), _FIRST_LINES):
            if not line.endswith(b"\n"):
                break
            try:
                seen.add(decode_checked(line.decode()))
            except (ValueError, AttributeError, RecursionError):
                return pa.schema([])
    return seen.schema(types)


def _kept_by_arrow(source: Source, schema: pa.Schema) -> KeptRows | None:
    """The rows, None where Arrow cannot be relied on: it must refuse or read as the strict parser does."""
    if not len(schema) or any(is_json(column) for column in schema):
        return None
    watch = _LineWatch()
    try:
        kept = _kept(_arrow_batches(source, schema, watch))
    except (NeedsCloserLook, pa.ArrowInvalid):
        return None
    return kept if kept.rows == watch.lines else None


def _arrow_batches(source: Source, schema: pa.Schema, watch: _LineWatch | None = None) -> Iterator[pa.RecordBatch]:
    """Raises NeedsCloserLook for integers among doubles that a double does not hold."""
    doubles = [i for i, kind in enumerate(schema.types) if pa.types.is_floating(kind)]
    with checked_reader(source.open(), source.text, watch or _LineWatch()) as raw:
        reader = pyarrow.json.open_json(
            raw,
            read_options=pyarrow.json.ReadOptions(block_size=_BLOCK_BYTES),
            parse_options=pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error"),
        )
        for batch in reader:
            for i in doubles:
                if (pc.max(pc.abs(batch.column(i))).as_py() or 0) >= EXACT:
                    raise NeedsCloserLook
            yield batch


class _LineWatch:
    """Whether every line begins with `{`, none is blank: Arrow also takes what is no JSON Lines.

    A line that is no object must not reach it at all: some end the process.
    """

    def __init__(self) -> None:
        self.lines = 0
        self._begins = True

    def __call__(self, block: bytes, /) -> None:
        if not block:
            return
        ends, at_end = block.count(b"\n"), block.endswith(b"\n")
        inner = block.count(b"\n{")
        if (self._begins and not block.startswith(b"{")) or inner != ends - at_end:
            raise NeedsCloserLook
        self.lines += inner + int(self._begins)
        self._begins = at_end

    def finish(self) -> None:
        pass


def _batches(objects: Iterator[Object], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while rows := list(islice(objects, _ROWS_AT_ONCE)):
        yield record_batch(rows, schema)


def _objects(source: Source, dropped: Dropped | None, *, check: bool) -> Iterator[Object]:
    """The objects of the file; with `check`, what only a look at the text can tell is checked too.

    With `dropped`, lines that are no object are counted there, else the first one is CorruptData.
    """
    row = 0
    opened = source.open() if dropped is not None else checked_reader(source.open(), source.text)
    with opened as lines:
        for number, line in enumerate(_lines(lines, source), start=1):
            if number == 1:
                line = line.removeprefix(codecs.BOM_UTF8)
            if line.isspace():
                continue
            try:
                value = _object(line, number, check=check)
            except CorruptData as error:
                if dropped is None:
                    raise error.at(source.text, row=row) from error.__cause__
                dropped.rows += 1
            else:
                yield value
                row += 1


def _object(line: bytes, number: int, *, check: bool) -> Object:
    try:
        value = decode_checked(line.decode()) if check else json.loads(line)
    except json.JSONDecodeError as error:
        raise CorruptData(f"line {number}, character {error.pos}: not JSON ({error.msg})") from error
    except (ValueError, RecursionError) as error:
        raise CorruptData(f"line {number}: {reason(error)}") from error
    if not isinstance(value, dict):
        raise CorruptData(f"line {number}: expected a JSON object, found {name_of(value)}")
    return value


def _lines(file: BinaryIO | io.BufferedReader, source: Source) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE_BYTES):
        if len(line) == MAX_LINE_BYTES:
            raise CorruptData(f"a line is longer than {MAX_LINE_BYTES} bytes").at(source.text)
        yield line

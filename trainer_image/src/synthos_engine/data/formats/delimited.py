"""CSV and TSV: RFC 4180 with the first row as header, UTF-8, any of the usual delimiters.

Two passes. The first reads the whole file with a strict parser: it counts the rows, refuses ragged
rows, text after a closing quote, and a quote that is never closed, and finds the narrowest type
that holds every value of each column without loss. The second reads with Arrow, every value as
text, and converts to the types found; so a type that changes in the last row changes the column,
never a value.

Types: `bool` (true/false), `int64` (up to 18 digits, no leading zero), `double`, else `string`; a
column without any value is `null`.
Text that a number would not give back (`007`, `+1`, a 19-digit identifier, a fraction of more than
17 digits) stays text, and so do `NA` and dates; of a number's writing only trailing zeros and the
form of an exponent are not kept (`1.10` is `1.1`). An empty field is missing; an empty quoted
field is missing too, except in a column of text, where it is the empty text.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.csv

from synthos_api.errors import CorruptData, EmptyDataset

from ..checked_text import checked_reader
from ..columns import unique_names
from ..detect import HEAD_BYTES, delimiter_of
from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from .scalars import TypeGuess, convert

MAX_FIELD_CHARS: Final = 64 * 1024 * 1024
_ROWS_AT_ONCE: Final = 1024
_SLICE: Final = 64
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
_MIN_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class DelimitedLayout(Layout):
    """`block_bytes` is at least the size of the largest row."""

    delimiter: str
    block_bytes: int


def scan(source: Source, file_format: str, options: ReadOptions, _types: Mapping[str, pa.DataType]) -> DelimitedLayout:
    """First pass. Raises EmptyDataset or CorruptData with the row (0-based, without the header)."""
    head = source.head(HEAD_BYTES)
    delimiter = delimiter_of(head, file_format, whole=len(head) < HEAD_BYTES)
    csv.field_size_limit(MAX_FIELD_CHARS)
    with checked_reader(source.open(), source.text) as raw:
        counted = _Counted(raw)
        text = io.TextIOWrapper(io.BufferedReader(counted), encoding="utf-8", newline="")
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        names = _header(rows, source)
        guesses = [TypeGuess() for _ in names]
        total, largest = 0, 0
        before = counted.count
        for batch in _batches_of_rows(rows, len(names), source, counted):
            total += len(batch)
            largest = max(largest, counted.count - before)
            before = counted.count
            for guess, column in zip(guesses, zip(*batch, strict=True), strict=True):
                guess.add(column)
    if not total:
        raise EmptyDataset("there is a header and no row").at(source.text)
    schema = pa.schema([(name, guess.type) for name, guess in zip(names, guesses, strict=True)])
    block = max(_MIN_BLOCK, largest + 2 * io.DEFAULT_BUFFER_SIZE)
    layout = DelimitedLayout(
        schema=schema, rows=total, row_bytes=0.0, delimiter=delimiter, block_bytes=block, options=options
    )
    return replace(layout, row_bytes=mean_row_bytes(next(batches(source, layout, 0))))


def batches(source: Source, layout: DelimitedLayout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """Second pass: the rows in the types found, in batches of the parser's own size."""
    names = [f"f{i}" for i in range(len(layout.schema))]
    with checked_reader(source.open(), source.text) as raw:
        reader = pyarrow.csv.open_csv(
            raw,
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False, block_size=layout.block_bytes, autogenerate_column_names=True
            ),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        seen = -1
        while True:
            try:
                batch = next(reader, None)
            except pa.ArrowInvalid as error:
                raise CorruptData(f"cannot be parsed: {error}").at(source.text, row=max(seen, 0)) from error
            if batch is None:
                break
            content = batch.slice(1) if seen < 0 else batch
            seen += batch.num_rows
            if content.num_rows:
                yield _typed(content, layout.schema)
    if seen != layout.rows:
        raise CorruptData(f"{seen} rows were read where {layout.rows} were counted").at(source.text)


def _typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [convert(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


class _Counted(io.RawIOBase):
    """Counts the bytes that pass."""

    def __init__(self, inner: io.BufferedReader) -> None:
        super().__init__()
        self._inner = inner
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        got = self._inner.readinto(buffer)
        self.count += got
        return got


def _header(rows: Iterator[list[str]], source: Source) -> list[str]:
    try:
        header = next((row for row in rows if row), None)
    except csv.Error as error:
        raise CorruptData(f"the header cannot be parsed: {error}").at(source.text) from error
    if header is None:
        raise EmptyDataset("there is no row, not even a header").at(source.text)
    return unique_names(header)


def _batches_of_rows(
    rows: Iterator[list[str]], width: int, source: Source, counted: _Counted
) -> Iterator[list[list[str]]]:
    """Rows of the right width, some at a time: few enough that large rows stay within memory."""
    total = 0
    while True:
        batch: list[list[str]] = []
        start = counted.count
        while len(batch) < _ROWS_AT_ONCE and counted.count - start < _BYTES_AT_ONCE:
            piece: list[list[str]] = []
            try:
                # extend() keeps what came before an error, so the row of the error is known.
                piece.extend(itertools.islice(rows, _SLICE))
            except csv.Error as error:
                row = total + len(batch) + sum(1 for r in piece if r)
                raise CorruptData(f"cannot be parsed: {error}").at(source.text, row=row) from error
            if not piece:
                break
            batch.extend(_checked(piece, width, total + len(batch), source))
        if not batch:
            return
        yield batch
        total += len(batch)


def _checked(piece: list[list[str]], width: int, first: int, source: Source) -> list[list[str]]:
    if any(len(row) != width for row in piece):
        piece = [row for row in piece if row]
        for number, row in enumerate(piece):
            if len(row) != width:
                raise CorruptData(f"{len(row)} fields where the header has {width}").at(source.text, row=first + number)
    return piece

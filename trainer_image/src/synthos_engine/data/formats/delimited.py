"""CSV and TSV: RFC 4180 with the first row as header, UTF-8, any of the usual delimiters.

Arrow parses, every value as text; the types are found and the rows kept in the same pass
(settle.py), so a type that changes in the last row changes the column, never a value. Arrow is
lenient, so the bytes are watched while they pass (quotes.py), and where a quote stands in an
unusual place, or Arrow fails, a strict parser reads the file first: it refuses ragged rows, text
after a closing quote, and a quote that is never closed, and names the row.

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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.csv

from synthos_api.errors import CorruptData, EmptyDataset

from ..checked_text import checked_reader
from ..columns import renaming_notes, unique_names
from ..detect import HEAD_BYTES, delimiter_of
from ..kept import KeptRows
from ..layout import Fields, Layout
from ..options import ReadOptions
from ..source import Source
from ..unify import conform
from .dropping import Dropped, is_text, lenient_text, well_formed
from .quotes import LineWatch, NeedsCloserLook, QuoteWatch
from .settle import Settled, Texts, settle, typed

MAX_FIELD_CHARS: Final = 64 * 1024 * 1024
_ROWS_AT_ONCE: Final = 1024
_SLICE: Final = 64
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
_LARGE_ROW: Final = 64 * 1024
"""Bytes of a row on average from which on rows are taken one by one."""
_BLOCK_BYTES: Final = 8 * 1024 * 1024


@dataclass(frozen=True)
class Grammar:
    """How the fields stand in the file; `block_bytes` is at least the size of the largest row."""

    names: tuple[str, ...]
    delimiter: str
    missing: tuple[str, ...]
    block_bytes: int = _BLOCK_BYTES


@dataclass(frozen=True, kw_only=True)
class DelimitedLayout(Layout):
    grammar: Grammar
    kept: KeptRows


def scan(source: Source, file_format: str, options: ReadOptions, types: Fields) -> DelimitedLayout:
    """First pass. Raises EmptyDataset or CorruptData with the row (0-based, without the header)."""
    head = source.head(HEAD_BYTES)
    delimiter = delimiter_of(head, file_format, whole=len(head) < HEAD_BYTES)
    csv.field_size_limit(MAX_FIELD_CHARS)
    with lenient_text(source) if options.malformed == "drop" else _strict_text(source) as text:
        header = _header(csv.reader(text, delimiter=delimiter, strict=True), source)
    names = unique_names(header)
    grammar = Grammar(tuple(names), delimiter, options.missing)
    renamed = renaming_notes(header, names)
    dropped = Dropped()
    if options.malformed == "drop":
        settled = settle(names, lambda: well_formed(source, delimiter, len(names), options.missing, dropped), types)
    else:
        grammar, settled = _strictly(source, grammar, types)
    if not settled.kept.rows and not dropped.rows:
        raise EmptyDataset("there is a header and no row").at(source.text)
    return DelimitedLayout(
        schema=settled.schema,
        rows=settled.kept.rows,
        row_bytes=settled.kept.row_bytes,
        notes=(*renamed, *settled.notes),
        malformed_rows=dropped.rows,
        options=options,
        grammar=grammar,
        kept=settled.kept,
    )


def _strict_text(source: Source) -> io.TextIOWrapper:
    raw = checked_reader(source.open(), source.text, LineWatch(MAX_FIELD_CHARS))
    return io.TextIOWrapper(raw, encoding="utf-8", newline="")


def _strictly(source: Source, grammar: Grammar, types: Fields) -> tuple[Grammar, Settled]:
    try:
        return grammar, settle(grammar.names, lambda: _watched(source, grammar), types)
    except (NeedsCloserLook, pa.ArrowInvalid):
        rows, largest = _checked_rows(source, grammar)
        if not rows:
            raise EmptyDataset("there is a header and no row").at(source.text) from None
        grammar = replace(grammar, block_bytes=max(_BLOCK_BYTES, largest + 2 * io.DEFAULT_BUFFER_SIZE))
        settled = settle(grammar.names, lambda: _texts(source, grammar), types)
        if settled.kept.rows != rows:
            raise CorruptData(f"{settled.kept.rows} rows were read where {rows} were counted").at(source.text) from None
        return grammar, settled


def batches(source: Source, layout: DelimitedLayout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows in the types found: those that were kept, else parsed again."""
    if layout.kept.complete:
        for batch in layout.kept.batches():
            yield conform(batch, layout.schema, source.text)
        return
    grammar, options = layout.grammar, layout.options
    if options.malformed == "drop":
        texts = well_formed(source, grammar.delimiter, len(grammar.names), options.missing, Dropped())
    else:
        texts = _texts(source, grammar)
    seen = 0
    for batch in texts:
        seen += batch.num_rows
        yield typed(batch, layout.schema)
    if seen != layout.rows:
        raise CorruptData(f"{seen} rows were read where {layout.rows} were counted").at(source.text)


def _watched(source: Source, grammar: Grammar) -> Texts:
    with checked_reader(source.open(), source.text, QuoteWatch(grammar.delimiter)) as raw:
        yield from _parsed(raw, grammar)


def _texts(source: Source, grammar: Grammar) -> Texts:
    with checked_reader(source.open(), source.text) as raw:
        try:
            yield from _parsed(raw, grammar)
        except pa.ArrowInvalid as error:
            raise CorruptData(f"cannot be parsed: {error}").at(source.text) from error


def _parsed(raw: io.BufferedReader, grammar: Grammar) -> Texts:
    """The rows below the header, as strings; an unquoted empty field and the texts of `missing` are null."""
    names = [f"f{i}" for i in range(len(grammar.names))]
    reader = pyarrow.csv.open_csv(
        raw,
        read_options=pyarrow.csv.ReadOptions(block_size=grammar.block_bytes, autogenerate_column_names=True),
        parse_options=pyarrow.csv.ParseOptions(delimiter=grammar.delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(names, pa.string()),
            null_values=["", *grammar.missing],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    header = True
    for batch in reader:
        content = batch.slice(1) if header and batch.num_rows else batch
        header = header and not batch.num_rows
        if content.num_rows:
            yield content


def _checked_rows(source: Source, grammar: Grammar) -> tuple[int, int]:
    """(rows, bytes that the largest may have), by a strict parser.

    Raises CorruptData with the row that is wrong.
    """
    total, largest = 0, 0
    with checked_reader(source.open(), source.text, LineWatch(MAX_FIELD_CHARS)) as raw:
        counted = _Counted(raw)
        text = io.TextIOWrapper(io.BufferedReader(counted), encoding="utf-8", newline="")
        rows = csv.reader(text, delimiter=grammar.delimiter, strict=True)
        _header(rows, source)
        before = counted.count
        for batch in _batches_of_rows(rows, len(grammar.names), source, counted):
            total += len(batch)
            largest = max(largest, counted.count - before)
            before = counted.count
    return total, largest


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
    if not all(map(is_text, header)):
        raise CorruptData("the header is not UTF-8 text").at(source.text)
    return header


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
                piece.extend(
                    itertools.islice(rows, 1 if counted.count > _LARGE_ROW * (total + len(batch) + 1) else _SLICE)
                )
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

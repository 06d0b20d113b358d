"""The door to a dataset: what it is, and its rows as a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from synthos_api.errors import CorruptData, EmptyDataset, SchemaMismatch, UsageError
from synthos_api.v1alpha1 import DataFormat

from .detect import Detected, detect_format
from .formats import READERS, Reader
from .layout import Layout
from .metadata import MEGABYTE, DatasetMetadata, columns_of
from .options import STRICT, ReadOptions
from .parts import open_parts
from .recut import recut
from .source import Source, open_source
from .storage_errors import storage_errors
from .unify import conform, holds, unified

DEFAULT_CHUNK_ROWS: Final = 100_000


@dataclass(frozen=True)
class _Part:
    source: Source
    layout: Layout


@dataclass(frozen=True)
class _Dataset:
    """All files of a dataset, of one format and one schema."""

    reader: Reader
    parts: tuple[_Part, ...]
    schema: pa.Schema
    metadata: DatasetMetadata


class DatasetLoader:
    """Reads datasets from paths, file:// and s3:// URIs, one chunk in memory at a time.

    A dataset is one file, a folder or a glob of part files, or the objects below an S3 prefix. What
    the first look at it found (its schema; of text formats the parsed rows too, on disk where they
    are large) is kept for the loader's lifetime, as long as sizes, times and ETags stay the same.

    Every method raises DataError (DatasetNotFound, DatasetForbidden, UnknownFormat, EmptyDataset,
    CorruptData, SchemaMismatch, DatasetTooLarge) or StorageUnavailable / StorageTimeout, with the
    file's name and, where it is known, the row (0-based, within that file) or byte.
    """

    def __init__(self, chunk_size: int = DEFAULT_CHUNK_ROWS, options: ReadOptions = STRICT) -> None:
        if chunk_size < 1:
            raise UsageError(f"chunk_size must be at least 1, not {chunk_size}")
        self.chunk_size = chunk_size
        self._options = options
        self._known: dict[tuple[str, tuple[tuple[str, str], ...], DataFormat | None], _Dataset] = {}

    def get_metadata(self, uri: str, file_format: DataFormat | None = None) -> DatasetMetadata:
        """Format, rows, columns and sizes. Text formats are read through once, never held in memory."""
        return self._dataset(str(uri), file_format).metadata

    def schema(self, uri: str, file_format: DataFormat | None = None) -> pa.Schema:
        """The one schema that every chunk has."""
        return self._dataset(str(uri), file_format).schema

    def stream_chunks(
        self, uri: str, file_format: DataFormat | None = None, *, chunk_size: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows in order, as batches of exactly `chunk_size` rows, the last one shorter."""
        dataset = self._dataset(str(uri), file_format)
        size = chunk_size or self.chunk_size
        yield from recut(_rows(dataset, size), size)

    def _dataset(self, uri: str, stated: DataFormat | None) -> _Dataset:
        sources = open_parts(uri)
        key = (uri, tuple((source.text, source.version) for source in sources), stated)
        if key not in self._known:
            found = _first_look(sources, stated, self._options)
            # What was known of another version of it only takes room.
            self._known = {k: v for k, v in self._known.items() if (k[0], k[2]) != (uri, stated)} | {key: found}
        return self._known[key]


def _rows(dataset: _Dataset, chunk_rows: int) -> Iterator[pa.RecordBatch]:
    for part in dataset.parts:
        with storage_errors(part.source.text):
            try:
                for batch in dataset.reader.batches(part.source, part.layout, chunk_rows):
                    yield conform(batch, dataset.schema, part.source.text)
            except pa.ArrowInvalid as error:
                raise CorruptData(f"its values are no longer of the types found before: {error}") from error
            if open_source(part.source.text).version != part.source.version:
                raise CorruptData("it changed while it was read; rows of two versions may have been mixed")


def _first_look(sources: list[Source], stated: DataFormat | None, options: ReadOptions) -> _Dataset:
    sources, found, empty = _formats(sources, stated)
    found_format = found[0].format
    reader = READERS[found_format]
    _check_options(options, found_format, sources[0].text)
    looked: list[tuple[Source, Detected, Layout]] = []
    for source, seen in zip(sources, found, strict=True):
        try:
            with storage_errors(source.text):
                looked.append((source, seen, reader.scan(source, found_format, options, {})))
        except EmptyDataset:
            if len(sources) == 1:
                raise
            empty.append(source.text)
    if not looked:
        raise EmptyDataset("no file of it holds a row").at(sources[0].text)
    sources, found = [source for source, _, _ in looked], [seen for _, seen, _ in looked]
    layouts = [layout for _, _, layout in looked]
    schema = unified([(s.text, x.schema) for s, x in zip(sources, layouts, strict=True)], found_format)
    if reader.types_from_text:
        # Only the text itself tells a value in a wider type: such parts are looked at again.
        while True:
            types = {field.name: field for field in schema}
            layouts = [
                layout if holds(layout.schema, schema) else reader.scan(source, found_format, options, types)
                for source, layout in zip(sources, layouts, strict=True)
            ]
            wider = unified([(s.text, x.schema) for s, x in zip(sources, layouts, strict=True)], found_format)
            if wider.equals(schema, check_metadata=True):
                break
            schema = wider
    parts = tuple(_Part(source, layout) for source, layout in zip(sources, layouts, strict=True))
    metadata = _metadata(parts, schema, found_format, found)
    notes = tuple(f"{place} holds no row" for place in empty)
    return _Dataset(reader, parts, schema, replace(metadata, notes=metadata.notes + notes))


def _check_options(options: ReadOptions, file_format: DataFormat, place: str) -> None:
    """Raises UsageError for an option that the format has no use for: it would be ignored without a word."""
    given = {
        "a sheet is named": (options.sheet is not None, ("EXCEL",)),
        "a table is named": (options.table is not None, ("HDF5",)),
        "texts are to mean missing values": (bool(options.missing), ("CSV", "TSV")),
        "malformed rows are to be dropped": (options.malformed == "drop", ("CSV", "TSV", "JSONL")),
    }
    for words, (stated, formats) in given.items():
        if stated and file_format not in formats:
            raise UsageError(f"{words}, which is for {' and '.join(formats)}, and it is {file_format}").at(place)


def _formats(sources: list[Source], stated: DataFormat | None) -> tuple[list[Source], list[Detected], list[str]]:
    """(files, what each is, names of files without content), of one format. One file is never left out."""
    found: list[tuple[Source, Detected]] = []
    empty: list[str] = []
    for source in sources:
        try:
            found.append((source, detect_format(source, stated)))
        except EmptyDataset:
            if len(sources) == 1:
                raise
            empty.append(source.text)
    if not found:
        raise EmptyDataset("no file of it has content").at(sources[0].text)
    place, first = found[0][0].text, found[0][1].format
    for source, other in found:
        if other.format != first:
            message = f"is {other.format} where {place} is {first}; one dataset has one format"
            raise SchemaMismatch(message).at(source.text)
    return [source for source, _ in found], [seen for _, seen in found], empty


def _metadata(
    parts: tuple[_Part, ...], schema: pa.Schema, file_format: DataFormat, found: list[Detected]
) -> DatasetMetadata:
    rows = sum(part.layout.rows for part in parts)
    if not rows:
        raise EmptyDataset("every row is malformed").at(parts[0].source.text)
    several = len(parts) > 1
    notes = [
        f"{part.source.text}: {note}" if several else note
        for part, seen in zip(parts, found, strict=True)
        for note in (*seen.notes, *part.layout.notes)
    ]
    memory = sum(part.layout.row_bytes * part.layout.rows for part in parts) / MEGABYTE
    return DatasetMetadata(
        format=file_format,
        total_rows=rows,
        columns=columns_of(schema),
        size_bytes=sum(part.source.size for part in parts),
        estimated_memory_mb=round(memory, 3),
        files=len(parts),
        compression=parts[0].source.compression,
        malformed_rows=sum(part.layout.malformed_rows for part in parts),
        notes=tuple(notes),
    )

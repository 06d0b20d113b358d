"""The door to a dataset: what it is, and its rows as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import UsageError
from synthos_api.v1alpha1 import DataFormat

from .detect import detect_format
from .formats import delimited, jsonl, parquet
from .metadata import DatasetMetadata
from .recut import recut
from .source import Source, open_source
from .storage_errors import storage_errors

DEFAULT_CHUNK_ROWS: Final = 100_000


@dataclass(frozen=True)
class _Reader:
    scan: Callable[[Source, str], Any]
    batches: Callable[[Source, Any], Iterator[pa.RecordBatch]]


_READERS: Final[dict[str, _Reader]] = {
    "CSV": _Reader(delimited.scan, delimited.batches),
    "TSV": _Reader(delimited.scan, delimited.batches),
    "JSONL": _Reader(jsonl.scan, jsonl.batches),
    "PARQUET": _Reader(parquet.scan, parquet.batches),
}


class DatasetLoader:
    """Reads datasets from paths, file:// and s3:// URIs, one chunk in memory at a time.

    What the first look at a dataset found (its schema) is kept for the loader's lifetime, as long
    as the file's size, time and ETag stay the same.

    Every method raises DataError (DatasetNotFound, DatasetForbidden, UnknownFormat, EmptyDataset,
    CorruptData, DatasetTooLarge) or StorageUnavailable / StorageTimeout, with the file's name and,
    where it is known, the row or byte.
    """

    def __init__(self, chunk_size: int = DEFAULT_CHUNK_ROWS) -> None:
        if chunk_size < 1:
            raise UsageError(f"chunk_size must be at least 1, not {chunk_size}")
        self.chunk_size = chunk_size
        self._layouts: dict[tuple[str, str, DataFormat | None], tuple[DataFormat, Any]] = {}

    def get_metadata(self, uri: str, file_format: DataFormat | None = None) -> DatasetMetadata:
        """Format, rows, columns and sizes. Text formats are read through once, never held."""
        _, _, layout = self._layout(str(uri), file_format)
        metadata: DatasetMetadata = layout.metadata
        return metadata

    def schema(self, uri: str, file_format: DataFormat | None = None) -> pa.Schema:
        """The one schema that every chunk has."""
        _, _, layout = self._layout(str(uri), file_format)
        schema: pa.Schema = layout.schema
        return schema

    def stream_chunks(
        self, uri: str, file_format: DataFormat | None = None, *, chunk_size: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows in order, as batches of exactly `chunk_size` rows, the last one shorter."""
        source, found, layout = self._layout(str(uri), file_format)
        with storage_errors(source.text):
            yield from recut(_READERS[found].batches(source, layout), chunk_size or self.chunk_size)

    def _layout(self, uri: str, stated: DataFormat | None) -> tuple[Source, DataFormat, Any]:
        source = open_source(uri)
        key = (uri, source.version, stated)
        if key not in self._layouts:
            found = detect_format(source, stated)
            self._layouts[key] = (found, _READERS[found].scan(source, found))
        found, layout = self._layouts[key]
        return source, found, layout

"""HDF5: shape and types from the file's headers, rows in slices. See `isolated.hdf5` for what is a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from .parsed import local_copy, parsed
from .plain import plain_batch, plain_schema

_FIRST_ROWS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class Hdf5Layout(Layout):
    """`copy`: a local copy of an S3 object, removed with the layout."""

    copy: Any
    path: str


def scan(source: Source, _file_format: str, options: ReadOptions, _types: object = None) -> Hdf5Layout:
    """Reads headers and a few rows. Raises UnknownFormat, EmptyDataset, CorruptData, DatasetTooLarge or -Forbidden."""
    path, copy = local_copy(source)
    with parsed(source, path, "HDF5", name=options.table, first=_FIRST_ROWS) as found:
        first = next(found.batches(source))
        schema = plain_schema(first.schema, source.text)
    return Hdf5Layout(
        schema=schema,
        rows=found.rows,
        row_bytes=mean_row_bytes(first),
        notes=found.notes,
        options=options,
        copy=copy,
        path=path,
    )


def batches(source: Source, layout: Hdf5Layout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, in slices of the parser's own size."""
    with parsed(source, layout.path, "HDF5", name=layout.options.table) as found:
        for batch in found.batches(source):
            yield plain_batch(batch, layout.schema)

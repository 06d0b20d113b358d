"""Apache Parquet: schema and row count from the footer, rows one row group after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.errors import CorruptData, EmptyDataset, SynthosError

from ..columns import renaming_notes, unique_names
from ..layout import Layout, mean_row_bytes
from ..location import LocalPath
from ..options import ReadOptions
from ..s3 import BLOCK_BYTES
from ..source import Source
from ..storage_errors import storage_errors
from .valid import check_text

_MAGIC: Final = b"PAR1"
_FIRST_ROWS: Final = 1000
_FIRST_BYTES: Final = 64 * 1024
"""Read at once of a column when only its first rows are wanted."""
_BUFFER_BYTES: Final = 1024 * 1024
"""Of each column of a local file: a row group may be larger than memory. Of S3 what one request fetches."""
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a batch in memory, about: wide rows come in smaller batches."""


def scan(source: Source, _file_format: str, options: ReadOptions, _types: object = None) -> Layout:
    """Reads the footer and a few rows. Raises EmptyDataset or CorruptData (truncated, unreadable)."""
    if source.size < 12 or source.tail(4) != _MAGIC:
        raise CorruptData("truncated: it does not end with Parquet's footer").at(source.text, byte=source.size)
    with _arrow_file(source) as raw, _corrupt(source, 0):
        file = pq.ParquetFile(raw, page_checksum_verification=True, buffer_size=_FIRST_BYTES)
        schema = _named_once(file.schema_arrow)
        total = file.metadata.num_rows
        if not total or not len(schema):
            raise EmptyDataset("it holds no row" if len(schema) else "it holds no column")
        first = next(iter(file.iter_batches(_FIRST_ROWS, next(_row_groups(file.metadata, 1)), use_threads=False)))
    notes = renaming_notes(file.schema_arrow.names, schema.names)
    return Layout(schema=schema, rows=total, row_bytes=mean_row_bytes(first), notes=notes, options=options)


def batches(source: Source, layout: Layout, chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, in batches of at most `chunk_rows`."""
    seen = 0
    most = max(1, min(chunk_rows, int(_MOST_BYTES / max(1.0, layout.row_bytes))))
    buffer = _BUFFER_BYTES if isinstance(source.location, LocalPath) else BLOCK_BYTES
    with _arrow_file(source) as raw:
        with _corrupt(source, 0):
            file = pq.ParquetFile(raw, page_checksum_verification=True, buffer_size=buffer)
        for groups in _row_groups(file.metadata, chunk_rows):
            rows = file.iter_batches(batch_size=most, row_groups=groups, use_threads=True)
            while True:
                with _corrupt(source, seen):
                    batch = next(rows, None)
                if batch is None:
                    break
                # Text that is no UTF-8, offsets that lead nowhere: said here, where the row is known.
                check_text(batch, source, seen)
                yield pa.RecordBatch.from_arrays(batch.columns, schema=layout.schema)
                seen += batch.num_rows
    if seen != layout.rows:
        raise CorruptData(f"{seen} rows were read where the footer tells {layout.rows}").at(source.text, row=seen)


def _arrow_file(source: Source) -> Any:
    """A local file is read by Arrow itself, which is faster than through Python."""
    if isinstance(source.location, LocalPath):
        with storage_errors(source.text):
            return pa.OSFile(str(source.location.path), "rb")
    return source.open()


def _row_groups(footer: pq.FileMetaData, rows: int) -> Iterator[list[int]]:
    """Row groups in turn, small ones together: a reader holds on to what it read of the groups it was given."""
    groups: list[int] = []
    held = 0
    for group in range(footer.num_row_groups):
        groups.append(group)
        held += footer.row_group(group).num_rows
        if held >= rows:
            yield groups
            groups, held = [], 0
    if groups:
        yield groups


def _named_once(schema: pa.Schema) -> pa.Schema:
    """Parquet allows two columns of one name; the second gets a number, as in CSV."""
    names = unique_names(schema.names)
    return pa.schema([f.with_name(n) for f, n in zip(schema, names, strict=True)])


@contextmanager
def _corrupt(source: Source, row: int) -> Iterator[None]:
    """Arrow reports damage as ArrowException, and as OSError for damaged pages."""
    try:
        yield
    except SynthosError as error:
        raise error.at(source.text) from error.__cause__
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        words = " ".join(str(error).split())[:300]
        raise CorruptData(f"Parquet cannot be read: {words}").at(source.text, row=row) from error

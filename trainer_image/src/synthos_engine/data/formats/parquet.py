"""Apache Parquet: schema and row count from the footer, rows one row group after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.errors import CorruptData, EmptyDataset, SynthosError

from ..columns import unique_names
from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from .valid import check_values

_MAGIC: Final = b"PAR1"
_FIRST_ROWS: Final = 1000
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of a batch in memory, about: wide rows come in smaller batches."""


def scan(source: Source, _file_format: str, options: ReadOptions, _types: object = None) -> Layout:
    """Reads the footer and a few rows. Raises EmptyDataset or CorruptData (truncated, unreadable)."""
    if source.size < 12 or source.tail(4) != _MAGIC:
        raise CorruptData("truncated: it does not end with Parquet's footer").at(source.text, byte=source.size)
    with source.open() as raw, _corrupt(source, 0):
        file = pq.ParquetFile(raw, page_checksum_verification=True)
        schema = _named_once(file.schema_arrow)
        total = file.metadata.num_rows
        if not total or not len(schema):
            raise EmptyDataset("it holds no row" if len(schema) else "it holds no column")
        first = next(iter(file.iter_batches(batch_size=_FIRST_ROWS, use_threads=False)))
    return Layout(schema=schema, rows=total, row_bytes=mean_row_bytes(first), options=options)


def batches(source: Source, layout: Layout, chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, in batches of at most `chunk_rows`."""
    seen = 0
    with source.open() as raw:
        with _corrupt(source, 0):
            file = pq.ParquetFile(raw, page_checksum_verification=True)
        most = max(1, int(_MOST_BYTES / max(1.0, layout.row_bytes)))
        rows = file.iter_batches(batch_size=min(chunk_rows, most), use_threads=True)
        while True:
            with _corrupt(source, seen):
                batch = next(rows, None)
                if batch is None:
                    break
            # Text that is no UTF-8, offsets that lead nowhere: said here, where the row is known.
            check_values(batch, source, seen)
            yield pa.RecordBatch.from_arrays(batch.columns, schema=layout.schema)
            seen += batch.num_rows
    if seen != layout.rows:
        raise CorruptData(f"{seen} rows were read where the footer tells {layout.rows}").at(source.text, row=seen)


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

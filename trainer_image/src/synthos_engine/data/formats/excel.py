"""Excel: the whole sheet parsed once, its rows kept in a temporary file. See `isolated.excel` for the rules."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from synthos_api.errors import DatasetTooLarge
from synthos_engine.isolated.excel_container import MAX_BYTES

from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from ..storage_errors import storage_errors
from .parsed import local_copy, parsed
from .plain import plain_schema


@dataclass(frozen=True, kw_only=True)
class ExcelLayout(Layout):
    """`kept`: the rows as an Arrow stream, removed with the layout."""

    kept: Any


def scan(source: Source, _file_format: str, options: ReadOptions, _types: object = None) -> ExcelLayout:
    """Parses the sheet. Raises EmptyDataset, UnknownFormat, CorruptData, DatasetTooLarge, DatasetForbidden."""
    if source.size > MAX_BYTES:
        raise DatasetTooLarge(f"{source.size} bytes; at most {MAX_BYTES} are read of an Excel file").at(source.text)
    path, _copy = local_copy(source)
    kept: Any = tempfile.NamedTemporaryFile(prefix="synthos-")  # noqa: SIM115 (removed with the layout)
    with parsed(source, path, "EXCEL", name=options.sheet) as found, storage_errors(source.text):
        rows = found.batches(source)
        first = next(rows)
        schema = plain_schema(first.schema, source.text)
        with pa.ipc.new_stream(kept, schema) as writer:
            for batch in itertools.chain([first], rows):
                writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
        kept.flush()
    return ExcelLayout(
        schema=schema,
        rows=found.rows,
        row_bytes=mean_row_bytes(first),
        notes=found.notes,
        options=options,
        kept=kept,
    )


def batches(_source: Source, layout: ExcelLayout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, in batches of the parser's own size."""
    with Path(layout.kept.name).open("rb") as file:
        yield from pa.ipc.open_stream(file)

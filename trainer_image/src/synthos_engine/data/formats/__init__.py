"""One module for each format: `scan` looks at a file, `batches` reads its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from synthos_api.v1alpha1 import DataFormat

from ..layout import Fields, Layout
from ..options import ReadOptions
from ..source import Source
from . import arrow, delimited, excel, feather, hdf5, json_document, jsonl, parquet


@dataclass(frozen=True)
class Reader:
    """`scan(source, format, options, types)` and `batches(source, layout, chunk_rows)`.

    `types`: of text formats, types that columns have to have at least, because other files of the
    dataset need them; other formats ignore it. `chunk_rows` is the size of batch that is wanted; a
    reader may give any.
    """

    scan: Callable[[Source, DataFormat, ReadOptions, Fields], Layout]
    batches: Callable[[Source, Any, int], Iterator[pa.RecordBatch]]
    types_from_text: bool = False


READERS: Final[dict[DataFormat, Reader]] = {
    "CSV": Reader(delimited.scan, delimited.batches, types_from_text=True),
    "TSV": Reader(delimited.scan, delimited.batches, types_from_text=True),
    "JSONL": Reader(jsonl.scan, jsonl.batches, types_from_text=True),
    "JSON": Reader(json_document.scan, json_document.batches, types_from_text=True),
    "PARQUET": Reader(parquet.scan, parquet.batches),
    "ARROW": Reader(arrow.scan, arrow.batches),
    "FEATHER": Reader(feather.scan, feather.batches),
    "HDF5": Reader(hdf5.scan, hdf5.batches),
    "EXCEL": Reader(excel.scan, excel.batches),
}

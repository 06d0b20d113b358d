"""HDF5: a compound dataset, a numeric dataset, or a group of datasets of equal length, in slices.

A dataset of two dimensions is one column for each of its own columns. Nothing is read from another
file (external links, external storage, virtual datasets), and no filter is loaded from outside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # before the library starts: no plugins
import h5py
import pyarrow as pa

from .hdf5_tables import FoundTable, choose
from .hdf5_values import as_array
from .protocol import Refused, listed, time_limit, write_header

_SLICE_BYTES: Final = 16 * 1024 * 1024
_MAX_ROW_BYTES: Final = 256 * 1024 * 1024
_MAX_COLUMNS: Final = 10_000
_VARIABLE_BYTES: Final = 64
"""What a value of variable length is taken to need."""
_MAX_RATIO: Final = 4096
_ALWAYS_BYTES: Final = 64 * 1024 * 1024


def write_rows(path: str, out: Any, name: str | None, seconds: int, first: int | None = None) -> None:
    """The header and the rows, all or the `first`. Raises Refused, or anything that h5py raises."""
    with time_limit(seconds):
        file = h5py.File(path, "r", locking=False)
        table, notes = choose(file, name)
        for column, dataset in table.columns:
            _check(dataset, column or table.path)
        rows = table.rows
        if not rows:
            raise Refused("EmptyDataset", f"table {table.path!r} holds no row")
        write_header(out, rows, notes)
    writer = None
    for batch in _batches(table, min(rows, first or rows), seconds):
        if writer is None:
            writer = pa.ipc.new_stream(out, batch.schema)
        writer.write_batch(batch)
    if writer is not None:
        writer.close()
    out.flush()
    # Closing a damaged file is one more thing that may fail; everything was read.
    os._exit(0)


def _batches(table: FoundTable, rows: int, seconds: int) -> Iterator[pa.RecordBatch]:
    most = max(_row_bytes(dataset) for _, dataset in table.columns)
    size = max(1, _SLICE_BYTES // most)
    chunks = [dataset.chunks[0] for _, dataset in table.columns if dataset.chunks]
    if chunks and max(chunks) < size:
        # No chunk is decompressed twice.
        size -= size % max(chunks)
    for start in range(0, rows, size):
        with time_limit(seconds):
            try:
                batch = _batch(table, start, min(rows, start + size))
            except (OSError, RuntimeError, KeyError, ValueError) as error:
                words = " ".join(str(error).split())[:300]
                raise Refused("CorruptData", f"HDF5 cannot be read: {words}", start) from error
            except Refused as refused:
                refused.row = start
                raise
        yield batch


def _batch(table: FoundTable, start: int, end: int) -> pa.RecordBatch:
    columns: dict[str, pa.Array[Any]] = {}
    for name, dataset in table.columns:
        values = dataset[start:end]
        if name is not None:
            columns[name] = as_array(values, dataset.dtype, name)
        elif dataset.dtype.names:
            for part in dataset.dtype.names:
                columns[part] = as_array(values[part], dataset.dtype[part].base, part)
        else:
            own = table.path.rsplit("/", 1)[-1] or "value"
            if values.ndim == 2 and values.shape[1] <= _MAX_COLUMNS:
                for number in range(values.shape[1]):
                    columns[f"{own}.{number}"] = as_array(values[:, number], dataset.dtype, own)
            else:
                columns[own] = as_array(values, dataset.dtype, own)
    if not columns:
        raise Refused("EmptyDataset", "it holds no column")
    return pa.RecordBatch.from_pydict(columns)


def _row_bytes(dataset: Any) -> int:
    values = 1
    for size in dataset.shape[1:]:
        values *= int(size)
    each = dataset.dtype.itemsize + _VARIABLE_BYTES * dataset.dtype.hasobject
    return max(1, int(values * each))


def _check(dataset: Any, name: str) -> None:
    """Refuses what leads to other files, filters that are not there, and sizes that cannot be."""
    if dataset.external or (dataset.is_virtual and any(s.file_name != "." for s in dataset.virtual_sources())):
        raise Refused("DatasetForbidden", f"{name!r} keeps its values in another file; only the file itself is read")
    plan = dataset.id.get_create_plist()
    filters = [plan.get_filter(i) for i in range(plan.get_nfilters())]
    missing = [words.decode(errors="replace") or number for number, _, _, words in filters
               if not h5py.h5z.filter_avail(number)]  # fmt: skip
    if missing:
        raise Refused("UnknownFormat", f"{name!r} is compressed with {listed(missing)}, which is not read")
    row = _row_bytes(dataset)
    if row > _MAX_ROW_BYTES:
        raise Refused("DatasetTooLarge", f"a row of {name!r} takes {row} bytes; at most {_MAX_ROW_BYTES} are read")
    held = row * int(dataset.shape[0])
    stored = max(1, dataset.id.get_storage_size())
    if not dataset.is_virtual and held > _ALWAYS_BYTES and held / stored > _MAX_RATIO:
        words = f"{name!r} claims {held} bytes of which {stored} are stored; such a file is not read"
        raise Refused("DatasetTooLarge", words)

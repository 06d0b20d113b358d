"""The stratified sample of a dataset as a Parquet file, read from the dataset in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.errors import SchemaMismatch
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import ROW_COLUMN, DatasetLoader
from synthos_engine.data.columns import as_doubles, content_columns, without_row_numbers
from synthos_engine.data.storage_errors import storage_errors
from synthos_engine.sample import StratifiedSampler

from .profiler import OnRows, Strata, numbered_chunks

_SALT: Final = 0x5A3C_17E9


@dataclass(frozen=True)
class Drawn:
    """`strata` are the rows of each stratum in the dataset, None where all rows were taken unseen."""

    rows: int
    strata: list[int] | None


def draw_sample(
    loader: DatasetLoader,
    dataset: DatasetRef,
    strata: Strata,
    *,
    rows: int,
    seed: int,
    path: Path,
    schema: pa.Schema | None = None,
    on_rows: OnRows = lambda _done, _all: None,
) -> Drawn:
    """Write a stratified sample of `rows` rows (all, where there are no more) to `path`.

    The file holds the dataset's columns, in the order and types of `schema` where that is given,
    after `__row__`, the row's number in the dataset; rows are in ascending order of it. A column
    `__row__` of the dataset itself is replaced.
    """
    total = loader.get_metadata(dataset.uri, dataset.format).total_rows
    chosen: np.ndarray[tuple[int], np.dtype[np.int64]] | None = None
    sizes: list[int] | None = None
    if rows < total:
        # Salted, so that the rows taken are independent of those the clusters were found on.
        salted = seed ^ _SALT
        sampler = StratifiedSampler(strata=strata.count, rows=rows, total_rows=total, seed=salted)
        for first, batch in numbered_chunks(loader, dataset):
            sampler.add(strata.of(batch))
            on_rows(first + batch.num_rows, total)
        chosen, sizes = sampler.chosen(), sampler.sizes
    content = schema or sample_schema(loader.schema(dataset.uri, dataset.format))
    written = _write(loader, dataset, chosen, path, content, on_rows)
    return Drawn(written, sizes)


def sample_schema(schema: pa.Schema) -> pa.Schema:
    """The dataset's own columns."""
    return pa.schema([schema.field(name) for name in content_columns(schema)])


def _write(
    loader: DatasetLoader,
    dataset: DatasetRef,
    chosen: np.ndarray[tuple[int], np.dtype[np.int64]] | None,
    path: Path,
    content: pa.Schema,
    on_rows: OnRows,
) -> int:
    total = loader.get_metadata(dataset.uri, dataset.format).total_rows
    full = pa.schema([pa.field(ROW_COLUMN, pa.int64(), nullable=False), *content])
    written = 0
    with storage_errors(str(path)), pq.ParquetWriter(path, full, compression="zstd") as writer:
        for first, batch in numbered_chunks(loader, dataset):
            last = first + batch.num_rows
            numbers = np.arange(first, last, dtype=np.int64)
            if chosen is not None:
                numbers = chosen[np.searchsorted(chosen, first) : np.searchsorted(chosen, last)]
                batch = batch.take(numbers - first)
            if len(numbers):
                writer.write_batch(_placed(batch, numbers, content, full, dataset.uri))
                written += len(numbers)
            on_rows(last, total)
    return written


def _placed(
    batch: pa.RecordBatch,
    numbers: np.ndarray[tuple[int], np.dtype[np.int64]],
    content: pa.Schema,
    full: pa.Schema,
    place: str,
) -> pa.RecordBatch:
    rows = without_row_numbers(batch).select(content.names)
    try:
        columns = [_as(column, field.type) for column, field in zip(rows.columns, content, strict=True)]
    except pa.ArrowInvalid as error:
        message = f"a value does not fit the type that candidate and reference have in common: {error}"
        raise SchemaMismatch(message).at(place) from error
    return pa.RecordBatch.from_arrays([pa.array(numbers), *columns], schema=full)


def _as(column: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    """The column in a wider type; a narrow float must not gain digits that nobody wrote."""
    if pa.types.is_floating(column.type) and column.type != kind:
        column = as_doubles(column)
    return column.cast(kind)

"""The stratified sample of a dataset as a Parquet file, read from the dataset in bounded memory.

Two passes over the dataset: the first tells the cell of every row (sample/strata.py) and leaves the
cells' numbers in a temporary file, 4 bytes a row, from which rows are chosen; the second writes them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.errors import SchemaMismatch
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.data.columns import (
    RANK_COLUMN,
    ROW_COLUMN,
    STRATUM_COLUMN,
    WEIGHT_COLUMN,
    as_doubles,
    content_columns,
    without_row_numbers,
)
from synthos_engine.data.storage_errors import storage_errors
from synthos_engine.sample import Chosen, sampling_confidence, select, stratify, weights_of
from synthos_engine.sample.labels import MOST_VALUES, Ints, ValueCodes, label_columns
from synthos_engine.sample.naming import Label, in_words
from synthos_engine.sample.selection import Strata, all_rows
from synthos_engine.sample.strata import Shape, Stratification

from .embedding import ColumnScale, embed
from .profiler import OnRows, Profile, numbered_chunks
from .values import decoded, numbers, value_hashes

SEGMENTS: Final = 8
OUTLYING: Final = 3.0
"""Times its cluster's mean distance from the centroid, from which on a row is an outlier."""
_SALT: Final = 0x5A3C_17E9
_BLOCK: Final = 1 << 20
_WORD: Final = 40
"""Characters of a label's value that are shown."""


@dataclass(frozen=True)
class StratumRow:
    """A stratum: its number, what it is, its rows in the dataset and in the sample.

    `weight`: rows of the dataset that each of those stands for; `rate`: of over-representation, 1 where there is none.
    """

    stratum: int
    description: str
    rows: int
    sampled: int
    weight: float
    rate: float


@dataclass(frozen=True)
class Drawn:
    """`strata` are the rows of each stratum in the dataset, None where all rows were taken unseen."""

    rows: int
    confidence: int
    strata: list[int] | None
    table: list[StratumRow]


def draw_sample(
    loader: DatasetLoader,
    dataset: DatasetRef,
    profile: Profile,
    *,
    rows: int,
    seed: int,
    path: Path,
    schema: pa.Schema | None = None,
    on_rows: OnRows = lambda _done, _all: None,
) -> Drawn:
    """Write a stratified sample of `rows` rows (all, where there are no more) to `path`.

    The file holds the dataset's columns, in the order and types of `schema` where that is given, after
    `__row__`, the row's number in the dataset, `__weight__`, the rows that it stands for, `__rank__`,
    its place in the order of taking, and `__stratum__`; rows are in ascending order of their number.
    Columns of the dataset itself with these names are left out.
    """
    total = loader.get_metadata(dataset.uri, dataset.format).total_rows
    # Salted, so that the rows taken are independent of those the clusters were found on.
    salted = seed ^ _SALT
    stratified: Stratification | None = None
    labels: list[Label] = []
    if rows < total:
        with storage_errors(str(path)), tempfile.TemporaryFile(dir=path.parent) as file:
            stratified, labels = _count(loader, dataset, profile, file, on_rows)
            strata = stratified
            chosen = select(lambda: _strata(file, strata), strata.sizes, strata.rates, rows, salted)
            sizes = strata.sizes
    else:
        chosen, sizes = all_rows(total, salted), np.array([total], np.int64)
    weights = weights_of(sizes, chosen.taken)
    content = schema or sample_schema(loader.schema(dataset.uri, dataset.format))
    _write(loader, dataset, _Numbered(chosen, weights), path, content, on_rows)
    table = [
        StratumRow(
            number,
            in_words(stratified, labels, number) if stratified is not None else "all rows",
            int(sizes[number]),
            int(chosen.taken[number]),
            round(float(weights[number]), 6),
            round(float(stratified.rates[number]), 3) if stratified is not None else 1.0,
        )
        for number in np.argsort(-sizes, kind="stable").tolist()
    ]
    confidence = sampling_confidence(sizes, chosen.taken)
    return Drawn(len(chosen.rows), confidence, None if stratified is None else sizes.tolist(), table)


def sample_schema(schema: pa.Schema) -> pa.Schema:
    """The dataset's own columns."""
    return pa.schema([schema.field(name) for name in content_columns(schema)])


def _count(
    loader: DatasetLoader, dataset: DatasetRef, profile: Profile, file: IO[bytes], on_rows: OnRows
) -> tuple[Stratification, list[Label]]:
    """Strata of the dataset; the cell of each row goes to `file`."""
    total = loader.get_metadata(dataset.uri, dataset.format).total_rows
    cells = _Cells(profile, loader.schema(dataset.uri, dataset.format), total)
    counts = np.zeros(int(np.prod(cells.shape)), np.int64)
    for first, batch in numbered_chunks(loader, dataset):
        found = cells.of(batch, first)
        places, held = np.unique(found, return_counts=True)
        counts[places] += held
        file.write(found.astype(np.int32).tobytes())
        on_rows(first + batch.num_rows, total)
    return stratify(counts.reshape(cells.shape)), cells.labels


def _strata(file: IO[bytes], strata: Stratification) -> Iterator[Strata]:
    file.seek(0)
    while block := file.read(4 * _BLOCK):
        yield strata.of_cell[np.frombuffer(block, np.int32)]


class _Cells:
    """The cell of any row: its labels' values, cluster, whether it is an outlier there, and time segment."""

    def __init__(self, profile: Profile, schema: pa.Schema, total: int) -> None:
        self._strata, self._total = profile.strata, total
        clusters = profile.result.clusters
        means = [0.0 if cluster.density is None else 1 / cluster.density for cluster in clusters]
        self._fences = OUTLYING * np.array(means)
        self._names = label_columns(profile.columns)
        self._codes = [ValueCodes() for _ in self._names]
        self._time = _time_scale(profile, schema)
        one, two = ([MOST_VALUES + 1] * len(self._names) + [1, 1])[:2]
        self.shape: Shape = (one, two, len(clusters), 2, SEGMENTS + 1)

    @property
    def labels(self) -> list[Label]:
        return [Label(name, codes.names) for name, codes in zip(self._names, self._codes, strict=True)]

    def of(self, batch: pa.RecordBatch, first: int) -> Ints:
        """Flat cell numbers of the rows `first`, `first` + 1, …"""
        values = [self._values(batch.column(name), codes) for name, codes in zip(self._names, self._codes, strict=True)]
        values += [np.zeros(batch.num_rows, np.int64)] * (2 - len(values))
        clusters, distances = self._strata.model.assign(embed(batch, self._strata.scales))
        outlying = (distances > self._fences[clusters]).astype(np.int64)
        cell = np.ravel_multi_index((*values, clusters, outlying, self._segments(batch, first)), self.shape)
        return cell.astype(np.int64)

    def _values(self, column: pa.Array[Any], codes: ValueCodes) -> Ints:
        return codes.of(value_hashes(column), lambda place: str(column[place].as_py())[:_WORD])

    def _segments(self, batch: pa.RecordBatch, first: int) -> Ints:
        if self._time is None:
            return (first + np.arange(batch.num_rows, dtype=np.int64)) * SEGMENTS // self._total
        times = numbers(decoded(batch.column(self._time.name)))
        # Equal parts of the evenly filled range that has the column's mean and deviation; its ends are open.
        place = ((times - self._time.mean) / (np.sqrt(12) * self._time.deviation) + 0.5) * SEGMENTS
        known = np.clip(np.floor(np.nan_to_num(place)), 0, SEGMENTS - 1).astype(np.int64)
        return np.where(np.isnan(times), SEGMENTS, known)


def _time_scale(profile: Profile, schema: pa.Schema) -> ColumnScale | None:
    """Of the first column of dates or times of day and year that has enough different ones to be cut by."""
    scales = {scale.name: scale for scale in profile.strata.scales}
    for column in profile.columns:
        kind = schema.field(column.name).type
        if (pa.types.is_timestamp(kind) or pa.types.is_date(kind)) and column.distinct > SEGMENTS:
            return scales.get(column.name)
    return None


@dataclass(frozen=True)
class _Numbered:
    """The rows to write, and their columns that are no content."""

    chosen: Chosen
    weights: np.ndarray[tuple[int], np.dtype[np.float64]]

    FIELDS: ClassVar[list[pa.Field[Any]]] = [
        pa.field(ROW_COLUMN, pa.int64(), nullable=False),
        pa.field(WEIGHT_COLUMN, pa.float64(), nullable=False),
        pa.field(RANK_COLUMN, pa.int64(), nullable=False),
        pa.field(STRATUM_COLUMN, pa.int32(), nullable=False),
    ]

    def between(self, first: int, last: int) -> slice:
        a, b = np.searchsorted(self.chosen.rows, [first, last]).tolist()
        return slice(a, b)

    def columns(self, part: slice) -> list[pa.Array[Any]]:
        strata = self.chosen.strata[part]
        arrays: Sequence[Any] = (self.chosen.rows[part], self.weights[strata], self.chosen.ranks[part], strata)
        return [pa.array(array, field.type) for array, field in zip(arrays, self.FIELDS, strict=True)]


def _write(
    loader: DatasetLoader, dataset: DatasetRef, numbered: _Numbered, path: Path, content: pa.Schema, on_rows: OnRows
) -> None:
    total = loader.get_metadata(dataset.uri, dataset.format).total_rows
    full = pa.schema([*_Numbered.FIELDS, *content])
    with storage_errors(str(path)), pq.ParquetWriter(path, full, compression="zstd") as writer:
        for first, batch in numbered_chunks(loader, dataset):
            last = first + batch.num_rows
            part = numbered.between(first, last)
            rows = numbered.chosen.rows[part]
            if len(rows):
                batch = batch if len(rows) == batch.num_rows else batch.take(rows - first)
                columns = numbered.columns(part) + _content(batch, content, dataset.uri)
                writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=full))
            on_rows(last, total)


def _content(batch: pa.RecordBatch, content: pa.Schema, place: str) -> list[pa.Array[Any]]:
    rows = without_row_numbers(batch).select(content.names)
    try:
        return [_as(column, field.type) for column, field in zip(rows.columns, content, strict=True)]
    except pa.ArrowInvalid as error:
        message = f"a value does not fit the type that candidate and reference have in common: {error}"
        raise SchemaMismatch(message).at(place) from error


def _as(column: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    """The column in a wider type; a narrow float must not gain digits that nobody wrote."""
    if pa.types.is_floating(column.type) and column.type != kind:
        column = as_doubles(column)
    return column.cast(kind)

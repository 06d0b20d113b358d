"""All of a profile that one pass gathers; sketches of parts of a dataset merge into that of the whole."""

from __future__ import annotations

from typing import Final, Self

import numpy as np
import pyarrow as pa

from synthos_engine.data.columns import content_columns, is_number, without_row_numbers

from .columns import ColumnSketch
from .distinct import DistinctSketch
from .moments import Comoments
from .reservoir import RowReservoir
from .values import numbers, row_hashes, value_hashes

ROW_CAPACITY: Final = 1_048_576
MAX_CORRELATED: Final = 256
"""Correlations are taken of the first this many numeric columns."""


class DatasetSketch:
    def __init__(self, schema: pa.Schema, seed: int) -> None:
        names = content_columns(schema)
        self.columns = [ColumnSketch(name, schema.field(name).type) for name in names]
        self.numeric = [name for name in names if is_number(schema.field(name).type)][:MAX_CORRELATED]
        self.comoments = Comoments(len(self.numeric))
        self.rows = DistinctSketch(ROW_CAPACITY)
        self.reservoir = RowReservoir(seed)
        self.total_rows = 0

    def add(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Take in rows `first_row`, `first_row` + 1, … of the dataset."""
        batch = without_row_numbers(batch)
        hashes = [value_hashes(column) for column in batch.columns]
        for sketch, column, values in zip(self.columns, batch.columns, hashes, strict=True):
            sketch.add(column, values)
        if len(self.numeric) > 1:
            self.comoments.add(np.stack([numbers(batch.column(name)) for name in self.numeric], axis=1))
        self.rows.add(row_hashes(hashes, batch.num_rows))
        self.reservoir.add(batch, first_row)
        self.total_rows += batch.num_rows

    def merge(self, other: Self) -> None:
        """Take in what another sketch saw of other rows of the same dataset."""
        for mine, theirs in zip(self.columns, other.columns, strict=True):
            mine.merge(theirs)
        self.comoments.merge(other.comoments)
        self.rows.merge(other.rows)
        self.reservoir.merge(other.reservoir)
        self.total_rows += other.total_rows

"""All of a profile that one pass gathers; sketches of parts of a dataset merge into that of the whole."""

from __future__ import annotations

from typing import Final, Self

import numpy as np
import pyarrow as pa

from synthos_engine.data.columns import content_columns, is_number, is_text, value_type, without_row_numbers

from .columns import ColumnSketch
from .distinct import DistinctSketch
from .moments import Comoments
from .order import StretchReservoir
from .reservoir import RowReservoir
from .values import decoded, numbers, row_hashes

ROW_CAPACITY: Final = 1_048_576
MAX_CORRELATED: Final = 256
"""Correlations are taken of the first this many numeric columns."""
MAX_ORDERED: Final = 16
"""Columns of numbers or times whose order of rows is looked at: the first this many."""
TEXT_ROWS: Final = 4096
TEXT_BYTES: Final = 32 * 1024 * 1024
TEXT_CHARS: Final = 8192
MAX_TEXTS: Final = 16
"""Text columns of which longer pieces are kept: the first this many."""


class DatasetSketch:
    """Of some rows of a dataset; what it holds is a function of those rows and the seed.

    Moments and sums of products are so up to rounding, everything else exactly.
    """

    def __init__(self, schema: pa.Schema, seed: int) -> None:
        names = content_columns(schema)
        kinds = {name: value_type(schema.field(name).type) for name in names}
        self.columns = [ColumnSketch(name, schema.field(name).type) for name in names]
        self.numeric = [name for name in names if is_number(kinds[name])][:MAX_CORRELATED]
        self.comoments = Comoments(len(self.numeric))
        self.rows = DistinctSketch(ROW_CAPACITY)
        self.reservoir = RowReservoir(seed)
        self.ordered = [n for n in names if is_number(kinds[n]) or _is_time(kinds[n])][:MAX_ORDERED]
        self.stretches = StretchReservoir(seed, len(self.ordered))
        self.text_names = [name for name in names if is_text(kinds[name])][:MAX_TEXTS]
        self.texts = RowReservoir(seed, TEXT_ROWS, TEXT_BYTES, TEXT_CHARS)
        self.total_rows = 0

    def add(self, batch: pa.RecordBatch, first_row: int) -> None:
        """Take in rows `first_row`, `first_row` + 1, … of the dataset."""
        if not batch.num_rows:
            return
        batch = without_row_numbers(batch)
        hashes = [sketch.add(column) for sketch, column in zip(self.columns, batch.columns, strict=True)]
        if len(self.numeric) > 1:
            self.comoments.add(np.stack([numbers(decoded(batch.column(name))) for name in self.numeric], axis=1))
        self.rows.add(row_hashes(hashes, batch.num_rows))
        self.reservoir.add(batch, first_row)
        if self.text_names:
            self.texts.add(batch.select(self.text_names), first_row)
        if self.ordered:
            own = batch.select(self.ordered)
            for stretch, first, end in self.stretches.wanted(first_row, batch.num_rows):
                piece = own.slice(first, end - first)
                values = np.stack([numbers(decoded(column)) for column in piece.columns], axis=1)
                self.stretches.add(stretch, first_row + first, values)
        self.total_rows += batch.num_rows

    def merge(self, other: Self) -> None:
        """Take in what another sketch saw of other rows of the same dataset."""
        for mine, theirs in zip(self.columns, other.columns, strict=True):
            mine.merge(theirs)
        self.comoments.merge(other.comoments)
        self.rows.merge(other.rows)
        self.reservoir.merge(other.reservoir)
        self.texts.merge(other.texts)
        self.stretches.merge(other.stretches)
        self.total_rows += other.total_rows


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))

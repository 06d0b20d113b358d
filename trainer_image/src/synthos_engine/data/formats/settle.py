"""Columns of text become typed columns in one pass: optimistic, corrected where a later row demands it.

A batch is converted to the types that its rows and those before it allow, and kept. When a later
row needs a wider type, what was kept is cast if that gives back the text as it was written; if it
does not (`1.10` is no longer known once it is 1.1), the pass begins again with the wider type.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from ..ahead import ahead
from ..kept import KeptRows
from ..layout import Fields
from .scalars import TypeGuess, convert, has_empty

_FIRST_ROWS: Final = 1000
_PASSES_KEPT: Final = 3
"""After so many beginnings only the types are sought; then the rows are parsed once more for each reader."""

Texts = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Settled:
    """`kept` holds the rows, in types that cast to `schema` without loss, unless it is not complete."""

    schema: pa.Schema
    kept: KeptRows
    notes: tuple[str, ...]


@dataclass
class _Column:
    name: str
    guess: TypeGuess
    type: pa.DataType
    empties: bool = False
    """An empty text was seen: a missing value of a number, a value of a text."""

    def convert(self, texts: pa.Array[Any]) -> pa.Array[Any]:
        values = self.guess.read(texts)
        self.type = self.guess.type
        self.empties = self.empties or has_empty(texts)
        return values


class _Lossy(Exception):
    """What was kept does not tell what a wider type needs."""


@dataclass
class _Pass:
    columns: list[_Column]
    notes: dict[str, str]
    kept: KeptRows
    pool: Executor

    def take(self, texts: pa.RecordBatch) -> None:
        before = [(column.type, copy.copy(column.guess), column.empties) for column in self.columns]
        arrays = list(self.pool.map(_Column.convert, self.columns, texts.columns))
        lossy = False
        for column, (kind, guess, empties), column_texts in zip(self.columns, before, texts.columns, strict=True):
            if self.kept.rows and column.type != kind and not pa.types.is_null(kind):
                row = self.kept.rows + _first_that_widens(guess, kind, column_texts)
                self.notes.setdefault(column.name, _note(column, kind, row))
            if self.kept.rows and column.type != kind:
                lossy = lossy or _loses(kind, column.type, empties=empties)
        if lossy and self.kept.complete:
            raise _Lossy
        if not self.kept.rows:
            self._note_within(texts, [guess for _, guess, _ in before])
        batch = pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self.columns])
        self.kept.add(batch)

    def _note_within(self, texts: pa.RecordBatch, fresh: list[TypeGuess]) -> None:
        """Of the first batch: what its first rows do not show yet. So notes do not depend on the size of batches."""
        for column, guess, column_texts in zip(self.columns, fresh, texts.columns, strict=True):
            guess.add(column_texts.slice(0, _FIRST_ROWS))
            kind = guess.type
            if column.type != kind and not pa.types.is_null(kind):
                row = _FIRST_ROWS + _first_that_widens(guess, kind, column_texts.slice(_FIRST_ROWS))
                self.notes.setdefault(column.name, _note(column, kind, row))


def settle(names: Sequence[str], read: Callable[[], Texts], at_least: Fields) -> Settled:
    """Types and rows of the batches of strings that `read` gives, from the beginning each time.

    A missing value is null, and so is an empty text except in a column of text. `at_least` are
    types that columns have to have (`TypeGuess`). Zero rows give a schema of nulls.
    """
    floors = {name: wanted.type for name, wanted in at_least.items()}
    notes: dict[str, str] = {}
    with ThreadPoolExecutor(min(len(names), os.cpu_count() or 1)) as pool:
        for attempt in range(_PASSES_KEPT + 1):
            columns = [_Column(name, TypeGuess(floors.get(name)), pa.null()) for name in names]
            work = _Pass(columns, notes, KeptRows(), pool)
            work.kept.complete = attempt < _PASSES_KEPT
            try:
                for texts in ahead(read()):
                    work.take(texts)
            except _Lossy:
                floors |= {column.name: column.type for column in columns}
                continue
            work.kept.finish()
            break
    schema = pa.schema([(column.name, column.type) for column in columns])
    return Settled(schema, work.kept, tuple(notes.values()))


def typed(texts: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch of strings in types that `settle` found."""
    columns = [convert(column, kind) for column, kind in zip(texts.columns, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _loses(kept: pa.DataType, wider: pa.DataType, *, empties: bool) -> bool:
    if pa.types.is_null(kept) or pa.types.is_integer(kept):
        return empties and pa.types.is_string(wider)
    return True


def _first_that_widens(before: TypeGuess, kind: pa.DataType, texts: pa.Array[Any]) -> int:
    """Index of the first text that does not fit, by bisection."""
    low, high = 0, len(texts)
    while high - low > 1:
        middle = (low + high) // 2
        trial = copy.copy(before)
        trial.add(texts.slice(0, middle))
        low, high = (low, middle) if trial.type != kind else (middle, high)
    return low


def _note(column: _Column, kind: pa.DataType, row: int) -> str:
    return f"column {column.name!r} is {column.type}, not {kind}, because of row {row}"

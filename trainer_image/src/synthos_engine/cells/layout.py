"""How a table or a series becomes cells: its columns and bins, laid out on the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import ROW_COLUMN, content_columns, is_number, is_text, value_type

from .binning import BINS, Floats, Ints, NumberBins, WordBins
from .problem import Problem

MOST_COLUMNS: Final = 48
"""Of a wider table, so many columns, evenly spaced: cost grows with the square of their number."""
LAGS: Final = 7
"""Steps of a series that the next one is predicted from."""
SERIES_BINS: Final = 16
_SCALE_FLOOR: Final = 0.1
"""Of the median scale of the variable: a window that stands still has no scale of its own."""
_FEWEST_TO_COUNT: Final = 20
_FREE_TEXT: Final = 0.5
"""Share of different values above which words are names or prose; then their length stands for them."""


@dataclass(frozen=True)
class Layout:
    """One problem, and how rows of a dataset become its cells.

    `encode` gives the cells, shape (moments, columns), and of each moment the row it is of: a row of a
    table is one moment, a window of a series has one for each step that is predicted.
    """

    problem: Problem
    encode: Callable[[pa.Table], tuple[Ints, Ints]]


def table_layouts(reference: pa.Table) -> list[Layout]:
    """One problem over all columns that have a simple type and more than one bin; none where there are not two."""
    encoders = list(_encoders(reference).values())
    if len(encoders) < 2:
        return []
    if len(encoders) > MOST_COLUMNS:
        encoders = [encoders[i] for i in np.linspace(0, len(encoders) - 1, MOST_COLUMNS).round().astype(int)]

    def encode(table: pa.Table) -> tuple[Ints, Ints]:
        return np.stack([one.encode(table) for one in encoders], 1), np.arange(table.num_rows)

    counts, ordered = tuple(one.count for one in encoders), tuple(one.ordered for one in encoders)
    return [Layout(Problem(counts, tuple(range(len(counts))), ordered), encode)]


def prose_columns(reference: pa.Table) -> list[str]:
    """Columns of which a table's layout has the lengths of their values, or nothing: prose, names, nested values."""
    return [
        name
        for name in content_columns(reference.schema)
        if not _is_simple(kind := value_type(reference[name].type))
        or (is_text(kind) and _is_prose(reference[name].to_pylist()))
    ]


def counts_rows(table: pa.Table, name: str) -> bool:
    """Whether the column numbers the rows: numbers or times that all differ and stand in order.

    Another part of the same data goes on counting: its values are new, and that says nothing.
    """
    kind = value_type(table[name].type)
    if not (is_number(kind) or pa.types.is_temporal(kind)) or table.num_rows < _FEWEST_TO_COUNT:
        return False
    values = numbers(table[name])
    if ROW_COLUMN in table.schema.names:
        values = values[np.argsort(np.asarray(table[ROW_COLUMN], np.int64), kind="stable")]
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())


def series_layouts(reference: pa.Table) -> list[Layout]:
    """A problem for each variable: its next step from its last ones, and from the others' last values."""
    windows = _windows(reference)
    floors = [_SCALE_FLOOR * _scale_of(values) for values in windows]
    return [layout for v in range(len(windows)) if (layout := _variable_layout(windows, v, floors)) is not None]


@dataclass(frozen=True)
class _Encoder:
    count: int
    ordered: bool
    encode: Callable[[pa.Table], Ints]


def _encoders(reference: pa.Table) -> dict[str, _Encoder]:
    """By column."""
    return {
        name: encoder
        for name in content_columns(reference.schema)
        if not counts_rows(reference, name) and (encoder := _column_encoder(name, reference[name])) is not None
    }


def _is_simple(kind: pa.DataType) -> bool:
    return is_number(kind) or is_text(kind) or bool(pa.types.is_temporal(kind) or pa.types.is_boolean(kind))


def _is_prose(values: Sequence[Any]) -> bool:
    return len(set(values)) > max(BINS, _FREE_TEXT * len(values))


def _column_encoder(name: str, column: pa.ChunkedArray[Any]) -> _Encoder | None:
    kind = value_type(column.type)
    if is_number(kind) or pa.types.is_temporal(kind):
        bins = NumberBins.of(numbers(column))
        return _Encoder(bins.count, True, lambda table: bins(numbers(table[name]))) if len(bins.edges) else None
    if not _is_simple(kind):
        return None
    values = column.to_pylist()
    if _is_prose(values):
        lengths = NumberBins.of(_lengths(values))
        return (
            _Encoder(lengths.count, True, lambda table: lengths(_lengths(table[name].to_pylist())))
            if len(lengths.edges)
            else None
        )
    words = WordBins.of(values)
    return _Encoder(words.count, False, lambda table: words(table[name].to_pylist())) if len(set(values)) > 1 else None


def numbers(column: pa.ChunkedArray[Any]) -> Floats:
    """Not-a-number where a value is missing."""
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_temporal(column.type):
        column = pc.cast(column, pa.int32() if column.type.bit_width == 32 else pa.int64())
    return np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(), np.float64)


def _lengths(values: Sequence[Any]) -> Floats:
    return np.array([np.nan if value is None else len(value) for value in values], np.float64)


def _windows(table: pa.Table) -> list[list[Floats]]:
    """By variable, the values of each row's window."""
    return [
        [np.array([np.nan if v is None else v for v in values or ()], np.float64) for values in table[name].to_pylist()]
        for name in content_columns(table.schema)
    ]


def _scale_of(windows: Sequence[Floats]) -> float:
    """Median over windows of the mean absolute step; 1 where nothing moves."""
    steps = [np.abs(np.diff(values)) for values in windows if len(values) > 1]
    scales = [float(np.nanmean(step)) for step in steps if not np.isnan(step).all()]
    median = float(np.median(scales)) if scales else 0.0
    return median if median > 0 else 1.0 / _SCALE_FLOOR


def _variable_layout(windows: Sequence[Sequence[Floats]], v: int, floors: Sequence[float]) -> Layout | None:
    known, _ = _moments(windows, v, floors)
    if not len(known):
        return None
    bins = [NumberBins.of(column, SERIES_BINS) for column in known.T]
    used = [i for i, one in enumerate(bins) if len(one.edges) or i == len(bins) - 1]
    if len(used) < 2 or not len(bins[-1].edges):
        return None

    def encode(table: pa.Table) -> tuple[Ints, Ints]:
        found, rows = _moments(_windows(table), v, floors)
        return np.stack([bins[i](found[:, i]) for i in used], 1).reshape(-1, len(used)), rows

    counts = tuple(bins[i].count for i in used)
    return Layout(Problem(counts, (len(used) - 1,), (True,) * len(used)), encode)


def _moments(windows: Sequence[Sequence[Floats]], v: int, floors: Sequence[float]) -> tuple[Floats, Ints]:
    """What is known before each step of variable v, then the step, in units of the scale; and each one's window.

    Known are the lags relative to the last value, the last value, the scale (the mean absolute change between
    the lags, as in MASE: Hyndman and Koehler 2006), and of each other variable its last step and last value.
    """
    found: list[Floats] = []
    rows: list[Ints] = []
    for row in range(len(windows[v])):
        if min(len(variable[row]) for variable in windows) <= LAGS:
            continue
        values = windows[v][row]
        before = np.lib.stride_tricks.sliding_window_view(values[:-1], LAGS)
        last = before[:, -1]
        scale = np.fmax(np.abs(np.diff(before, axis=1)).mean(1), floors[v])
        columns = [((before[:, :-1] - last[:, None]) / scale[:, None]), last[:, None], scale[:, None]]
        count = len(before)
        for u, variable in enumerate(windows):
            if u != v:
                other = variable[row][: LAGS + count - 1]
                columns += [(np.diff(other)[-count:] / floors[u])[:, None], other[-count:, None]]
        columns.append(((values[LAGS : LAGS + count] - last) / scale)[:, None])
        # Where windows of a row differ in length, the shortest decides.
        shortest = min(len(column) for column in columns)
        found.append(np.concatenate([column[:shortest] for column in columns], 1))
        rows.append(np.full(shortest, row))
    if not found:
        return np.zeros((0, LAGS + 2 + 2 * (len(windows) - 1))), np.zeros(0, np.int64)
    return np.concatenate(found), np.concatenate(rows)

"""Statistics of tables: columns are cut into bins, and rows are points.

Distribution fidelity: Jensen-Shannon divergence of a column's bins, mean over columns.
Correlation preservation: difference of the mutual information of two columns, mean over pairs.
Diversity retention: probability that a row of the candidate lies nearer to the next of its rows than a row
of the reference does to the next of its own.
Rare pattern handling: of the pairs of values that some rows of the reference have, the share that no
row of the candidate has.
Semantic coherence: share of the candidate's rows near which there is none of the reference's.
Temporal stability does not apply: a sample of a table does not keep which row follows which.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import as_doubles, content_columns
from synthos_engine.profile.values import Hashes, as_text, decoded, is_numeric_like, numbers, value_hashes

from .draws import Floats, Ints, some_rows
from .histograms import contingency, divergence, edges, mutual_information
from .names import CORRELATION, DISTRIBUTION, DIVERSITY, RARE, SEMANTIC
from .neighbours import Points, crowding, projected, unsupported

UNITS: Final = {
    DISTRIBUTION: "bits of divergence, mean over columns",
    CORRELATION: "bits of mutual information, mean over pairs of columns",
    DIVERSITY: "probability of a nearer neighbour",
    RARE: "share of the reference's rare pairs of values",
    SEMANTIC: "share of the candidate's rows",
}
LARGEST_PART: Final = 3000
"""Rows."""
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 32
"""The first ones; the cost grows with their pairs."""
FREQUENT: Final = 20
"""Values of a column that have a bin each; the rest share one. Numbers of more values are cut at quantiles."""
_QUANTILES: Final = (0.005, 0.02, 0.05, *np.linspace(0.1, 0.9, 13), 0.95, 0.98, 0.995)
_RARE_PAIR: Final = (2, 5)
"""How many known rows have a rare pair of values, from and to."""
_LARGEST_WEIGHT: Final = 3.0
"""Of a value's coordinate, so that a column of nearly one value does not outweigh the others."""

Bins = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TableRows:
    """`bins`: shape (rows, columns); `levels`: how many bins each column has."""

    bins: Bins
    levels: tuple[int, ...]
    points: Points

    @property
    def weights(self) -> Floats:
        return np.ones(len(self.bins))

    def take(self, rows: Ints) -> TableRows:
        return TableRows(self.bins[rows], self.levels, self.points[rows])

    def compared_with(self, drawn: TableRows) -> dict[str, float]:
        columns = zip(self.bins.T, drawn.bins.T, self.levels, strict=True)
        return {
            DISTRIBUTION: float(np.mean([_divergence(known, other, count) for known, other, count in columns])),
            DIVERSITY: crowding(self.points, drawn.points),
            SEMANTIC: unsupported(self.points, drawn.points),
        } | _of_pairs(self, drawn)


def encode(candidate: pa.Table, reference: pa.Table, seed: int) -> tuple[TableRows, TableRows]:
    """By bins and scales of the reference; columns are those that both have."""
    names = [name for name in content_columns(reference.schema) if name in candidate.column_names][:MOST_COLUMNS]
    if not names or min(len(candidate), len(reference)) == 0:
        return _empty(), _empty()
    own, theirs = (some_rows(np.ones(len(table)), MOST_ROWS, seed) for table in (candidate, reference))
    columns = [_encode(_column(candidate, name, own), _column(reference, name, theirs)) for name in names]
    levels = tuple(count for _, _, count in columns)
    return _rows([own for own, _, _ in columns], levels), _rows([theirs for _, theirs, _ in columns], levels)


def _divergence(known: Bins, drawn: Bins, count: int) -> float:
    return divergence(np.bincount(known, minlength=count), np.bincount(drawn, minlength=count))


def _of_pairs(known: TableRows, drawn: TableRows) -> dict[str, float]:
    changes = []
    rare = lost = 0
    for i, j in itertools.combinations(range(len(known.levels)), 2):
        shape = known.levels[i], known.levels[j]
        a, b = (contingency(rows.bins[:, i], rows.bins[:, j], shape) for rows in (known, drawn))
        changes.append(abs(mutual_information(a) - mutual_information(b)))
        is_rare = (a >= _RARE_PAIR[0]) & (a <= _RARE_PAIR[1])
        rare += int(is_rare.sum())
        lost += int((is_rare & (b == 0)).sum())
    found = {CORRELATION: float(np.mean(changes))} if changes else {}
    return found | ({RARE: lost / rare} if rare else {})


_Side = tuple[Bins, Points]
"""Bins and coordinates of a column's values."""


def _column(table: pa.Table, name: str, rows: Ints) -> pa.Array[Any]:
    """Of these rows; numbers as doubles that print as they did, so that their width is no difference."""
    return as_doubles(decoded(pa.concat_arrays(table.column(name).chunks)).take(pa.array(rows, pa.int64())))


def _encode(own: pa.Array[Any], theirs: pa.Array[Any]) -> tuple[_Side, _Side, int]:
    """Of both sides, and the number of bins."""
    if all(is_numeric_like(column.type) or pa.types.is_null(column.type) for column in (own, theirs)):
        return _encode_numbers(_finite(numbers(own)), _finite(numbers(theirs)))
    return _encode_values(_hashes(own), _hashes(theirs))


def _hashes(column: pa.Array[Any]) -> Hashes:
    """Of the values as text, so that columns of different types compare."""
    return value_hashes(pc.cast(column, pa.string()) if is_numeric_like(column.type) else as_text(column))


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _encode_numbers(own: Floats, theirs: Floats) -> tuple[_Side, _Side, int]:
    """Bins between quantiles and one of missing values; coordinates are the rank, of unit variance, and missingness."""
    present = np.sort(theirs[~np.isnan(theirs)])
    if len(np.unique(present)) <= FREQUENT:
        return _encode_values(own, theirs)
    bounds = edges(present, _QUANTILES)

    def encode(values: Floats) -> _Side:
        missing = np.isnan(values)
        bins = np.where(missing, len(bounds) + 1, np.searchsorted(bounds, values))
        below, upto = (np.searchsorted(present, values, side=side) for side in ("left", "right"))
        rank = np.where(missing, 0.5, (below + upto) / (2 * len(present)))
        return bins.astype(np.int32), np.stack([rank * np.sqrt(12), missing], axis=1).astype(np.float32)

    return encode(own), encode(theirs), len(bounds) + 2


def _encode_values(own: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> tuple[_Side, _Side, int]:
    """A bin and a coordinate for each frequent value; two rows lie on average as far apart as by a number's rank."""
    different, counts = np.unique(theirs, return_counts=True)
    frequent = np.sort(different[np.argsort(-counts, kind="stable")[:FREQUENT]])
    shares = counts[np.isin(different, frequent)] / max(1, len(theirs))
    other = max(0.0, 1 - float(shares.sum()))
    apart = 1 - float((shares**2).sum()) - other**2
    weight = min(_LARGEST_WEIGHT, 1 / np.sqrt(max(apart, 1e-9)))

    def encode(values: npt.NDArray[Any]) -> _Side:
        bins = np.full(len(values), len(frequent))
        if len(frequent):
            place = np.searchsorted(frequent, values).clip(0, len(frequent) - 1)
            equal = (frequent[place] == values) | ((frequent[place] != frequent[place]) & (values != values))
            bins = np.where(equal, place, len(frequent))
        points = np.zeros((len(values), len(frequent) + 1), np.float32)
        points[np.arange(len(values)), bins] = weight
        return bins.astype(np.int32), points

    return encode(own), encode(theirs), len(frequent) + 1


def _rows(sides: list[_Side], levels: tuple[int, ...]) -> TableRows:
    bins = np.stack([bins for bins, _ in sides], axis=1)
    return TableRows(bins, levels, projected(np.concatenate([points for _, points in sides], axis=1)))


def _empty() -> TableRows:
    return TableRows(np.zeros((0, 0), np.int32), (), np.zeros((0, 0), np.float32))

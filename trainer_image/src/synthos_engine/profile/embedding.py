"""Rows as sparse vectors of one length, whatever their columns: signed feature hashing.

Each column adds a vector of length about 1 to its row (Weinberger et al. 2009, "Feature hashing for
large scale multitask learning"):

* a number its z-score, cut at ±5, spread over PARTS signed coordinates that its column decides;
* a window (a list of numbers) POINTS values of it at equal distances, as z-scores over all of the column's
  values, each spread like a number and together of the weight of one;
* a text the normalised sum of its words' signed coordinates, weighted log(1 + count) · idf;
* a missing value a coordinate of its own.

The sum is divided by the square root of the number of columns.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthos_engine.data.columns import content_columns
from synthos_engine.data.modality import is_window
from synthos_engine.sample.priority import mixed

from .values import Floats, Hashes, Mask, as_text, decoded, is_numeric_like, missing_mask, numbers
from .words import Indices, word_hashes

DIMENSIONS: Final = 1024
PARTS: Final = 4
POINTS: Final = 16
CENTROID: Final = 32
"""Coordinates that a mean vector is brought to, by random signs that are the same for every dataset."""
MAX_EMBEDDED: Final = 512
"""Columns that take part: the first this many."""
_CUT: Final = 5.0

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnScale:
    """How a column's values become weights: `idf` of each coordinate for text, mean and deviation for numbers."""

    name: str
    mean: float = 0.0
    deviation: float = 1.0
    idf: Floats | None = None


@dataclass(frozen=True)
class SparseRows:
    """Vectors of DIMENSIONS coordinates as (row, coordinate, weight); a pair may occur more than once."""

    rows: int
    row: Indices
    coordinate: Indices
    weight: Floats

    def mean(self) -> Floats:
        return np.bincount(self.coordinate, self.weight, DIMENSIONS) / self.rows

    def times(self, matrix: Matrix) -> Matrix:
        """The product with a matrix of shape (DIMENSIONS, k): shape (rows, k)."""
        columns = [np.bincount(self.row, self.weight * axis[self.coordinate], self.rows) for axis in matrix.T]
        return np.stack(columns, axis=1)

    def dense(self, first: int, last: int) -> Matrix:
        """Rows `first` to `last` (excluded) as an ordinary matrix."""
        here = (self.row >= first) & (self.row < last)
        place = (self.row[here] - first) * DIMENSIONS + self.coordinate[here]
        flat: Floats = np.bincount(place, self.weight[here], (last - first) * DIMENSIONS).astype(np.float64)
        return flat.reshape(last - first, DIMENSIONS)


def fit_scales(sampled: pa.RecordBatch) -> tuple[ColumnScale, ...]:
    """Scales of the first MAX_EMBEDDED columns, from a uniform sample of rows."""
    names = content_columns(sampled.schema)[:MAX_EMBEDDED]
    return tuple(_scale(name, decoded(sampled.column(name))) for name in names)


def embed(batch: pa.RecordBatch, scales: tuple[ColumnScale, ...]) -> SparseRows:
    """Vectors of the rows, from the columns named in `scales`."""
    parts: list[tuple[Indices, Indices, Floats]] = []
    for scale in scales:
        column = decoded(batch.column(scale.name))
        missing = missing_mask(column)
        if missing.any():
            parts.append(_spread(scale.name, "missing", missing.astype(np.float64)))
        if is_numeric_like(column.type):
            parts.append(_spread(scale.name, "number", _z_scores(column, scale, missing)))
        elif is_window(column.type):
            parts += [
                _spread(scale.name, f"point {i}", values) for i, values in enumerate(_window_points(column, scale).T)
            ]
        elif not pa.types.is_null(column.type):
            parts.append(_weighted_words(column, scale))
    if not parts:
        return SparseRows(batch.num_rows, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    row, coordinate, weight = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return SparseRows(batch.num_rows, row, coordinate, weight / np.sqrt(len(scales)))


def common_coordinates(vectors: Matrix) -> Matrix:
    """Vectors of shape (rows, DIMENSIONS) brought to CENTROID coordinates, lengths kept on average.

    A fixed random projection (Achlioptas 2003), the same for every dataset, seed and machine: a pair of
    datasets with equal columns has its centroids in one space.
    """
    bits = mixed(np.arange(DIMENSIONS * CENTROID, dtype=np.uint64)) >> np.uint64(63)
    signs = (1.0 - 2.0 * bits.astype(np.float64)).reshape(DIMENSIONS, CENTROID)
    projected: Matrix = vectors @ signs / np.sqrt(CENTROID)
    return projected


def _salt(*words: str) -> int:
    # CRC-32 is the same on every machine and in every process, unlike Python's hash().
    return zlib.crc32("\x00".join(words).encode(errors="surrogatepass"))


def _spread(name: str, use: str, values: Floats) -> tuple[Indices, Indices, Floats]:
    """Each row's value times a fixed unit vector with PARTS coordinates that are not zero."""
    rng = np.random.default_rng(_salt(name, use))
    coordinates = rng.choice(DIMENSIONS, PARTS, replace=False)
    signs = (rng.integers(0, 2, PARTS) * 2 - 1) / np.sqrt(PARTS)
    rows = np.flatnonzero(values)
    weights = (values[rows, None] * signs).ravel()
    return np.repeat(rows, PARTS), np.tile(coordinates, len(rows)), weights


def _z_scores(column: pa.Array[Any], scale: ColumnScale, missing: Mask) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.nan_to_num((numbers(column) - scale.mean) / scale.deviation, nan=0.0, posinf=_CUT, neginf=-_CUT)
    z[missing] = 0.0
    return np.clip(z, -_CUT, _CUT)


def _window_points(column: pa.Array[Any], scale: ColumnScale) -> Matrix:
    """Shape (rows, POINTS): z-scores over √POINTS, by linear interpolation; 0 where there is no value."""
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    lists: Any = column
    values = np.append(numbers(lists.flatten()), 0.0)
    starts = np.cumsum(lengths) - lengths
    place = np.linspace(0.0, 1.0, POINTS) * np.maximum(lengths - 1, 0)[:, None]
    low = place.astype(np.int64)
    high = np.minimum(low + 1, np.maximum(lengths - 1, 0)[:, None])
    part = place - low
    with np.errstate(over="ignore", invalid="ignore"):
        points = values[starts[:, None] + low] * (1 - part) + values[starts[:, None] + high] * part
        z = np.nan_to_num((points - scale.mean) / scale.deviation, nan=0.0, posinf=_CUT, neginf=-_CUT)
    z[lengths == 0] = 0.0
    cut: Matrix = np.clip(z, -_CUT, _CUT) / np.sqrt(POINTS)
    return cut


def _weighted_words(column: pa.Array[Any], scale: ColumnScale) -> tuple[Indices, Indices, Floats]:
    """log(1 + |count|) · idf with the count's sign, each row's brought to length 1."""
    place, count = _counted(column, scale.name)
    row, coordinate = np.divmod(place, DIMENSIONS)
    weight = np.sign(count) * np.log1p(np.abs(count))
    if scale.idf is not None:
        weight = weight * scale.idf[coordinate]
    length = np.sqrt(np.bincount(row, weight * weight, len(column)))
    return row, coordinate, weight / np.maximum(length[row], 1e-12)


def _counted(column: pa.Array[Any], name: str) -> tuple[Indices, Floats]:
    """(row · DIMENSIONS + coordinate, sum of signs) of the column's words, each pair once."""
    found = [_signed(rows, hashes) for rows, hashes in word_hashes(as_text(column), _salt(name))]
    if not found:
        return np.empty(0, np.int64), np.empty(0)
    return np.concatenate([place for place, _ in found]), np.concatenate([count for _, count in found])


def _signed(rows: Indices, hashes: Hashes) -> tuple[Indices, Floats]:
    signs = 1.0 - 2.0 * ((hashes >> np.uint64(32)) & np.uint64(1)).astype(np.float64)
    coordinates = (hashes % np.uint64(DIMENSIONS)).astype(np.int64)
    places, inverse = np.unique(rows * DIMENSIONS + coordinates, return_inverse=True)
    return places, np.bincount(inverse, signs, len(places)).astype(np.float64)


def _scale(name: str, column: pa.Array[Any]) -> ColumnScale:
    window = is_window(column.type)
    if not is_numeric_like(column.type) and not window:
        if pa.types.is_null(column.type):
            return ColumnScale(name)
        place, _ = _counted(column, name)
        # Smoothed inverse document frequency; a coordinate that was not seen counts as one document.
        frequency = np.bincount(place % DIMENSIONS, minlength=DIMENSIONS)
        return ColumnScale(name, idf=np.log((1 + len(column)) / (1 + frequency)) + 1e-3)
    flat: Any = column
    values = numbers(flat.flatten() if window else column)
    values = values[np.isfinite(values)]
    if not len(values):
        return ColumnScale(name)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = float(values.std())
    if not np.isfinite(deviation) or deviation == 0:
        return ColumnScale(name, mean=float(values[0]))
    return ColumnScale(name, float(values.mean()), deviation)

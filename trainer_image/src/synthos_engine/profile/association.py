"""How columns of any kind hang together, pair by pair, on a fixed number of rows.

Two columns of numbers: Spearman's rank correlation. Two of categories: Cramér's V with Bergsma's
correction of bias (2013, J. Korean Stat. Soc. 42). Numbers and categories: the correlation ratio, the
root of ε² (Kelley 1935), η² corrected for the number of categories. All are from 0 to 1 in size; only
Spearman's has a sign. Columns with one value, and those of many categories (names, free text), take
no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthos_engine.data.columns import content_columns, is_number

from .hashing import column_hashes
from .values import MISSING_HASH, decoded, missing_mask, numbers

MOST_COLUMNS: Final = 64
MOST_CATEGORIES: Final = 50
FEWEST_ROWS: Final = 20
"""That have a value in both columns."""

Method = Literal["spearman", "cramers_v", "correlation_ratio"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Association:
    column_a: str
    column_b: str
    method: Method
    value: float


@dataclass(frozen=True)
class _Column:
    """Ranks (NaN: missing) or codes (−1: missing), shape (rows,)."""

    name: str
    ranks: Floats | None
    codes: Ints | None


def associations(rows: pa.RecordBatch) -> list[Association]:
    """Of all pairs of the first MOST_COLUMNS columns that can take part, in the columns' order."""
    columns = [_column(name, decoded(rows.column(name))) for name in content_columns(rows.schema)[:MOST_COLUMNS]]
    usable = [column for column in columns if column is not None]
    ranked = [column for column in usable if column.ranks is not None]
    spearman = _spearman(ranked)
    place = {column.name: i for i, column in enumerate(ranked)}
    found = []
    for i, left in enumerate(usable):
        for right in usable[i + 1 :]:
            if left.name in place and right.name in place:
                method: Method = "spearman"
                value = float(spearman[place[left.name], place[right.name]])
            elif left.codes is not None and right.codes is not None:
                method, value = "cramers_v", _cramers_v(left.codes, right.codes)
            else:
                method, value = "correlation_ratio", _ratio(left, right)
            if np.isfinite(value):
                found.append(Association(left.name, right.name, method, value))
    return found


def _column(name: str, column: pa.Array[Any]) -> _Column | None:
    if is_number(column.type) or pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        values = numbers(column)
        there = np.isfinite(values)
        if there.sum() < FEWEST_ROWS or (values[there] == values[there][0]).all():
            return None
        ranks = np.full(len(values), np.nan)
        ranks[there] = _mean_ranks(values[there])
        return _Column(name, ranks, None)
    hashes = column_hashes(column)
    different, codes = np.unique(hashes, return_inverse=True)
    codes = np.where(missing_mask(column), -1, codes)
    categories = len(different) - int(MISSING_HASH in different)
    return _Column(name, None, codes.astype(np.int64)) if 2 <= categories <= MOST_CATEGORIES else None


def _mean_ranks(values: Floats) -> Floats:
    """Ranks from 1; equal values have the mean of theirs."""
    _, place, times = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(times) - (times - 1) / 2)[place]
    return ranks


def _spearman(columns: list[_Column]) -> Floats:
    """Pearson's r of ranks over the rows where both are there; ranks are among all of a column's values."""
    if not columns:
        return np.empty((0, 0))
    ranks = np.stack([column.ranks for column in columns if column.ranks is not None], axis=1)
    there = np.isfinite(ranks).astype(float)
    filled = np.where(there > 0, ranks - np.nanmean(ranks, axis=0), 0.0)
    n = there.T @ there
    sums, squares, products = filled.T @ there, (filled * filled).T @ there, filled.T @ filled
    with np.errstate(all="ignore"):
        covariance = products - sums * sums.T / n
        variance = squares - sums * sums / n
        r: Floats = covariance / np.sqrt(variance * variance.T)
        r[(n < FEWEST_ROWS) | (variance <= 1e-9 * squares) | (variance.T <= 1e-9 * squares.T)] = np.nan
    return np.clip(r, -1, 1)


def _dense(codes: Ints) -> Ints:
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)


def _cramers_v(left: Ints, right: Ints) -> float:
    both = (left >= 0) & (right >= 0)
    n = int(both.sum())
    if n < FEWEST_ROWS:
        return np.nan
    a, b = _dense(left[both]), _dense(right[both])
    rows, columns = int(a.max()) + 1, int(b.max()) + 1
    if min(rows, columns) < 2:
        return np.nan
    table = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    phi = float(((table - expected) ** 2 / expected).sum()) / n
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    k, m = rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)
    return float(min(1.0, np.sqrt(phi / max(1e-9, min(k, m) - 1))))


def _ratio(left: _Column, right: _Column) -> float:
    """Of the numbers' ranks, so that no single value decides."""
    ranks, codes = (left.ranks, right.codes) if left.ranks is not None else (right.ranks, left.codes)
    if ranks is None or codes is None:
        return np.nan
    both = np.isfinite(ranks) & (codes >= 0)
    n = int(both.sum())
    if n < FEWEST_ROWS:
        return np.nan
    values, groups = ranks[both], _dense(codes[both])
    k = int(groups.max()) + 1
    total = float(((values - values.mean()) ** 2).sum())
    if k < 2 or k >= n or total <= 0:
        return np.nan
    sizes = np.bincount(groups)
    means = np.bincount(groups, values) / sizes
    within = float(((values - means[groups]) ** 2).sum())
    return float(np.sqrt(max(0.0, 1 - within / total * (n - 1) / (n - k))))

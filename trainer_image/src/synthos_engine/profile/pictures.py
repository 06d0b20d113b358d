"""What the pictures of a profile are drawn from: a few numbers, small enough for the profile's artifact.

All of it is of the row sample, the first rows of which are a uniform sample themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import content_columns, is_text

from .association import Association
from .embedding import embed
from .strata import Strata
from .values import as_text, decoded, is_numeric_like, numbers

MOST_COLUMNS: Final = 16
MOST_ASSOCIATED: Final = 24
POINTS: Final = 1000
BINS: Final = 24
BARS: Final = 6
_TAIL: Final = 0.01
_FEW: Final = 50
_SHOWN_CHARS: Final = 40
_DIGITS: Final = 5
_LARGEST: Final = 1e300
"""Beyond it, sums with an axis's ticks and margins overflow."""

Picture = dict[str, Any]


def pictures(sampled: pa.RecordBatch, strata: Strata, pairs: Sequence[Association]) -> Picture:
    """`rows`, `distributions`, `association` (or none) and `clusters`; `sampled` has at least one row."""
    shown = sampled.slice(0, POINTS)
    vectors = embed(shown, strata.scales)
    places = strata.model.project(vectors)[:, :2]
    if places.shape[1] < 2:
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    return {
        "rows": sampled.num_rows,
        "distributions": distributions(sampled),
        "association": association_matrix(pairs),
        "clusters": {
            "points": [[_short(x), _short(y)] for x, y in places.tolist()],
            "labels": strata.model.assign(vectors)[0].tolist(),
        },
    }


def distributions(sampled: pa.RecordBatch) -> list[Picture]:
    """Of the first columns of numbers, times, categories and texts; of many different texts the lengths."""
    found = (_distribution(name, decoded(sampled.column(name))) for name in content_columns(sampled.schema))
    return [picture for picture in found if picture is not None][:MOST_COLUMNS]


def _distribution(name: str, column: pa.Array[Any]) -> Picture | None:
    there = column.drop_null()
    if not len(there):
        return None
    if is_numeric_like(there.type) and not pa.types.is_boolean(there.type):
        return _histogram(name, numbers(there))
    if pa.types.is_nested(there.type) or not (is_text(there.type) or pa.types.is_boolean(there.type)):
        return None
    texts: Any = as_text(there)
    if is_text(there.type) and pc.count_distinct(texts).as_py() > _FEW:
        lengths: Any = pc.utf8_length(texts)
        return _histogram(f"{name} (characters)", lengths.to_numpy(zero_copy_only=False).astype(np.float64))
    return _bars(name, texts)


def _histogram(name: str, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Picture | None:
    """Equal bins between the quantiles at 1 and 99 %, the ends holding what lies beyond."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (float(x) for x in np.quantile(values, [_TAIL, 1 - _TAIL]))
    if not -_LARGEST <= low <= high <= _LARGEST:
        return None
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / BINS
    if width <= 4 * max(np.spacing(abs(low)), np.spacing(abs(high))):
        # No room for bins between values that doubles can tell apart.
        return None
    counts, edges = np.histogram(np.clip(values, low, high), BINS, (low, high))
    short = [_short(edge) for edge in edges]
    if len(set(short)) < len(short):
        # Times of one day differ beyond the first digits.
        short = edges.tolist()
    return {"column": name, "edges": short, "counts": counts.tolist()}


def _bars(name: str, texts: pa.Array[Any]) -> Picture:
    counted: Any = pc.value_counts(texts)
    pairs = sorted(
        zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True), key=lambda p: (-p[1], p[0])
    )
    values, counts = [value[:_SHOWN_CHARS] for value, _ in pairs[:BARS]], [count for _, count in pairs[:BARS]]
    if len(pairs) > BARS:
        values, counts = [*values, "others"], [*counts, sum(count for _, count in pairs[BARS:])]
    return {"column": name, "values": values, "counts": counts}


def association_matrix(pairs: Sequence[Association]) -> Picture | None:
    """`columns` and a symmetric matrix `values`, None where a pair has no value; the columns of the strongest pairs."""
    names: dict[str, int] = {}
    for pair in sorted(pairs, key=lambda p: -abs(p.value)):
        for name in (pair.column_a, pair.column_b):
            if len(names) < MOST_ASSOCIATED:
                names.setdefault(name, len(names))
    if not names:
        return None
    values: list[list[float | None]] = [[1.0 if i == j else None for j in names.values()] for i in names.values()]
    for pair in pairs:
        if pair.column_a in names and pair.column_b in names:
            i, j = names[pair.column_a], names[pair.column_b]
            values[i][j] = values[j][i] = pair.value
    return {"columns": list(names), "values": values}


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")

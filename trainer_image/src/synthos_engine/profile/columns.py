"""What is measured of each column, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import is_number, is_text

from .distinct import DistinctSketch
from .moments import Moments
from .values import Hashes, decoded, missing_mask, numbers

DISTINCT_CAPACITY: Final = 16_384
QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class NumericSummary:
    """Over the finite values; `quantiles` by probability, from the row sample. None: not defined."""

    not_finite: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    standard_deviation: float | None
    skewness: float | None
    excess_kurtosis: float | None
    quantiles: dict[str, float]


@dataclass(frozen=True)
class TextSummary:
    """Lengths in characters of the values that are there."""

    minimum_length: int
    maximum_length: int
    mean_length: float


@dataclass(frozen=True)
class ColumnProfile:
    """`distinct` counts different values that are there; estimated where `distinct_exact` is false."""

    name: str
    type: str
    count: int
    missing: int
    distinct: int
    distinct_exact: bool
    numeric: NumericSummary | None = None
    text: TextSummary | None = None


class ColumnSketch:
    """Running summary of one column; sketches of the same column of other rows merge."""

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self.name = name
        self._kind = kind
        value_kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        self._is_number = is_number(value_kind)
        self._is_text = is_text(value_kind)
        self._count = self._missing = self._not_finite = 0
        self._distinct = DistinctSketch(DISTINCT_CAPACITY)
        self.moments = Moments()
        self._lengths = Moments()

    def add(self, column: pa.Array[Any], hashes: Hashes) -> None:
        column = decoded(column)
        missing = missing_mask(column)
        self._count += len(column)
        self._missing += int(missing.sum())
        self._distinct.add(hashes[~missing])
        if self._is_number:
            values = numbers(column)[~missing]
            finite = values[np.isfinite(values)]
            self._not_finite += len(values) - len(finite)
            self.moments.add(finite)
        elif self._is_text:
            texts: Any = column
            lengths = pc.utf8_length(texts).drop_null().to_numpy(zero_copy_only=False)
            self._lengths.add(lengths.astype(np.float64))

    def merge(self, other: Self) -> None:
        self._count += other._count
        self._missing += other._missing
        self._not_finite += other._not_finite
        self._distinct.merge(other._distinct)
        self.moments.merge(other.moments)
        self._lengths.merge(other._lengths)

    def profile(self, sampled: pa.ChunkedArray[Any] | None) -> ColumnProfile:
        """The summary; `sampled` are this column's values in the row sample."""
        return ColumnProfile(
            name=self.name,
            type=str(self._kind),
            count=self._count,
            missing=self._missing,
            distinct=min(self._distinct.distinct, self._count - self._missing),
            distinct_exact=self._distinct.exact,
            numeric=self._numeric(sampled) if self._is_number else None,
            text=self._text() if self._is_text and self._lengths.count else None,
        )

    def _numeric(self, sampled: pa.ChunkedArray[Any] | None) -> NumericSummary:
        values = numbers(decoded(sampled.combine_chunks())) if sampled is not None else np.empty(0)
        values = values[np.isfinite(values)]
        with np.errstate(over="ignore", invalid="ignore"):
            points: list[float] = np.quantile(values, QUANTILES).tolist() if len(values) else []
        moments = self.moments
        there = moments.count > 0
        return NumericSummary(
            not_finite=self._not_finite,
            minimum=moments.minimum if there else None,
            maximum=moments.maximum if there else None,
            mean=moments.mean if there and np.isfinite(moments.mean) else None,
            standard_deviation=moments.standard_deviation,
            skewness=moments.skewness,
            excess_kurtosis=moments.excess_kurtosis,
            quantiles={f"{q:g}": point for q, point in zip(QUANTILES, points, strict=False) if np.isfinite(point)},
        )

    def _text(self) -> TextSummary:
        lengths = self._lengths
        return TextSummary(int(lengths.minimum), int(lengths.maximum), lengths.mean)

"""What is measured of each column, in one pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthos_engine.data.columns import is_number, is_text

from .characters import TextSums
from .counts import ValueCounts
from .hashing import column_hashes
from .moments import Moments
from .quantiles import QuantileSketch
from .values import MISSING_HASH, Floats, Hashes, decoded, missing_mask, numbers

QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_HITTERS: Final = 10
HITTER_SHARE: Final = 0.01
"""Of the values that are there, what a heavy hitter has at least."""
_SHOWN_CHARS: Final = 64
_HEAD: Final = 1024
_FEW_IN_HEAD: Final = 256
"""With no more different values in the first rows of a chunk, its values are looked at once each."""


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
    """Lengths in characters of the values that are there, shares of bytes by class, and bits of a single byte."""

    minimum_length: int
    maximum_length: int
    mean_length: float
    length_deviation: float | None = None
    character_classes: dict[str, float] = field(default_factory=dict)
    byte_entropy: float | None = None


@dataclass(frozen=True)
class HeavyHitter:
    """`value` is cut to its first characters; `share` is of the values that are there."""

    value: str
    count: int
    share: float


@dataclass(frozen=True)
class ColumnProfile:
    """`distinct` counts different values that are there; estimated where `distinct_exact` is false, as are
    the counts of heavy hitters then."""

    name: str
    type: str
    count: int
    missing: int
    distinct: int
    distinct_exact: bool
    numeric: NumericSummary | None = None
    text: TextSummary | None = None
    heavy_hitters: tuple[HeavyHitter, ...] = ()


class ColumnSketch:
    """Running summary of one column; sketches of the same column of other rows merge."""

    def __init__(self, name: str, kind: pa.DataType) -> None:
        self.name = name
        self._kind = kind
        value_kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        self.is_number = is_number(value_kind)
        self.is_text = is_text(value_kind)
        self.count = self.missing = self._not_finite = 0
        self._values = ValueCounts()
        self.moments = Moments()
        self._quantiles = QuantileSketch()
        self.texts = TextSums()

    def add(self, column: pa.Array[Any]) -> Hashes:
        """Take in the column's values of a chunk; returns the hash of each, shape (rows,)."""
        self.count += len(column)
        encoded = _encoded(column)
        if encoded is not None:
            self.missing += encoded.null_count
            return self._add_encoded(encoded)
        # Only then: the words of a dictionary may be missing, too.
        column = decoded(column)
        self.missing += column.null_count
        hashes = column_hashes(column)
        self._values.add(hashes[~missing_mask(column)] if column.null_count else hashes)
        if self.is_number:
            self._add_numbers(numbers(column.drop_null() if column.null_count else column))
        elif self.is_text:
            self.texts.add(column)
        return hashes

    def _add_encoded(self, encoded: Any) -> Hashes:
        """Of a dictionary-encoded chunk: its different values are looked at once."""
        places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        values = decoded(encoded.dictionary)
        times = np.bincount(places[places >= 0], minlength=len(values))
        hashes = column_hashes(values)
        self._values.add(hashes[times > 0], times[times > 0])
        if self.is_number:
            own = numbers(values)
            self._add_numbers(own[places[places >= 0]])
        elif self.is_text:
            self.texts.add(values, times)
        every: Hashes = np.append(hashes, MISSING_HASH)[places]
        return every

    def _add_numbers(self, values: Floats) -> None:
        there = np.isfinite(values)
        finite = values if there.all() else values[there]
        self._not_finite += len(values) - len(finite)
        self.moments.add(finite)
        self._quantiles.add(finite)

    def merge(self, other: Self) -> None:
        self.count += other.count
        self.missing += other.missing
        self._not_finite += other._not_finite
        self._values.merge(other._values)
        self.moments.merge(other.moments)
        self._quantiles.merge(other._quantiles)
        self.texts.merge(other.texts)

    def profile(self, sampled: pa.ChunkedArray[Any], *, whole: bool) -> ColumnProfile:
        """The summary; `sampled` are this column's values in the row sample, all of them if `whole`."""
        values = decoded(sampled.combine_chunks())
        there = self.count - self.missing
        return ColumnProfile(
            name=self.name,
            type=str(self._kind),
            count=self.count,
            missing=self.missing,
            distinct=min(self._values.distinct, there),
            distinct_exact=self._values.exact,
            numeric=self._numeric(values, whole=whole) if self.is_number else None,
            text=self._text() if self.is_text and self.texts.count else None,
            heavy_hitters=self._heavy_hitters(values, there),
        )

    def _numeric(self, sampled: pa.Array[Any], *, whole: bool) -> NumericSummary:
        values = numbers(sampled)
        values = values[np.isfinite(values)]
        quantiles = {}
        for q in QUANTILES if len(values) else ():
            with np.errstate(over="ignore", invalid="ignore"):
                point = float(np.quantile(values, q))
            if not whole:
                # The sample tells the rank to half a percent, the bucket holds the quantile for certain.
                point = float(np.clip(point, *self._quantiles.bounds(q)))
            if np.isfinite(point):
                quantiles[f"{q:g}"] = point
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
            quantiles=quantiles,
        )

    def _text(self) -> TextSummary:
        sums = self.texts
        return TextSummary(
            minimum_length=sums.minimum or 0,
            maximum_length=sums.maximum or 0,
            mean_length=sums.mean,
            length_deviation=sums.standard_deviation,
            character_classes={name: round(share, 6) for name, share in sums.classes.items()},
            byte_entropy=sums.byte_entropy,
        )

    def _heavy_hitters(self, sampled: pa.Array[Any], there: int) -> tuple[HeavyHitter, ...]:
        """The most frequent values, of those that occur twice in the row sample; the most frequent first."""
        sampled = sampled.drop_null()
        hashes = column_hashes(sampled)
        candidates, first, times = np.unique(hashes, return_index=True, return_counts=True)
        often = np.lexsort((first, -times))[: 4 * MOST_HITTERS]
        often = often[times[often] > 1]
        counts = np.minimum(self._values.of(candidates[often]), there)
        order = np.lexsort((first[often], -counts))[:MOST_HITTERS]
        return tuple(
            HeavyHitter(_shown(sampled[int(first[often[i]])]), int(counts[i]), round(float(counts[i] / there), 6))
            for i in order
            if counts[i] >= HITTER_SHARE * there
        )


def _encoded(column: Any) -> Any:
    """The column dictionary-encoded, where that pays: it is already, or its first rows have few different values."""
    if pa.types.is_dictionary(column.type):
        return None if column.dictionary.null_count else column
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind) or _is_time(kind)):
        return None
    head = column.slice(0, _HEAD)
    if len(pc.unique(head)) > min(_FEW_IN_HEAD, len(head) // 2):
        return None
    return pc.dictionary_encode(column)


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_temporal(kind) and not pa.types.is_interval(kind))


def _shown(scalar: Any) -> str:
    try:
        value = scalar.as_py()
    except (ValueError, OverflowError):
        # A time that Python has none of: the number that is stored.
        return str(scalar.value)[:_SHOWN_CHARS]
    # A value that was cut in the row sample still has its own hash only if it is shorter than the cut.
    return (value if isinstance(value, str) else repr(value))[:_SHOWN_CHARS]

"""Statistics of series: a row is a window of consecutive steps of one or more variables.

Distribution fidelity: Jensen-Shannon divergence of a variable's values, mean over variables. How values follow
each other is no matter of it.
Correlation preservation: difference of the correlations of two variables at the same time, of values and of
steps, mean over both and over pairs. Of one variable it does not apply.
Diversity retention: probability that a window of the candidate lies nearer to the next of its windows than a
window of the reference does to the next of its own.
Rare pattern handling: of the pairs of consecutive values that occur a few times in the reference, values
being cut into bins, the share that the candidate lacks.
Temporal stability: difference of the autocorrelations of ranks (Spearman 1904) at lags 1 to 7, of values and of
steps, mean over all.
Semantic coherence: share of the candidate's windows near which there is none of the reference's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from synthos_engine.data.columns import as_doubles, content_columns

from .draws import Floats, Ints, some_rows
from .histograms import contingency, divergence, edges
from .names import CORRELATION, DISTRIBUTION, DIVERSITY, RARE, SEMANTIC, TEMPORAL
from .neighbours import Points, crowding, projected, unsupported

UNITS: Final = {
    DISTRIBUTION: "bits of divergence, mean over variables",
    CORRELATION: "correlation, mean over pairs of variables",
    DIVERSITY: "probability of a nearer neighbour",
    RARE: "share of the reference's rare pairs of consecutive values",
    TEMPORAL: "rank autocorrelation, mean over lags and variables",
    SEMANTIC: "share of the candidate's windows",
}
LARGEST_PART: Final = 1000
"""Windows."""
MOST_WINDOWS: Final = 5000
MOST_VARIABLES: Final = 16
MOST_STEPS: Final = 256
FEWEST_STEPS: Final = 4
SHORT_SHARE: Final = 0.1
"""Of the reference's windows, how many may be too short to take part."""
BINS: Final = 20
LAGS: Final = 7
_TAILS: Final = (0.001, 0.005, 0.02)
"""Quantiles at either end that are cut off as bins of their own where rare pairs are counted."""
_RARE_PAIR: Final = (2, 5)
"""Occurrences of a rare pair of consecutive values, from and to."""
_FARTHEST: Final = 100.0
"""Units of spread that a value may be away."""

Values = npt.NDArray[np.float64]
"""Shape (windows, variables, steps)."""


@dataclass(frozen=True)
class SeriesRows:
    """Each variable in units of its spread in the reference."""

    values: Values

    @property
    def weights(self) -> Floats:
        return np.ones(len(self.values))

    @property
    def points(self) -> Points:
        return projected(self.values.reshape(len(self.values), -1).astype(np.float32))

    def take(self, rows: Ints) -> SeriesRows:
        return SeriesRows(self.values[rows])

    def compared_with(self, drawn: SeriesRows) -> dict[str, float]:
        known, other = (_with_steps(rows.values) for rows in (self, drawn))
        found = {
            DISTRIBUTION: float(_divergences(self.values, drawn.values).mean()),
            DIVERSITY: crowding(self.points, drawn.points),
            TEMPORAL: _mean(
                abs(_autocorrelations(a) - _autocorrelations(b)) for a, b in zip(known, other, strict=True)
            ),
            SEMANTIC: unsupported(self.points, drawn.points),
        }
        lost = _lost_transitions(self.values, drawn.values)
        if lost is not None:
            found[RARE] = lost
        if self.values.shape[1] > 1:
            found[CORRELATION] = _mean(
                abs(_cross_correlations(a) - _cross_correlations(b)) for a, b in zip(known, other, strict=True)
            )
        return found


def encode(candidate: pa.Table, reference: pa.Table, seed: int) -> tuple[SeriesRows, SeriesRows]:
    """Windows without missing values, all cut to one length, of the variables that both have."""
    names = [name for name in content_columns(reference.schema) if name in candidate.column_names][:MOST_VARIABLES]
    own, theirs = (_windows(table, names, seed) for table in (candidate, reference))
    lengths = [min(map(len, window)) for window in theirs]
    steps = int(np.quantile(lengths, SHORT_SHARE, method="lower")) if lengths else 0
    if steps < FEWEST_STEPS:
        return SeriesRows(np.zeros((0, 1, 1))), SeriesRows(np.zeros((0, 1, 1)))
    a, b = _cut(own, steps, len(names)), _cut(theirs, steps, len(names))
    middle = np.median(b, axis=(0, 2), keepdims=True)
    low, high = np.quantile(b, [0.05, 0.95], axis=(0, 2), keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        # 5 % to 95 % of a normal distribution are 3.3 standard deviations
        spread = np.where(np.isfinite(high - low) & (high > low), (high - low) / 3.3, 1.0)
        scaled = [np.nan_to_num((values - middle) / spread).clip(-_FARTHEST, _FARTHEST) for values in (a, b)]
    return SeriesRows(scaled[0]), SeriesRows(scaled[1])


def _windows(table: pa.Table, names: list[str], seed: int) -> list[tuple[Floats, ...]]:
    """For each window its variables' values; windows with something missing are left out."""
    table = table.take(some_rows(np.ones(len(table)), MOST_WINDOWS, seed))
    columns = [_split(table.column(name)) for name in names]
    return [window for window in zip(*columns, strict=True) if all(len(v) and np.isfinite(v).all() for v in window)]


def _split(column: Any) -> list[Floats]:
    """An array for each window, empty for a missing one; numbers as doubles that print as they did."""
    if not len(column):
        return []
    windows = pa.concat_arrays(pc.list_slice(column, 0, MOST_STEPS, return_fixed_size_list=False).chunks)
    values = pc.cast(as_doubles(windows.flatten()), pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    ends = np.cumsum(pc.list_value_length(windows).fill_null(0).to_numpy())
    return np.split(values, ends[:-1])


def _cut(windows: list[tuple[Floats, ...]], steps: int, variables: int) -> Values:
    kept = [[values[:steps] for values in window] for window in windows if min(map(len, window)) >= steps]
    return np.array(kept, np.float64).reshape(len(kept), variables, steps)


def _with_steps(values: Values) -> tuple[Values, Values]:
    """The values and their steps, without the rounding errors by which equal steps would differ."""
    return values, np.round(np.diff(values, axis=2), 5)


def _mean(parts: Any) -> float:
    return float(np.mean([np.mean(part) for part in parts]))


def _divergences(known: Values, drawn: Values) -> Floats:
    """Of each variable, over bins between quantiles of the known values."""
    found = []
    for variable in range(known.shape[1]):
        a, b = known[:, variable].ravel(), drawn[:, variable].ravel()
        bounds = edges(a, [share / BINS for share in range(1, BINS)])
        counts = [np.bincount(np.searchsorted(bounds, v), minlength=len(bounds) + 1) for v in (a, b)]
        found.append(divergence(*counts))
    return np.array(found)


def _lost_transitions(known: Values, drawn: Values) -> float | None:
    """None where no pair of consecutive values is rare."""
    rare = lost = 0
    shares = [*_TAILS, *(share / BINS for share in range(1, BINS)), *(1 - share for share in reversed(_TAILS))]
    for variable in range(known.shape[1]):
        bounds = edges(known[:, variable].ravel(), shares)
        count = len(bounds) + 1
        bins = [np.searchsorted(bounds, values[:, variable]) for values in (known, drawn)]
        a, b = (contingency(v[:, :-1].ravel(), v[:, 1:].ravel(), (count, count)) for v in bins)
        is_rare = (a >= _RARE_PAIR[0]) & (a <= _RARE_PAIR[1])
        rare += int(is_rare.sum())
        lost += int((is_rare & (b == 0)).sum())
    return lost / rare if rare else None


def _autocorrelations(values: Values) -> Floats:
    """Shape (variables, lags), of ranks, within windows, around the mean of all; 0 of a constant."""
    centred = _ranks(values) - 0.5
    variance = (centred * centred).mean((0, 2))
    lags = range(1, min(LAGS, values.shape[2] - 1) + 1)
    products = np.stack([(centred[:, :, lag:] * centred[:, :, :-lag]).mean((0, 2)) for lag in lags], axis=1)
    correlations: Floats = products / np.maximum(variance, 1e-12)[:, None]
    return correlations


def _ranks(values: Values) -> Values:
    """Among all values of the variable, 0 to 1: products of a few large values would drown all others."""
    variables = np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)
    ranks = (stats.rankdata(variables, axis=1) - 0.5) / variables.shape[1]
    return np.moveaxis(ranks.reshape(values.shape[1], values.shape[0], values.shape[2]), 0, 1)


def _cross_correlations(values: Values) -> Floats:
    """Of all pairs of variables, at the same time; 0 of a constant."""
    scaled = values - values.mean((0, 2), keepdims=True)
    scaled /= np.maximum(scaled.std((0, 2), keepdims=True), 1e-6)
    pairs = itertools.combinations(range(values.shape[1]), 2)
    return np.array([(scaled[:, i] * scaled[:, j]).mean() for i, j in pairs])

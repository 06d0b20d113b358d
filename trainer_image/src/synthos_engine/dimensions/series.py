"""Statistics of series: a row is a window of consecutive steps of one or more variables.

Distribution fidelity: Jensen-Shannon divergence of a variable's values, mean over variables. How values follow
each other is no matter of it.
Correlation preservation: difference of the correlations of two variables at the same time, of values and of
steps, mean over both and over pairs. Of one variable it does not apply.
Diversity retention: probability that a window of the candidate lies nearer to the next of its windows than a
window of the reference does to the next of its own.
Rare pattern handling: of the pairs of consecutive values that occur a few times in the reference, values
being cut into bins, the share that the candidate lacks.
Temporal stability: difference of the autocorrelations of ranks among the reference's values (as Spearman 1904) at lags
1 to 7, of values and of steps, mean over all.
Semantic coherence: share of the candidate's windows near which there is none of the reference's.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from synthos_engine.data.columns import content_columns
from synthos_engine.data.windows import windows_of

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
    """Each variable in units of its spread in the reference, and as ranks among the reference's."""

    values: Values
    ranks: tuple[Values, Values]
    """Of the values and of their steps, 0 to 1."""

    @classmethod
    def of(cls, values: Values, reference: Values) -> SeriesRows:
        ranks = [_ranks(own, theirs) for own, theirs in zip(*map(_with_steps, (values, reference)), strict=True)]
        return cls(values, (ranks[0], ranks[1]))

    @property
    def weights(self) -> Floats:
        return np.ones(len(self.values))

    @property
    def points(self) -> Points:
        return projected(self.values.reshape(len(self.values), -1).astype(np.float32))

    def take(self, rows: Ints) -> SeriesRows:
        return SeriesRows(self.values[rows], (self.ranks[0][rows], self.ranks[1][rows]))

    def compared_with(self, drawn: SeriesRows) -> dict[str, float]:
        found = {
            DISTRIBUTION: float(_divergences(self.values, drawn.values).mean()),
            DIVERSITY: crowding(self.points, drawn.points),
            TEMPORAL: _mean(
                abs(_autocorrelations(a) - _autocorrelations(b)) for a, b in zip(self.ranks, drawn.ranks, strict=True)
            ),
            SEMANTIC: unsupported(self.points, drawn.points),
        }
        lost = _lost_transitions(self.values, drawn.values)
        if lost is not None:
            found[RARE] = lost
        if self.values.shape[1] > 1:
            known, other = map(_with_steps, (self.values, drawn.values))
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
        return SeriesRows.of(none := np.zeros((0, 1, 1)), none), SeriesRows.of(none, none)
    a, b = _cut(own, steps, len(names)), _cut(theirs, steps, len(names))
    middle = np.median(b, axis=(0, 2), keepdims=True)
    low, high = np.quantile(b, [0.05, 0.95], axis=(0, 2), keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        # 5 % to 95 % of a normal distribution are 3.3 standard deviations
        spread = np.where(np.isfinite(high - low) & (high > low), (high - low) / 3.3, 1.0)
        scaled = [np.nan_to_num((values - middle) / spread).clip(-_FARTHEST, _FARTHEST) for values in (a, b)]
    return SeriesRows.of(scaled[0], scaled[1]), SeriesRows.of(scaled[1], scaled[1])


def _windows(table: pa.Table, names: list[str], seed: int) -> list[tuple[Floats, ...]]:
    """For each window its variables' values; windows with something missing are left out."""
    table = table.take(some_rows(np.ones(len(table)), MOST_WINDOWS, seed))
    columns = [windows_of(table.column(name), MOST_STEPS, as_printed=True) for name in names]
    return [window for window in zip(*columns, strict=True) if all(len(v) and np.isfinite(v).all() for v in window)]


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


def _ranks(values: Values, reference: Values) -> Values:
    """Where each value stands among the variable's in the reference, 0 to 1; equal ones in the middle of theirs."""
    found = np.empty_like(values)
    for variable in range(values.shape[1]):
        known = np.sort(reference[:, variable], axis=None)
        own = values[:, variable]
        places = np.searchsorted(known, own, "left") + np.searchsorted(known, own, "right")
        found[:, variable] = places / (2 * max(1, len(known)))
    return found


def _autocorrelations(ranks: Values) -> Floats:
    """Shape (variables, lags), within windows, around the mean of all; 0 of a constant.

    Of ranks, since products of a few large values would drown all others.
    """
    centred = ranks - ranks.mean((0, 2), keepdims=True)
    variance = (centred * centred).mean((0, 2))
    lags = range(1, min(LAGS, ranks.shape[2] - 1) + 1)
    products = np.stack([(centred[:, :, lag:] * centred[:, :, :-lag]).mean((0, 2)) for lag in lags], axis=1)
    correlations: Floats = products / np.maximum(variance, 1e-12)[:, None]
    return correlations


def _cross_correlations(values: Values) -> Floats:
    """Of all pairs of variables, at the same time; 0 of a constant."""
    scaled = values - values.mean((0, 2), keepdims=True)
    scaled /= np.maximum(scaled.std((0, 2), keepdims=True), 1e-6)
    pairs = itertools.combinations(range(values.shape[1]), 2)
    return np.array([(scaled[:, i] * scaled[:, j]).mean() for i, j in pairs])

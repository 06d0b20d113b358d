"""Features of windows of series: what moves, what hangs, and what one step says of the next.

Windows that repeat are counted elsewhere (repetition.py) and stand here once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from synthos_engine.data.columns import content_columns
from synthos_engine.data.windows import still_ends, windows_of
from synthos_engine.series_measures import spectral_flatness

from .cells import Floats
from .regression import gains
from .repetition import Features

WINDOWS: Final = 500
STEPS: Final = 28
_FEWEST_WINDOWS: Final = 60
_FEWEST_STEPS: Final = 6
_MOST_VARIABLES: Final = 4
_LONG_SHARE: Final = 0.25
_PAIRS: Final = 4000
"""Of neighbouring steps, in the regression of one on those before it."""


def series_features(table: pa.Table, rows: Sequence[bytes], seed: int) -> Features:
    """Means over the variables; empty where there are too few windows, or too short ones."""
    rng = np.random.default_rng((seed, 14))
    first = np.array(list({row: i for i, row in reversed(list(enumerate(rows)))}.values()), np.int64)
    chosen = table.take(pa.array(rng.permutation(first)[:WINDOWS], pa.int64()))
    found = []
    for name in content_columns(chosen.schema)[:_MOST_VARIABLES]:
        windows = _windows(chosen.column(name))
        if windows is not None and windows.std() > 0:
            found.append(_variable(windows, rng))
    names = list(dict.fromkeys(name for features in found for name in features))
    return {name: float(np.mean([f[name] for f in found if name in f])) for name in names}


def _windows(column: pa.ChunkedArray[Any]) -> Floats | None:
    """(windows, steps), all of the most frequent length, cut to the longest allowed; without gaps."""
    lengths = np.nan_to_num(np.asarray(pc.list_value_length(column).to_numpy(), float), nan=0).astype(int)
    usual = int(np.bincount(lengths).argmax()) if len(lengths) else 0
    if usual < _FEWEST_STEPS:
        return None
    kept = column.filter(pa.array(lengths == usual))
    values = np.array(windows_of(kept, STEPS))
    values = values[np.isfinite(values).all(axis=1)]
    return values if len(values) >= _FEWEST_WINDOWS else None


def _variable(windows: Floats, rng: np.random.Generator) -> Features:
    return {**_hanging(windows), **_movement(windows), **_forecast(windows, rng)}


def _hanging(windows: Floats) -> Features:
    """How long windows stand still up to their end, as shares of their steps, less how long from their beginning.

    What rests does both alike, but for chance; what hangs does not come back.
    """
    begin, end = np.array([still_ends(window) for window in windows]).T
    long_end, long_begin = end > _LONG_SHARE, begin > _LONG_SHARE
    return {
        "hanging": _beyond_chance(end - begin),
        "windows_that_hang": _beyond_chance(long_end.astype(float) - long_begin),
    }


def _beyond_chance(differences: Floats) -> float:
    """Their mean, less two standard errors."""
    mean, error = differences.mean(), differences.std() / np.sqrt(len(differences))
    return float(np.sign(mean) * max(0.0, abs(mean) - 2 * error))


def _movement(windows: Floats) -> Features:
    """Of changes: against all scatter (von Neumann 1941), their memory, tails, symmetry, and spread over windows."""
    changes = np.diff(windows, axis=1)
    scatter = windows.var(axis=1, ddof=1).mean()
    centred = windows - windows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, axis=1)[:, 1:]) ** 2
    power = power.mean(axis=0) + 1e-12 * power.mean()
    size = np.log(np.abs(changes).mean(axis=1) + 1e-9 * np.abs(changes).mean() + 1e-300)
    usual = changes.std() or 1.0
    return {
        "roughness": float(np.log(((changes**2).mean() + 1e-12 * scatter) / (2 * scatter))),
        "flatness": spectral_flatness(power),
        "memory_of_changes": float((changes[:, 1:] * changes[:, :-1]).mean() / usual**2),
        "memory_two_steps": float((changes[:, 2:] * changes[:, :-2]).mean() / usual**2),
        "tails_of_changes": float(np.log1p(max(0.0, stats.kurtosis(changes.ravel()) + 2))),
        "skew_of_changes": float(abs(stats.skew(changes.ravel()))),
        "calmness_differs": float(np.quantile(size, 0.9) - np.quantile(size, 0.1)),
        "level": float(np.log(windows.mean(axis=1).var() / scatter + 1e-3)),
    }


def _forecast(windows: Floats, rng: np.random.Generator) -> Features:
    """What the three steps before say of the next: by a straight line, beyond it, and of the size of the error."""
    lagged = np.lib.stride_tricks.sliding_window_view(windows, 4, axis=1).reshape(-1, 4)
    some: npt.NDArray[np.int64] = rng.permutation(len(lagged))[:_PAIRS]
    steps = (lagged[some] - windows.mean()) / windows.std()
    gain = gains(steps[:, :3], steps[:, 3], rng)
    return {"foreseen": gain.straight, "curvature": gain.bent, "uneven_spread": gain.spread}

"""Measures of series, each of a window of steps, averaged over windows and variables.

A mean of windows does not depend on how many there are; windows of one dataset have one length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthos_engine.data.windows import windows_of
from synthos_engine.series_measures import spectral_flatness

MOST_STEPS: Final = 512
MOST_WINDOWS: Final = 256
FEWEST_STEPS: Final = 8
FROZEN_STEPS: Final = 8
"""Equal values in a row from which a run counts as frozen."""
_LARGEST_LAG: Final = 0.5
"""Of a window's length, in which a season is looked for."""

Values = NDArray[np.float64]
Measures = dict[str, float]


def of_windows(columns: Sequence[pa.ChunkedArray[Any]]) -> Measures:
    """Of columns of lists of numbers, each list a window; of its first MOST_STEPS steps."""
    return series_measures([windows_of(column.slice(0, MOST_WINDOWS), MOST_STEPS) for column in columns])


def of_stretches(stretches: Sequence[Values], columns: Sequence[int]) -> Measures:
    """Of columns of numbers in the order of rows: stretches of shape (rows, columns)."""
    return series_measures([[stretch[:, column] for stretch in stretches] for column in columns])


def series_measures(variables: Sequence[Sequence[Values]]) -> Measures:
    """Means over the windows of each variable, then over variables; absent where no window is long enough."""
    found = []
    for windows in variables:
        own = [measures for window in windows if (measures := window_measures(window))]
        if own:
            found.append(_means(own))
    return _means(found) if found else {}


def window_measures(window: Values) -> Measures:
    """Of the values that are there, in order; empty where there are fewer than FEWEST_STEPS.

    autocorrelation: lag 1. spectral_flatness: of the periodogram; white noise has e^−γ = 0.56.
    seasonality: the highest peak of the autocorrelation, the straight line through the window taken
    off, at lags from 2 to half the window. frozen_share: steps that lie in runs of FROZEN_STEPS equal
    values or more.
    """
    values = window[np.isfinite(window)]
    n = len(values)
    if n < FEWEST_STEPS:
        return {}
    found = {"frozen_share": _frozen(values)}
    scale = float(np.abs(values).max())
    centred = values / scale if scale else values
    centred = centred - centred.mean()
    if float(centred @ centred) <= 1e-24 * n:
        return found
    found["autocorrelation"] = float(np.clip(centred[1:] @ centred[:-1] / (centred @ centred), -1, 1))
    power = np.abs(np.fft.rfft(centred)[1:]) ** 2
    found["spectral_flatness"] = spectral_flatness(power + 1e-12 * power.mean())
    steps = np.arange(n) - (n - 1) / 2
    flat = centred - steps * float(steps @ centred) / float(steps @ steps)
    if float(flat @ flat) > 1e-12 * float(centred @ centred):
        found["seasonality"] = _highest_peak(flat)
    return found


def autocorrelation(values: Values) -> float | None:
    """Of lag 1 over pairs of neighbours that are both there; None where there is none or no variance."""
    return window_measures(values).get("autocorrelation")


def _frozen(values: Values) -> float:
    ends = np.flatnonzero(np.concatenate([values[1:] != values[:-1], [True]])) + 1
    runs = np.diff(np.concatenate([[0], ends]))
    return float(runs[runs >= FROZEN_STEPS].sum() / len(values))


def _highest_peak(values: Values) -> float:
    n = len(values)
    spectrum = np.fft.rfft(values, 2 * n)
    products = np.fft.irfft(np.abs(spectrum) ** 2, 2 * n)[: int(n * _LARGEST_LAG) + 2]
    # Brought to the number of pairs at each lag, so that a strict period reads as 1.
    r = products / products[0] * n / (n - np.arange(len(products)))
    inner = r[2:-1]
    peaks = inner[(inner > r[1:-2]) & (inner >= r[3:])]
    return float(np.clip(peaks.max(initial=0.0), 0.0, 1.0))


def _means(found: Sequence[Measures]) -> Measures:
    names = sorted({name for one in found for name in one})
    return {name: float(np.mean([one[name] for one in found if name in one])) for name in names}

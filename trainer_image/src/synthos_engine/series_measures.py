"""Measures of series that more than one part of the engine takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def spectral_flatness(power: npt.NDArray[np.float64]) -> float:
    """Geometric over arithmetic mean of a spectrum's powers, all above zero: 1 is white, towards 0 a single tone."""
    return float(np.exp(np.log(power).mean()) / power.mean())

"""How well a share measured in the sample tells the share in the dataset."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from .divisor import Ints

Z95: Final = 1.959964


def margin_of_error(sizes: Ints, taken: Ints) -> float:
    """Of the weighted share of any attribute, at 95 % confidence: an upper bound from strata and rows alone.

    The stratified estimator's variance is Σ W_s² · P_s (1 - P_s) / n_s · (N_s - n_s) / (N_s - 1) with
    W_s = N_s / N (Cochran, Sampling Techniques, 1977, section 5.10), here at the worst P_s = ½ in every
    stratum. Without the correction for finite strata it is ¼ / n_eff with Kish's effective size
    n_eff = (Σw)² / Σw². The margin has half a row, ½ / n_eff, for continuity (section 3.6; strata that are
    taken whole need none), and what lies in strata without a row: that may be all wrong.
    """
    total = int(sizes.sum())
    there = taken > 0
    n, held = sizes[there].astype(np.float64), taken[there].astype(np.float64)
    missed = 1.0 - float(n.sum()) / total
    squares = (n / total) ** 2 / held
    spread = squares * (n - held) / np.maximum(1.0, n - 1)
    return Z95 * math.sqrt(0.25 * float(spread.sum())) + 0.5 * float(squares[held < n].sum()) + missed


def sampling_confidence(sizes: Ints, taken: Ints) -> int:
    """100 · (1 - margin of error), rounded, from 0 to 100; 100 when all rows are taken."""
    return round(100 * max(0.0, 1 - margin_of_error(sizes, taken)))

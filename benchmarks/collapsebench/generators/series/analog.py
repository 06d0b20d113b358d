"""Nearest neighbours: the next step is one that followed a similar moment (Lall and Sharma 1996).

A temperature makes the nearest of the neighbours more likely.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .windows import Floats, Windows

NEIGHBOURS: Final = 8
MEMORY: Final = 2
"""Steps that moments are compared by, beside where the window has come since its start."""


class Analog:
    def __init__(self, windows: Windows, _seed: int) -> None:
        self._steps = windows.steps

    def steps(self, like: NDArray[np.int64], temperature: float, rng: np.random.Generator) -> Floats:
        count = self._steps.shape[1]
        written = np.zeros((len(like), *self._steps.shape[1:]))
        written[:, 0] = self._steps[rng.integers(0, len(self._steps), len(like)), 0]
        nearest = min(NEIGHBOURS, len(self._steps))
        weights = (1 / np.arange(1, nearest + 1)) ** (1 / temperature)
        for t in range(1, count):
            apart = ((_moment(written, t)[:, None] - _moment(self._steps, t)[None]) ** 2).sum(2)
            found = np.argsort(apart, 1, kind="stable")[:, :nearest]
            chosen = rng.choice(nearest, len(like), p=weights / weights.sum())
            written[:, t] = self._steps[found[np.arange(len(like)), chosen], t]
        return written


def _moment(steps: Floats, t: int) -> Floats:
    """What is known of each window before its step `t`: (windows, features)."""
    come = steps[:, :t].sum(1) / np.sqrt(t)
    return np.concatenate([come, steps[:, max(0, t - MEMORY) : t].reshape(len(steps), -1)], 1)

"""Windows put together from blocks of steps at their own place in the window (Künsch 1989).

A temperature shrinks the steps toward their mean at that place.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .windows import Floats, Windows

BLOCK: Final = 4


class BlockBootstrap:
    def __init__(self, windows: Windows, _seed: int) -> None:
        self._steps = windows.steps
        self._levels = windows.steps.mean(0)

    def steps(self, like: NDArray[np.int64], temperature: float, rng: np.random.Generator) -> Floats:
        written = np.zeros((len(like), *self._steps.shape[1:]))
        for start in range(0, self._steps.shape[1], BLOCK):
            donors = rng.integers(0, len(self._steps), len(like))
            written[:, start : start + BLOCK] = self._steps[donors, start : start + BLOCK]
        narrowed: Floats = self._levels + temperature * (written - self._levels)
        return narrowed

"""Linear autoregression of each variable's steps, with a level for each place in the window (Box and Jenkins 1970).

What it does not explain is drawn from its residuals; a temperature shrinks them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .windows import Floats, Windows

ORDER: Final = 3


class Autoregression:
    def __init__(self, windows: Windows, _seed: int) -> None:
        self._levels = windows.steps.mean(0)
        apart = windows.steps - self._levels
        padded = np.concatenate([np.zeros((len(apart), ORDER, apart.shape[2])), apart], 1)
        count = apart.shape[1]
        lags = np.stack([padded[:, ORDER - k : ORDER - k + count] for k in range(1, ORDER + 1)], -1)
        self._weights = np.stack(
            [
                np.linalg.lstsq(lags[:, :, v].reshape(-1, ORDER), apart[:, :, v].ravel())[0]
                for v in range(apart.shape[2])
            ]
        )
        self._residuals = apart - np.einsum("ntvk,vk->ntv", lags, self._weights)

    def steps(self, like: NDArray[np.int64], temperature: float, rng: np.random.Generator) -> Floats:
        _, count, variables = self._residuals.shape
        written = np.zeros((len(like), ORDER + count, variables))
        for t in range(count):
            lags = np.stack([written[:, ORDER + t - k] for k in range(1, ORDER + 1)], -1)
            noise = self._residuals[rng.integers(0, len(self._residuals), len(like)), t]
            written[:, ORDER + t] = np.einsum("nvk,vk->nv", lags, self._weights) + temperature * noise
        whole: Floats = self._levels + written[:, ORDER:]
        return whole

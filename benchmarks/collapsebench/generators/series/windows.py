"""Windows as starts and steps in units of each window's own scale, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...rows import Column, Row
from ...sources.series import row_of

Floats = NDArray[np.float64]


class Windows:
    """`starts` and `scales` of shape (windows, variables), `steps` of shape (windows, steps - 1, variables).

    A scale is the mean absolute step of the window, so that large and small series share one model.
    """

    def __init__(self, rows: Sequence[Row], columns: tuple[Column, ...]) -> None:
        values = np.array(rows, float).transpose(0, 2, 1)
        self._columns = columns
        self._low, self._high = values.min((0, 1)), values.max((0, 1))
        self.starts = values[:, 0]
        steps = np.diff(values, axis=1)
        self.scales = np.abs(steps).mean(1)
        self.scales[self.scales == 0] = 1.0
        self.steps = steps / self.scales[:, None]

    def like(self, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Windows whose starts and scales new ones take."""
        return rng.integers(0, len(self.starts), count)

    def rows(self, like: NDArray[np.int64], steps: Floats) -> list[Row]:
        """New rows from steps of shape (new windows, steps - 1, variables), within the range that was read."""
        starts = self.starts[like][:, None]
        moved = starts + np.cumsum(steps * self.scales[like][:, None], 1)
        values = np.clip(np.concatenate([starts, moved], 1), self._low, self._high)
        return [row_of(window, self._columns) for window in values]

"""Generator families of series: each fits windows and writes new ones, as many as asked for.

A new window begins where one that was read does. A temperature below 1 narrows: each family says how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ...rows import Column, Row
from ..sampling import Sampling
from .analog import Analog
from .autoregression import Autoregression
from .block_bootstrap import BlockBootstrap
from .gru_forecaster import GRUForecaster
from .windows import Floats, Windows


class Generator(Protocol):
    def steps(self, like: NDArray[np.int64], temperature: float, rng: np.random.Generator) -> Floats:
        """Scaled steps of new windows that begin like these."""


FAMILIES: Final[dict[str, Callable[[Windows, int], Generator]]] = {
    "ar": Autoregression,
    "analog": Analog,
    "block-bootstrap": BlockBootstrap,
    "gru-forecaster": GRUForecaster,
}


def generate(
    family: str, rows: Sequence[Row], columns: tuple[Column, ...], size: int, sampling: Sampling, seed: int
) -> list[Row]:
    """`size` windows written by a model of `family` fitted to `rows`."""
    windows, rng = Windows(rows, columns), np.random.default_rng(seed)
    like = windows.like(size, rng)
    return windows.rows(like, FAMILIES[family](windows, seed).steps(like, sampling.temperature_alone, rng))

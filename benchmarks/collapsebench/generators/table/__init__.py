"""Generator families of tables: each fits rows and writes new ones, as many as asked for.

A temperature below 1 narrows, as it does for text: each family says how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np

from ...rows import Column, Row
from ..sampling import Sampling
from .cart import Cart
from .chow_liu import ChowLiu
from .gaussian_copula import GaussianCopula
from .mixture import Mixture


class Generator(Protocol):
    def sample(self, rows: int, temperature: float, rng: np.random.Generator) -> list[Row]: ...


FAMILIES: Final[dict[str, Callable[[Sequence[Row], tuple[Column, ...], int], Generator]]] = {
    "gaussian-copula": GaussianCopula,
    "cart": Cart,
    "mixture": Mixture,
    "chow-liu": ChowLiu,
}


def generate(
    family: str, rows: Sequence[Row], columns: tuple[Column, ...], size: int, sampling: Sampling, seed: int
) -> list[Row]:
    """`size` rows written by a model of `family` fitted to `rows`."""
    model = FAMILIES[family](rows, columns, seed)
    return model.sample(size, sampling.temperature_alone, np.random.default_rng(seed))

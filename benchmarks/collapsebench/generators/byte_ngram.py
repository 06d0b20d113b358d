"""Byte 6-gram model with absolute discounting: cheap, and the clearest case of lost tails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hack.demo_data import sample
from synthos_engine.byte_ngram import ByteNgram as Model

ORDER: Final = 6


class ByteNgram:
    def __init__(self, rows: Sequence[str], _seed: int) -> None:
        self._model = Model([row.encode() for row in rows], ORDER)

    def sample(self, rows: int, temperature: float, rng: np.random.Generator) -> list[str]:
        return [row.decode("utf-8", "ignore") for row in sample(self._model, rows, temperature, rng)]

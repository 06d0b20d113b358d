"""Byte 6-gram model with absolute discounting: cheap, and the clearest case of lost tails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hack.demo_data import sample
from synthos_engine.byte_ngram import ByteNgram as Model

from .sampling import Sampling

ORDER: Final = 6


class ByteNgram:
    def __init__(self, rows: Sequence[str], _seed: int) -> None:
        self._model = Model([row.encode() for row in rows], ORDER)

    def sample(self, rows: int, sampling: Sampling, rng: np.random.Generator) -> list[str]:
        written = sample(self._model, rows, sampling.temperature, rng, sampling.truncated)
        return [row.decode("utf-8", "ignore") for row in written]

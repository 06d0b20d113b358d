"""Generator families: each fits rows and writes new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np

from .byte_ngram import ByteNgram
from .gru import GRU
from .resonance import Resonance
from .sampling import Sampling
from .word_markov import WordMarkov


class Generator(Protocol):
    def sample(self, rows: int, sampling: Sampling, rng: np.random.Generator) -> list[str]:
        """About as many new rows as asked for."""


FAMILIES: Final[dict[str, Callable[[Sequence[str], int], Generator]]] = {
    "byte-ngram": ByteNgram,
    "word-markov": WordMarkov,
    "gru": GRU,
    "resonance": Resonance,
}


def generate(family: str, rows: Sequence[str], size: int, sampling: Sampling, seed: int) -> list[str]:
    """Rows of `size` bytes or a little more, written by a model of `family` fitted to `rows`."""
    rng = np.random.default_rng(seed)
    model = FAMILIES[family](rows, seed)
    written: list[str] = []
    total = 0
    while total < size:
        fresh = [row for row in model.sample(1 + len(rows) // 4, sampling, rng) if row.strip()]
        if not fresh:
            raise ValueError(f"{family} writes nothing but empty rows")
        for row in fresh:
            if total < size:
                written.append(row)
                total += len(row.encode()) + 1
    return written

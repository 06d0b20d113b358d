"""Words given the two words before them, backing off to one and none where the pair is rare."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from .sampling import Sampling

LONGEST: Final = 140
"""Words of a row."""
FEWEST: Final = 3
"""Occurrences of a context below which its followers are drawn from the shorter context's half the time."""
_END: Final = ""


class WordMarkov:
    def __init__(self, rows: Sequence[str], _seed: int) -> None:
        counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for row in rows:
            words = ["", "", *row.split(" "), _END]
            for i in range(2, len(words)):
                for length in (0, 1, 2):
                    counts[tuple(words[i - length : i])][words[i]] += 1
        self._followers = {c: (list(f), np.array(list(f.values()), float)) for c, f in counts.items()}

    def sample(self, rows: int, sampling: Sampling, rng: np.random.Generator) -> list[str]:
        return [self._row(sampling, rng) for _ in range(rows)]

    def _row(self, sampling: Sampling, rng: np.random.Generator) -> str:
        words = ["", ""]
        while len(words) < LONGEST + 2:
            word = self._next((words[-2], words[-1]), sampling, rng)
            if word == _END:
                break
            words.append(word)
        return " ".join(words[2:])

    def _next(self, context: tuple[str, ...], sampling: Sampling, rng: np.random.Generator) -> str:
        while True:
            # After a step back, two words may follow each other that never did.
            if context not in self._followers:
                context = context[1:]
                continue
            words, counts = self._followers[context]
            if not context or counts.sum() >= FEWEST or rng.random() < 0.5:
                weights = sampling.truncated((counts / counts.sum()) ** (1 / sampling.temperature))
                return words[int(np.searchsorted(np.cumsum(weights), rng.random() * weights.sum()))]
            context = context[1:]

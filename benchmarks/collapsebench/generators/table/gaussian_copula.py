"""Gaussian copula with empirical marginals (Patki et al. 2016, The Synthetic Data Vault).

A temperature shrinks the normal scores toward the middle of every column.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...rows import Column, Row
from .marginals import Marginal


class GaussianCopula:
    def __init__(self, rows: Sequence[Row], columns: tuple[Column, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        cells = list(zip(*rows, strict=True))
        self._marginals = [Marginal(column, values) for column, values in zip(columns, cells, strict=True)]
        scores = [m.scores(values, rng) for m, values in zip(self._marginals, cells, strict=True)]
        covariance = np.atleast_2d(np.corrcoef(np.stack(scores)))
        self._root = np.linalg.cholesky(covariance + 1e-6 * np.eye(len(columns)))

    def sample(self, rows: int, temperature: float, rng: np.random.Generator) -> list[Row]:
        scores = temperature * rng.standard_normal((rows, len(self._root))) @ self._root.T
        return list(zip(*(m.from_scores(s) for m, s in zip(self._marginals, scores.T, strict=True)), strict=True))

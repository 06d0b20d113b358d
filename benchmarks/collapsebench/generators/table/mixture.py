"""A mixture of Gaussians over normal scores of all columns (McLachlan and Peel 2000), EM by scikit-learn.

A temperature shrinks each component toward its centre, and sharpens the choice between components.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.mixture import GaussianMixture

from ...rows import Column, Row
from .marginals import Marginal

COMPONENTS: Final = 12


class Mixture:
    def __init__(self, rows: Sequence[Row], columns: tuple[Column, ...], seed: int) -> None:
        rng = np.random.default_rng(seed)
        cells = list(zip(*rows, strict=True))
        self._marginals = [Marginal(column, values) for column, values in zip(columns, cells, strict=True)]
        scores = np.stack([m.scores(values, rng) for m, values in zip(self._marginals, cells, strict=True)], 1)
        model = GaussianMixture(min(COMPONENTS, len(rows) // 20 + 1), reg_covar=1e-3, random_state=seed, max_iter=60)
        model.fit(scores)
        self._weights, self._means = model.weights_, model.means_
        self._roots = np.linalg.cholesky(model.covariances_)

    def sample(self, rows: int, temperature: float, rng: np.random.Generator) -> list[Row]:
        weights = self._weights ** (1 / temperature)
        chosen = rng.choice(len(weights), rows, p=weights / weights.sum())
        noise = rng.standard_normal((rows, len(self._marginals)))
        scores = self._means[chosen] + temperature * np.einsum("nij,nj->ni", self._roots[chosen], noise)
        return list(zip(*(m.from_scores(s) for m, s in zip(self._marginals, scores.T, strict=True)), strict=True))

"""One tree after the other, column by column given the columns before it (Nowok, Raab and Dibben 2016, synthpop).

A row falls into a leaf of its column's tree and takes the value of one of the rows that were there. A
temperature makes it take, more often, a value near the middle of the leaf (numbers) or a common one (words).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ...rows import Column, Row
from .marginals import Marginal

SMALLEST_LEAF: Final = 5


class Cart:
    def __init__(self, rows: Sequence[Row], columns: tuple[Column, ...], seed: int) -> None:
        cells = list(zip(*rows, strict=True))
        self._marginals = [Marginal(column, values) for column, values in zip(columns, cells, strict=True)]
        codes = np.stack([m.codes(values) for m, values in zip(self._marginals, cells, strict=True)], 1)
        self._columns = columns
        self._first = codes[:, 0]
        self._trees: list[Any] = []
        self._leaves: list[dict[int, NDArray[np.int64]]] = []
        for place in range(1, len(columns)):
            kind = DecisionTreeRegressor if columns[place].is_number else DecisionTreeClassifier
            tree = kind(min_samples_leaf=SMALLEST_LEAF, random_state=seed).fit(codes[:, :place], codes[:, place])
            leaf = tree.apply(codes[:, :place])
            self._trees.append(tree)
            self._leaves.append({int(i): np.sort(codes[leaf == i, place]) for i in np.unique(leaf)})

    def sample(self, rows: int, temperature: float, rng: np.random.Generator) -> list[Row]:
        codes = np.zeros((rows, len(self._columns)), np.int64)
        codes[:, 0] = _narrowed(np.sort(self._first), self._columns[0], rows, temperature, rng)
        for place in range(1, len(self._columns)):
            leaf = self._trees[place - 1].apply(codes[:, :place])
            for i in np.unique(leaf):
                there = np.flatnonzero(leaf == i)
                donors = self._leaves[place - 1][int(i)]
                codes[there, place] = _narrowed(donors, self._columns[place], len(there), temperature, rng)
        cells = [[m.values[code] for code in column] for m, column in zip(self._marginals, codes.T, strict=True)]
        return list(zip(*cells, strict=True))


def _narrowed(
    donors: NDArray[np.int64], column: Column, count: int, temperature: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draws from these codes, in rising order; at temperature 1 each donor is as likely as any other."""
    if column.is_number:
        middle = 0.5 + temperature * (rng.random(count) - 0.5)
        return donors[np.minimum((middle * len(donors)).astype(np.int64), len(donors) - 1)]
    counts = Counter(donors.tolist())
    weights = np.array(list(counts.values()), float) ** (1 / temperature)
    return rng.choice(np.array(list(counts), np.int64), count, p=weights / weights.sum())

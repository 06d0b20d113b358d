"""A Bayesian network of one parent each: the tree of most mutual information (Chow and Liu 1968).

Numbers are cut into bins; within a bin, values are drawn from those that were read. A temperature sharpens
the choice of bins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...rows import Column, Row
from .marginals import Marginal

BINS: Final = 12
_PRIOR: Final = 0.02
"""Weight of the bin's own frequency beside the parent's counts: no parent's value is without followers."""


class ChowLiu:
    def __init__(self, rows: Sequence[Row], columns: tuple[Column, ...], _seed: int) -> None:
        cells = list(zip(*rows, strict=True))
        codes = [_bins(Marginal(c, v).codes(v)) for c, v in zip(columns, cells, strict=True)]
        self._members = [
            [[values[i] for i in np.flatnonzero(code == b)] for b in range(code.max() + 1)]
            for values, code in zip(cells, codes, strict=True)
        ]
        self._order, self._parent = _tree(codes)
        self._tables = [
            np.bincount(code, minlength=code.max() + 1)[None].astype(float)
            if parent < 0
            else _joint(codes[parent], code) + _PRIOR * np.bincount(code) / len(code)
            for code, parent in zip(codes, self._parent, strict=True)
        ]

    def sample(self, rows: int, temperature: float, rng: np.random.Generator) -> list[Row]:
        bins = np.zeros((len(self._order), rows), np.int64)
        for column in self._order:
            parent = self._parent[column]
            weights = self._tables[column] ** (1 / temperature)
            cumulated = np.cumsum(weights / weights.sum(1, keepdims=True), 1)
            given = cumulated[bins[parent]] if parent >= 0 else np.repeat(cumulated, rows, 0)
            bins[column] = np.minimum((given < rng.random((rows, 1))).sum(1), weights.shape[1] - 1)
        cells = [
            [members[b][rng.integers(len(members[b]))] for b in chosen]
            for members, chosen in zip(self._members, bins, strict=True)
        ]
        return list(zip(*cells, strict=True))


def _bins(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Neighbouring values together, until a bin holds its share of the rows; bins count from 0."""
    counts = np.bincount(codes)
    if len(counts) <= BINS:
        return codes
    middle = (np.cumsum(counts) - counts / 2) / len(codes)
    found: NDArray[np.int64] = np.unique((middle * BINS).astype(np.int64)[codes], return_inverse=True)[1]
    return found.ravel()


def _joint(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(counts, (first, second), 1)
    return counts


def _information(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Mutual information in nats."""
    joint = _joint(first, second) / len(first)
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    some = joint > 0
    return float((joint[some] * np.log(joint[some] / apart[some])).sum())


def _tree(codes: Sequence[NDArray[np.int64]]) -> tuple[list[int], list[int]]:
    """Columns in an order in which parents come first, and the parent of each (-1: none); Prim's algorithm."""
    order, parent = [0], [-1] * len(codes)
    best = {i: (_information(codes[0], codes[i]), 0) for i in range(1, len(codes))}
    while best:
        column = max(best, key=lambda i: best[i])
        parent[column] = best.pop(column)[1]
        order.append(column)
        for i in best:
            best[i] = max(best[i], (_information(codes[column], codes[i]), column))
    return order, parent

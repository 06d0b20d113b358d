"""Kernel ridge regression of a cell's distribution on the other cells of its row.

The indicators of `value <= bin` are regressed, for every bin, on random Fourier features of the other cells (Rahimi
and Recht 2007, NeurIPS 20) beside the cells themselves: a linear model of the distribution function with a smooth part,
in closed form. Another kind of reader than the networks, whose errors it does not share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from .binning import Floats, Ints
from .features import features
from .network import FLOOR
from .problem import Problem

FEATURES: Final = 600
MOST_ROWS: Final = 10_000
"""That a regression is fitted to: memory and time grow with them, what it learns hardly does."""
PENALTIES: Final = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


def ridge_costs(parts: Sequence[Ints], real: Ints, judges: slice, problem: Problem, seed: int) -> Floats:
    """Ranked probability scores (Epstein 1969) of `real` by a regression on each of `parts`, per target.

    Args:
        parts: (rows, columns) each.
        real: (rows, columns), rows that none of the parts has.
        judges: the parts whose regressions choose the penalty, as those that read `real` best.

    Returns shape (parts, rows, targets).
    """
    costs = [_target_costs(parts, real, judges, problem, target, seed) for target in problem.targets]
    return np.stack(costs, -1)


def _target_costs(parts: Sequence[Ints], real: Ints, judges: slice, problem: Problem, target: int, seed: int) -> Floats:
    bins = np.arange(problem.counts[target])
    lift = _random_features(features(real[:1], problem, target).shape[1], seed)
    asked, wanted = lift(features(real, problem, target)), (bins >= real[:, target, None]).astype(float)
    even = FLOOR * (bins + 1) / len(bins)
    costs = np.empty((len(PENALTIES), len(parts), len(real)))
    for number, part in enumerate(_capped(parts, seed)):
        known, below = lift(features(part, problem, target)), (bins >= part[:, target, None]).astype(float)
        constant = below.mean(0)
        values, vectors = np.linalg.eigh(known.T @ known)
        projected, turned = vectors.T @ (known.T @ (below - constant)), asked @ vectors
        for place, penalty in enumerate(PENALTIES):
            upto = np.clip(constant + turned @ (projected / (values + penalty)[:, None]), 0, 1)
            costs[place, number] = (((1 - FLOOR) * upto + even - wanted) ** 2).sum(1)
    chosen: Floats = costs[costs[:, judges].mean((1, 2)).argmin()]
    return chosen


def _capped(parts: Sequence[Ints], seed: int) -> Iterator[Ints]:
    for part in parts:
        rng = np.random.default_rng(seed)
        yield part if len(part) <= MOST_ROWS else part[rng.permutation(len(part))[:MOST_ROWS]]


def _random_features(inputs: int, seed: int) -> Callable[[Floats], Floats]:
    """Of a Gaussian kernel as wide as the distance that rows of uncorrelated cells have."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((inputs, FEATURES)) / np.sqrt(inputs)
    phases = rng.uniform(0, 2 * np.pi, FEATURES)
    scale = np.sqrt(2 * inputs / FEATURES)

    def lift(x: Floats) -> Floats:
        return np.concatenate([np.ones((len(x), 1)), x, scale * np.cos(x @ directions + phases)], 1)

    return lift

"""Fitting: which signatures, with what weights, and what both are worth on unseen sources and mechanisms.

Ridge towards equal weights: a signature that no training case shows (its mechanism was left out) keeps the
weight that signatures have in general, so that it is evidence all the same. Both classes weigh the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from synthos_engine.alone.model import FARTHEST, Signature
from synthos_engine.alone.repetition import Features

from .cases import Case

Floats = npt.NDArray[np.float64]

USUAL_WEIGHT: Final = 0.5
PENALTY: Final = 0.05
"""Of a weight's squared distance from the usual one, in mean log losses."""
MOST_SIGNATURES: Final = 8
_SMALLEST_GAIN: Final = 0.004
"""In log loss, below which one more signature is not worth it."""
_INNER, _OUTER = 0.5, 0.9
"""Quantiles of real corpora: the middle, and where signatures start."""
_SMALLEST_SCALE: Final = 0.05


@dataclass(frozen=True)
class Fit:
    intercept: float
    weights: Floats

    def probability(self, inputs: Floats) -> Floats:
        result: Floats = 1 / (1 + np.exp(-(inputs @ self.weights + self.intercept)))
        return result


def signatures_of(corpora: dict[str, list[Features]]) -> list[Signature]:
    """Every feature on both of its sides, without a weight yet. A corpus counts once, by the mean of its draws."""
    names = dict.fromkeys(name for draws in corpora.values() for features in draws for name in features)
    found = []
    for name in names:
        means = [[f[name] for f in draws if np.isfinite(f.get(name, np.nan))] for draws in corpora.values()]
        values = np.array([np.mean(some) for some in means if some])
        for direction in (-1, 1):
            inner, outer = np.quantile(direction * values, [_INNER, _OUTER])
            scale = max(float(outer - inner), _SMALLEST_SCALE)
            found.append(Signature(name, direction, float(direction * outer), scale, USUAL_WEIGHT))
    return found


def inputs(signatures: Sequence[Signature], features: Sequence[Features]) -> Floats:
    """(datasets, signatures)"""
    return np.array([[s.outside(f) for s in signatures] for f in features]).reshape(len(features), len(signatures))


def fit(
    values: Floats, collapsed: npt.NDArray[np.bool_], usual: float = USUAL_WEIGHT, shares: Floats | None = None
) -> Fit:
    """Weights of at least zero, drawn towards the usual one; the intercept is not penalised.

    `shares`: what each case counts, in all 1; both classes alike unless given.
    """
    count = values.shape[1]
    if shares is None:
        shares = np.where(collapsed, 0.5 / max(1, collapsed.sum()), 0.5 / max(1, (~collapsed).sum()))
    signs = np.where(collapsed, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, intercept = parameters[:count], parameters[count]
        margin = signs * (values @ weights + intercept)
        slope = -signs * shares / (1 + np.exp(margin))
        away = weights - usual
        gradient = np.append(values.T @ slope + 2 * PENALTY * away, slope.sum())
        return float((shares * np.logaddexp(0, -margin)).sum() + PENALTY * (away**2).sum()), gradient

    start = np.append(np.full(count, usual), -1.0)
    bounds = [(0.0, FARTHEST)] * count + [(-20.0, 20.0)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Fit(float(found[count]), found[:count])


Group = Callable[[Case], str]
BY_SOURCE: Final[Group] = lambda case: case.source  # noqa: E731
BY_MECHANISM: Final[Group] = lambda case: case.mechanism  # noqa: E731


def left_out(values: Floats, cases: Sequence[Case], *groups: Group) -> Floats:
    """Each case's probability by a fit to the cases that share none of these groups with it."""
    collapsed = np.array([case.collapsed for case in cases])
    keys = np.array([[group(case) for group in groups] for case in cases])
    result = np.zeros(len(cases))
    for key in np.unique(keys, axis=0):
        own, others = (keys == key).all(axis=1), (keys != key).all(axis=1)
        result[own] = fit(values[others], collapsed[others]).probability(values[own])
    return result


def log_loss(probability: Floats, collapsed: npt.NDArray[np.bool_]) -> float:
    """Both classes weighing the same."""
    right = np.clip(np.where(collapsed, probability, 1 - probability), 1e-4, 1)
    return -float(np.log(right)[collapsed].mean() + np.log(right)[~collapsed].mean()) / 2


def chosen(possible: Sequence[Signature], cases: Sequence[Case], real: Sequence[Features]) -> list[int]:
    """Places of the signatures that lower the loss, one by one.

    It is the mean of leaving out sources, of leaving out mechanisms, and of real corpora taken for collapse.
    """
    collapsed = np.array([case.collapsed for case in cases])
    values, others = inputs(possible, [case.features for case in cases]), inputs(possible, real)

    def loss(places: list[int]) -> float:
        some = values[:, places]
        losses = [log_loss(left_out(some, cases, group), collapsed) for group in (BY_SOURCE, BY_MECHANISM)]
        taken = np.clip(1 - fit(some, collapsed).probability(others[:, places]), 1e-4, 1)
        return float(np.mean([*losses, -np.log(taken).mean()]))

    places: list[int] = []
    reached = float(np.log(2))
    while len(places) < MOST_SIGNATURES:
        rest = [i for i in range(len(possible)) if i not in places and values[:, i].any()]
        tried = {i: loss([*places, i]) for i in rest}
        best = min(tried, key=lambda i: tried[i], default=None)
        if best is None or tried[best] > reached - _SMALLEST_GAIN:
            break
        places.append(best)
        reached = tried[best]
    return places

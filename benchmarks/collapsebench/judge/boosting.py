"""Losses of gradient-boosted trees on a holdout, 1 being that of the best constant there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

Floats = NDArray[np.float64]


def words_loss(
    x: Floats,
    y: NDArray[np.int64],
    held: Floats,
    known: NDArray[np.int64],
    kind: list[bool],
    settings: dict[str, Any],
    seed: int,
) -> float | None:
    """Log loss of classes counted from 0, over the holdout's entropy."""
    shares = np.bincount(known) / len(known)
    entropy = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    if entropy == 0:
        return None
    count = len(shares)
    predicted = np.zeros((len(known), count))
    if len(np.unique(y)) < 2:
        predicted[:, y[:1]] = 1.0
    else:
        model = HistGradientBoostingClassifier(**_trees(kind, settings, seed)).fit(_some(x), y)
        predicted[:, model.classes_] = model.predict_proba(held)
    predicted = (1 - settings["floor"]) * predicted + settings["floor"] / count
    return float(-np.log(predicted[np.arange(len(known)), known]).mean()) / entropy


def numbers_loss(
    x: Floats, y: Floats, held: Floats, known: Floats, kind: list[bool], settings: dict[str, Any], seed: int
) -> float | None:
    """Pinball loss, a mean over the registered quantiles, over that of the holdout's own quantiles."""
    quantiles = settings["quantiles"]
    constant = sum(_pinball(known, np.quantile(known, q), q) for q in quantiles)
    if constant == 0:
        return None
    loss = 0.0
    for q in quantiles:
        if len(np.unique(y)) < 2:
            predicted = np.full(len(known), y[0] if len(y) else 0.5)
        else:
            trees = _trees(kind, settings, seed)
            predicted = (
                HistGradientBoostingRegressor(loss="quantile", quantile=q, **trees).fit(_some(x), y).predict(held)
            )
        loss += _pinball(known, predicted, q)
    return loss / constant


def _trees(kind: list[bool], settings: dict[str, Any], seed: int) -> dict[str, Any]:
    return {
        "max_iter": settings["rounds"],
        "max_leaf_nodes": settings["leaves"],
        "min_samples_leaf": settings["smallest_leaf"],
        "learning_rate": settings["learning_rate"],
        "categorical_features": kind,
        "early_stopping": False,
        "random_state": seed,
    }


def _some(x: Floats) -> Floats:
    """A column without any value is a constant: scikit-learn cannot bin what is missing altogether."""
    return np.where(np.isnan(x).all(0), 0.0, x)


def _pinball(known: Floats, predicted: Any, q: float) -> float:
    error = known - predicted
    return float(np.maximum(q * error, (q - 1) * error).mean())


class Ranks:
    """From 0 to 1, by the holdout's values; equal ones are spread over their ranks at random.

    As in the randomised probability integral transform (Brockwell 2007). Trees for a quantile learn
    nothing where it is the lowest value and many rows share that: all their gradients are equal then.
    """

    def __init__(self, values: Sequence[Any] | Floats) -> None:
        self._sorted = np.sort(np.array(values, float))

    def __call__(self, values: Sequence[Any] | Floats, seed: int) -> Floats:
        numbers = np.array(values, float)
        below, upto = (np.searchsorted(self._sorted, numbers, side) for side in ("left", "right"))
        spread: Floats = (below + np.random.default_rng(seed).random(len(numbers)) * (upto - below)) / len(self._sorted)
        return spread

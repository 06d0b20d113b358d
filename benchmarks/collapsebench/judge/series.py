"""Gradient-boosted trees that forecast one step from the steps before it, as registered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from ..registration import registration
from ..rows import Column, Row
from .boosting import Floats, Ranks, numbers_loss

_FLOOR = 0.1
"""Of the holdout's median scale: a window that stood still has no scale of its own."""


def holdout_loss(rows: Sequence[Row], holdout: Sequence[Row], _columns: tuple[Column, ...], seed: int) -> float:
    """Mean over variables of a loss on the holdout, 1 being that of the best constant; one thread."""
    settings = registration()["series"]["judge"]
    lags = settings["lags"]
    train, test = (np.array(part, float).transpose(0, 2, 1) for part in (rows, holdout))
    floor = _FLOOR * np.median(np.abs(np.diff(test, axis=1)).mean(1), axis=0)
    floor[floor == 0] = 1.0
    x, y = moments(train, lags, floor)
    held, known = moments(test, lags, floor)
    losses = []
    with threadpool_limits(1):
        for variable in range(y.shape[1]):
            rank = Ranks(known[:, variable])
            wanted, scored = rank(y[:, variable], seed), rank(known[:, variable], settings["seed"])
            losses.append(numbers_loss(x, wanted, held, scored, [False] * x.shape[1], settings, seed))
    return float(np.mean([loss for loss in losses if loss is not None]))


def moments(windows: Floats, lags: int, floor: Floats) -> tuple[Floats, Floats]:
    """What is known before each step from the `lags`-th on, and the step, by variables in units of its scale.

    windows: (windows, steps, variables). A moment: the lags relative to the last, scaled; the last value
    itself; the scale; the place in the window.
    """
    known, steps = [], []
    for t in range(lags, windows.shape[1]):
        before, last = windows[:, t - lags : t], windows[:, t - 1]
        scale = np.maximum(np.abs(np.diff(before, axis=1)).mean(1), floor)
        relative = ((before[:, :-1] - last[:, None]) / scale[:, None]).reshape(len(windows), -1)
        known.append(np.concatenate([relative, last, scale, np.full((len(windows), 1), float(t))], 1))
        steps.append((windows[:, t] - last) / scale)
    return np.concatenate(known), np.concatenate(steps)

"""What one quantity says of another beyond a straight line: cross-fit ridge regression, with random features.

Random features (Rahimi and Recht 2007) approximate a kernel machine at the cost of a linear regression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .cells import Floats, Ints

_FEATURES: Final = 80
_RIDGE: Final = 0.05
"""Of the number of rows; the features have variance of about one."""
_FOLDS: Final = 2


@dataclass(frozen=True)
class Gains:
    """Shares of variance explained on rows not fitted to; `spread` of the size of what is left."""

    straight: float
    bent: float
    spread: float


def gains(inputs: Floats, target: Floats, rng: np.random.Generator) -> Gains:
    """Linear, how much more with bent features, and whether these tell the size of the error, too."""
    scaled = (inputs - inputs.mean(0)) / (inputs.std(0) + 1e-9)
    directions = rng.standard_normal((scaled.shape[1], _FEATURES)) / np.sqrt(scaled.shape[1])
    bent = np.sqrt(2) * np.cos(1.5 * scaled @ directions + rng.uniform(0, 2 * np.pi, _FEATURES))
    both = np.concatenate([scaled, bent], axis=1)
    folds = rng.integers(0, _FOLDS, len(target))
    by_line, by_both = _crossfit(scaled, target, folds), _crossfit(both, target, folds)
    left = np.abs(target - by_both)
    variance = float(target.var()) or 1.0
    straight = 1 - float(((target - by_line) ** 2).mean()) / variance
    return Gains(
        straight=max(0.0, straight),
        bent=max(-0.2, 1 - float(((target - by_both) ** 2).mean()) / variance - straight),
        spread=max(-0.2, 1 - float(((left - _crossfit(both, left, folds)) ** 2).mean()) / (float(left.var()) or 1.0)),
    )


def _crossfit(inputs: Floats, target: Floats, folds: Ints) -> Floats:
    """Each row predicted by a fit to the rows of other folds."""
    predicted = np.full(len(target), target.mean())
    for fold in range(_FOLDS):
        fitted, scored = folds != fold, folds == fold
        middle = inputs[fitted].mean(0)
        centred = inputs[fitted] - middle
        gram = centred.T @ centred + _RIDGE * fitted.sum() * np.eye(inputs.shape[1])
        weights = np.linalg.solve(gram, centred.T @ (target[fitted] - target[fitted].mean()))
        predicted[scored] = target[fitted].mean() + (inputs[scored] - middle) @ weights
    return predicted

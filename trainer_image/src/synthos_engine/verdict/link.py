"""From what small models show to what a model of another architecture and size would suffer.

An effect is a property of the data and of the reader. What the models of a rung pay is linked to the effect E1
on another reader: y = sum of w * ln(1 + x) over the rung's effects x, with y = ln(1 + E1). The error is noise
at small effects (of the rung, and `floor`) and a factor (`spread`) at large ones; asinh(y / c), c = noise /
spread, makes it even (as for two-component errors: Rocke and Durbin 2001, J. Comput. Biol. 8, 557), with
Student's t for its tails. The numbers were fitted to the development split of CollapseBench: `links.json`, written
by `python -m benchmarks.collapsebench.fit_links`. Its judge and the first rung share no code and no kind of model
(n-grams and spectral networks against an LSTM, networks over cells and ridge regression against boosted trees). For
tables and series the question is put alike (each column from the others, the next step from seven lags in units of
the window's scale, scores relative to the best constant), so what both are blind to is no error there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from scipy import stats

from .effect import CONFIDENCE, EffectEstimate


@dataclass(frozen=True)
class LinkedEffect:
    """E1 on another reader; the interval is asymmetric where the effect is large."""

    y: float
    noise: float
    spread: float
    degrees: float

    @property
    def excess(self) -> float:
        return math.expm1(self.y)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        half = float(stats.t.ppf(0.5 + confidence / 2, self.degrees)) * self.spread
        c, middle = self.noise / self.spread, self._even(self.y)
        low, high = (math.expm1(c * math.sinh(middle + sign * half)) for sign in (-1, 1))
        return low, high

    def probability_above(self, bound: float) -> float:
        return float(stats.t.sf((self._even(math.log1p(bound)) - self._even(self.y)) / self.spread, self.degrees))

    def _even(self, y: float) -> float:
        return math.asinh(y * self.spread / self.noise)


@dataclass(frozen=True)
class Link:
    """Of one kind of rung; `weights` by the names of its effects."""

    weights: Mapping[str, float]
    floor: float
    spread: float
    degrees: float

    def predict(self, effects: Mapping[str, EffectEstimate]) -> LinkedEffect | None:
        """None where an effect has no standard error. Raises KeyError for an effect that is not there."""
        y = error = 0.0
        for name, weight in self.weights.items():
            effect = effects[name]
            if effect.standard_error is None:
                return None
            y += weight * math.log1p(effect.excess)
            error += abs(weight) * effect.standard_error / (1 + effect.excess)
        return LinkedEffect(y, math.hypot(error, self.floor), self.spread, self.degrees)


@cache
def links() -> Mapping[str, Link]:
    """By the modality of the dataset."""
    document = json.loads(files(__package__).joinpath("links.json").read_text("utf-8"))
    names = ("weights", "floor", "spread", "degrees")
    return {modality: Link(**{name: link[name] for name in names}) for modality, link in document["links"].items()}

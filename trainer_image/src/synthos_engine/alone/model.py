"""From features to a probability of collapse: logistic regression on how far they lie outside real corpora.

    logit p = intercept + sum of weight_i * s_i,   s_i = min(max(direction_i (x_i - from_i) / scale_i, 0), 6)

A signature is a feature and a direction. `from` is where nine in ten real corpora end on that side, `scale` how
far that is from their median, both over a library of real corpora: so s_i is zero for what real data look like.
Weights are not negative. The numbers stand in model.json, written by `python -m benchmarks.collapsebench.fit_alone`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from .repetition import Features

FARTHEST: Final = 6.0
"""Beyond it a feature counts no more: one feature is one piece of evidence."""


@dataclass(frozen=True)
class Signature:
    """A feature on one side of what it is in real corpora."""

    feature: str
    direction: Literal[-1, 1]
    start: float
    scale: float
    weight: float

    def outside(self, features: Features) -> float:
        """How far outside real corpora; zero within, and where the feature was not measured."""
        value = features.get(self.feature)
        if value is None or not math.isfinite(value):
            return 0.0
        return min(max(self.direction * (value - self.start) / self.scale, 0.0), FARTHEST)


@dataclass(frozen=True)
class Model:
    """`firm_from`: probability from which a verdict is firm; None where none was good enough on unseen data."""

    intercept: float
    signatures: Sequence[Signature]
    firm_from: float | None

    def probability(self, features: Features) -> float:
        """Of collapse, where as many datasets are collapsed as not."""
        logit = self.intercept + sum(s.weight * s.outside(features) for s in self.signatures)
        return 1 / (1 + math.exp(-logit))

    def strongest(self, features: Features) -> list[Signature]:
        """The signatures that speak for collapse, the heaviest first."""
        found = [s for s in self.signatures if s.weight * s.outside(features) > 0]
        return sorted(found, key=lambda s: -s.weight * s.outside(features))


@cache
def models() -> Mapping[str, Model]:
    """By modality; a modality on which nothing has been fitted is missing."""
    content = json.loads(files(__package__).joinpath("model.json").read_text("utf-8"))
    return {
        name: Model(
            one["intercept"],
            tuple(Signature(**signature) for signature in one["signatures"]),
            one["firm_from"],
        )
        for name, one in content["modalities"].items()
    }

"""The label of a candidate: its effect as the judge measures it, and what that is called."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

from . import results
from .candidates import Candidate
from .modalities import of_source
from .registration import digest, registration
from .rows import Row, content_of
from .workshop import CachedWorkshop

Class = Literal["benign", "collapsed", "grey", "shift"]
SHIFT_ROUTES = ("other-source", "section")
"""Real rows of another domain, or possibly one: a class of their own where their effect is not benign."""


@dataclass(frozen=True)
class Null:
    """How far real draws of a source lie apart, as shares of their mean loss."""

    mean: float
    deviation: float
    draws: int

    @classmethod
    def of(cls, losses: Sequence[float]) -> Null:
        mean = float(np.mean(losses))
        return cls(mean, float(np.std(losses, ddof=1)) / mean, len(losses))

    @property
    def standard_error(self) -> float:
        """Of the E1 of one more real draw."""
        return self.deviation * math.sqrt(1 + 1 / self.draws)

    @property
    def bound(self) -> float:
        quantile = registration()["question"]["null_quantile"]
        return float(stats.t.ppf(quantile, self.draws - 1)) * self.standard_error


def classify(effect: float, null: Null, route: str) -> Class:
    """As registered."""
    question = registration()["question"]
    if effect < question["benign_below"] or effect <= null.bound:
        return "benign"
    if route in SHIFT_ROUTES:
        return "shift"
    return "collapsed" if effect >= question["collapsed_from"] else "grey"


def label(candidate: Candidate, workshop: CachedWorkshop) -> dict[str, Any]:
    """Measure E1 and classify it; one row of a result."""
    rows, key = candidate.rows(workshop), of_source(candidate.source).key
    loss = _loss(candidate.source, rows, 100, workshop)
    # Last: other processes may have measured it meanwhile.
    null = null_of(candidate.source, workshop)
    effect = loss / null.mean - 1
    return candidate.described() | {
        "registration": digest(candidate.modality),
        "fingerprint": workshop.fingerprint(candidate.source),
        "content": content_of([key(row) for row in rows]),
        "rows": len(rows),
        "bytes": sum(len(key(row).encode()) + 1 for row in rows),
        "judge_loss": loss,
        "null_loss": null.mean,
        "null_deviation": null.deviation,
        "null_bound": null.bound,
        "e1": effect,
        "e1_standard_error": null.standard_error,
        "label": classify(effect, null, candidate.route),
    }


def null_of(source: str, workshop: CachedWorkshop) -> Null:
    """Of the judge's real draws; each has a seed of its own, so that seeds are part of the null."""
    return Null.of([draw_loss(source, number, workshop) for number in range(draws_of(source))])


def draw_loss(source: str, number: int, workshop: CachedWorkshop) -> float:
    """Loss of the judge trained on one real draw; measured once."""
    key = f"{source}/{number}/{workshop.fingerprint(source)}/{digest(of_source(source).name)}"
    known = results.read("null").get(key)
    if known is None:
        loss = _loss(source, workshop.pools(source).draws[number], number, workshop)
        known = {"id": key, "source": source, "draw": number, "loss": loss}
        results.add("null", known)
    return float(known["loss"])


def draws_of(source: str) -> int:
    """Number of the judge's real draws."""
    return int(registration()[of_source(source).name]["draws"])


def _loss(source: str, rows: Sequence[Row], number: int, workshop: CachedWorkshop) -> float:
    """Of the registered judge with the seed of that number."""
    modality, pools = of_source(source), workshop.pools(source)
    seed = registration()[modality.name]["judge"]["seed"] + number
    return modality.loss(rows, pools.holdout, pools.columns, seed)

"""What a collapse comes from: the effect divided between repairs of the candidate that make it go away.

The players are the repairs of `repairs.py`. A coalition's value is by how much the effect shrinks when its
repairs are made: a model of the repaired rows against models of draws of the reference of the same weight,
on the same holdout. What stays when all are made is a cause of its own: the rows as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from synthos_api.results import RootCause
from synthos_engine.verdict import BENIGN_BOUND
from synthos_engine.verdict.shapley import Coalition, coalitions, percentages, shapley_values

from .material import Material
from .repair_readers import Reader, reader_of
from .repairs import (
    Floats,
    Ints,
    Population,
    Strata,
    cut,
    repeated_share,
    with_likes,
    with_variety,
    without_copies,
    without_strange,
)

REPETITION: Final = "repeated rows"
STRANGENESS: Final = "strange rows"
VARIETY: Final = "lost variety"
WRITING: Final = "the rows as they are written"
REPAIRS: Final = (REPETITION, STRANGENESS, VARIETY)
"""In the order in which they are made."""

DRAWS: Final = 3
"""Of the reference, for each weight that repaired candidates are compared at."""
FEWEST_ROWS: Final = 30
SMALLEST_SHARE: Final = 0.05
"""Of the candidate's weight. When less is left, nothing of the candidate is, and its effect is 0."""
_NEAR: Final = 1.25
"""Ratio of two weights up to which they share the draws."""
_PURPOSE: Final = 9
_WORDS: Final = {
    REPETITION: "{share:.0%} of the rows repeat another one. With one copy of each, all else as it is, the effect "
    "goes from {before:+.1%} to {after:+.1%}.",
    STRANGENESS: "{share:.0%} of the rows cost models of the reference more than real rows do, or are too many of such "
    "rows: noise, broken relations, or rows from elsewhere. Without them, all else as it is, the effect goes from "
    "{before:+.1%} to {after:+.1%}.",
    VARIETY: "Kinds of rows (by size and content) do not have the shares they have in the reference. With {share:.0%} "
    "of the rows exchanged for real ones of the kinds that lack, all else as it is, the effect goes from {before:+.1%} "
    "to {after:+.1%}, not counting what real rows like those at hand mend as well.",
    WRITING: "With all repairs made, the effect goes from {before:+.1%} to {after:+.1%}. This rest lies in what the "
    "rows themselves say, not in which rows there are.",
}


@dataclass(frozen=True)
class Attribution:
    """`effects` of the candidate with the repairs of each coalition, `changed` the share of rows each repair alone
    takes out or puts in."""

    effects: Mapping[Coalition, float]
    changed: Mapping[str, float]

    def shares(self) -> dict[str, int]:
        """Percentages of the effect by cause, which add up to 100; none where these models show no effect to divide."""
        before = self.effects[frozenset()]
        if before < BENIGN_BOUND:
            return {}
        values = shapley_values(REPAIRS, lambda repaired: before - self.effects[repaired])
        return percentages(values | {WRITING: self.effects[frozenset(REPAIRS)]})

    def causes(self) -> list[RootCause]:
        """Largest first; what has no share is left out."""
        ranked = sorted(self.shares().items(), key=lambda pair: -pair[1])
        return [
            RootCause(cause=cause, percentage=share, description=self._words(cause)) for cause, share in ranked if share
        ]

    def _words(self, cause: str) -> str:
        repaired = frozenset(REPAIRS if cause == WRITING else [cause])
        numbers = {"before": self.effects[frozenset()], "after": self.effects[repaired]}
        return _WORDS[cause].format(share=self.changed.get(cause, 0.0), **numbers)


def find_root_causes(material: Material, samples: tuple[pa.Table, pa.Table], seed: int) -> list[RootCause]:
    """Of a dataset that makes models collapse; none where they cannot be told.

    Args:
        samples: of the candidate and of the reference, of which the material holds the rows as text.
    """
    attribution = attribute(material, samples, seed)
    return [] if attribution is None else attribution.causes()


def attribute(material: Material, samples: tuple[pa.Table, pa.Table], seed: int) -> Attribution | None:
    """None without a reference, or where there are too few rows to repair."""
    reader = reader_of(material, *samples, seed)
    if reader is None or min(reader.own, len(reader.content) - reader.own) < 2 * FEWEST_ROWS:
        return None
    rng = np.random.default_rng((seed, _PURPOSE))
    population = _population(reader, rng)
    strata = Strata.of(population, seed)
    most = min(reader.most, int(reader.weight[population.reference].sum()) // 2)
    candidate = cut(rng.permutation(reader.own), reader.weight, most)
    repaired = {c: _repair(candidate, c, population, strata, seed) for c in coalitions(REPAIRS)}
    controls = {c: with_likes(repaired[c - {VARIETY}], population, strata, seed) for c in repaired if VARIETY in c}
    changed = {name: _changed(candidate, repaired[frozenset([name])]) for name in REPAIRS}
    changed[REPETITION] = repeated_share(population.content[candidate])
    effects = _effects(reader, [*repaired.values(), *controls.values()], rng)
    if not effects:
        return None
    measured = dict(zip(repaired, effects, strict=False))
    exchanged = dict(zip(controls, effects[len(repaired) :], strict=True))
    return Attribution(_by_variety_alone(measured, exchanged), changed)


def _by_variety_alone(
    effects: Mapping[Coalition, float], exchanged: Mapping[Coalition, float]
) -> dict[Coalition, float]:
    """What exchanging rows for real ones like them mends as well is no matter of variety, and is not counted."""
    return {
        c: effects[c - {VARIETY}] - max(0.0, min(effects[c - {VARIETY}], exchanged[c]) - effect)
        if c in exchanged
        else effect
        for c, effect in effects.items()
    }


def _population(reader: Reader, rng: np.random.Generator) -> Population:
    """Costs are by a model of half of the reference, of rows that the candidate does not have as well."""
    reference = rng.permutation(np.arange(reader.own, len(reader.content)))
    half = reference[: len(reference) // 2]
    apart = half[~np.isin(reader.content[half], reader.content[: reader.own])]
    known = apart if len(apart) >= FEWEST_ROWS else half
    cost = reader.row_costs(cut(known, reader.weight, reader.most))
    cost[half] = np.nan
    return Population(reader.own, reader.content, reader.weight, _standardised(reader.features(), reference), cost)


def _standardised(features: Floats, usual: Ints) -> Floats:
    deviation = features[usual].std(0)
    scaled: Floats = (features - features[usual].mean(0)) / np.where(deviation > 0, deviation, 1.0)
    return scaled


def _repair(rows: Ints, repairs: Coalition, population: Population, strata: Strata, seed: int) -> Ints:
    if REPETITION in repairs:
        rows = without_copies(rows, population)
    if STRANGENESS in repairs:
        rows = without_strange(rows, strata)
    if VARIETY in repairs:
        rows = with_variety(rows, population, strata, seed)
    return rows


def _changed(before: Ints, after: Ints) -> float:
    """Share of rows that are gone, or that are new where those are more."""
    same = len(np.intersect1d(before, after))
    return max(len(before) - same, len(after) - same) / len(before)


def _effects(reader: Reader, repaired: Sequence[Ints], rng: np.random.Generator) -> list[float]:
    """Equal repaired candidates are read once, what is too small has no effect; empty where none can be read.

    The first of them is the candidate as it is.
    """
    full = int(reader.weight[repaired[0]].sum())
    found: dict[bytes, Ints] = {}
    for rows in repaired:
        if len(rows) >= FEWEST_ROWS and reader.weight[rows].sum() >= SMALLEST_SHARE * full:
            found.setdefault(rows.tobytes(), rows)
    sets = list(found.values())
    sizes = np.array([int(reader.weight[rows].sum()) for rows in sets])
    reference = np.arange(reader.own, len(reader.content))
    orders = [rng.permutation(reference) for _ in range(DRAWS)]
    draws = [cut(order, reader.weight, size) for size in _ladder(sizes) for order in orders]
    losses = reader.losses([*sets, *draws], slice(len(sets), len(sets) + DRAWS))
    if not (losses > 0).all():
        return []
    usual = _usual_losses(sizes, np.array([reader.weight[rows].sum() for rows in draws]), losses[len(sets) :])
    effect = dict(zip(found, losses[: len(sets)] / usual - 1, strict=True))
    return [float(effect.get(rows.tobytes(), 0.0)) for rows in repaired]


def _ladder(sizes: Ints) -> list[int]:
    """Weights to draw at, largest first, so that every size is near to one of them."""
    ladder: list[int] = []
    for size in sorted(map(int, sizes), reverse=True):
        if not ladder or ladder[-1] > _NEAR * size:
            ladder.append(size)
    if ladder[-1] > min(sizes):
        ladder.append(int(min(sizes)))
    return ladder


def _usual_losses(sizes: Ints, weights: Ints, losses: Floats) -> Floats:
    """Of draws of these sizes: between those that were made, the loss is a power of the size."""
    x = np.log(weights.reshape(-1, DRAWS).mean(1))
    y = np.log(losses.reshape(-1, DRAWS).mean(1))
    usual: Floats = np.exp(np.interp(np.log(sizes), x[::-1], y[::-1]))
    return usual

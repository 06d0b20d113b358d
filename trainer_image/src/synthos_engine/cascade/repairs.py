"""Repairs of a candidate: operations on its rows, each of which mends one thing that may be wrong with them.

A repaired candidate is an array of row numbers of a `Population`, a number as often as the row occurs. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

COST_LEVELS: Final = (0.5, 0.75, 0.9, 0.975)
"""Quantiles of real rows' costs between which the candidate's must not be more than its cheap half calls for."""
ODD_SHARE: Final = 0.02
"""Of strange rows, up to which none is taken for damage."""
ODD_REPETITION: Final = 0.02
"""Surplus of repeated rows over the reference's in equal samples that is no accident."""
SIZES: Final = 4
"""Classes of rows by their weight."""
STRATA: Final = 32
FEWEST_EXPECTED: Final = 16
"""Kinds of rows, in all classes together: so many at most, and each with so many different rows at least."""
_CERTAIN: Final = 3.0
"""Standard deviations of sampling that a share has to differ by to be put right."""


@dataclass(frozen=True)
class Population:
    """Rows of the candidate, numbers 0 to `own` - 1, and of the reference after them.

    `content` is equal where rows are, `weight` is in bytes or rows, `features` tell what rows are about, `cost`
    is what models of other reference rows pay for a unit of weight (not-a-number for the rows those have read).
    """

    own: int
    content: Ints
    weight: Ints
    features: Floats
    cost: Floats

    @property
    def candidate(self) -> Ints:
        return np.arange(self.own)

    @property
    def reference(self) -> Ints:
        return np.arange(self.own, len(self.content))

    @property
    def spare(self) -> Ints:
        """Rows of the reference that no model of costs has read: their costs are usual ones."""
        return self.reference[~np.isnan(self.cost[self.own :])]


@dataclass(frozen=True)
class Strata:
    """Of each row of a population, its stratum, and whether it is one of the candidate's strange rows."""

    strange: Flags
    stratum: Ints

    @classmethod
    def of(cls, population: Population, seed: int) -> Strata:
        """By weight, and within a class of weights by `features`, all by quantiles of the reference."""
        reference, spare = population.reference, population.spare
        bounds = np.unique(np.quantile(population.weight[reference], np.arange(1, SIZES) / SIZES))
        bounds = bounds[bounds < population.weight[reference].max()]
        size = np.searchsorted(bounds, population.weight, side="left")
        different = len(np.unique(population.content[population.candidate]))
        kinds = min(STRATA, max(len(bounds) + 1, different // FEWEST_EXPECTED))
        depth = int(np.log2(kinds // (len(bounds) + 1)))
        luck = np.random.default_rng(seed).random(int(population.content.max()) + 1)
        strange, stratum = np.zeros(len(size), bool), np.zeros(len(size), np.int64)
        for one in range(len(bounds) + 1):
            here, priced = np.flatnonzero(size == one), spare[size[spare] == one]
            usual = population.features[reference[size[reference] == one]]
            stratum[here] = one * 2**depth + _leaves(usual, population.features[here], depth)
            ours = here[here < population.own]
            if len(priced) and len(ours):
                cost = population.cost
                strange[ours] = _strange(cost[ours], cost[priced], luck[population.content[ours]])
        return cls(strange, stratum)


def _strange(own: Floats, usual: Floats, luck: Floats) -> Flags:
    """The rows to leave out so that what is left does not cost more than real rows do.

    A level has too many when there are more than its cheap half calls for. Beyond the last quantile the dearest
    go first; elsewhere chance picks, by `luck`, which is uniform and equal where rows are.
    """
    level = np.searchsorted(np.quantile(usual, COST_LEVELS), own)
    shares = np.diff(np.array([0.0, *COST_LEVELS, 1.0]))
    have = np.bincount(level, minlength=len(shares))
    allowed = shares / shares[0] * have[0]
    scatter = np.sqrt(allowed + allowed**2 * (1 / max(1, have[0]) + 1 / (shares * len(usual))))
    surplus = np.where(have > allowed + _CERTAIN * scatter, 1 - allowed / np.maximum(1, have), 0.0)
    surplus[0] = 0.0
    flags: Flags = luck < surplus[level]
    last = level == len(COST_LEVELS)
    if last.any():
        flags[last] = own[last] > np.quantile(own[last], 1 - surplus[-1])
    return flags


def _leaves(usual: Floats, features: Floats, depth: int) -> Ints:
    """Leaf of each of the `features` in a tree that halves the usual ones along their first principal axis.

    A principal direction tree (Verma, Kpotufe and Dasgupta 2009): kinds of rows of about equal frequency.
    """
    leaf = np.zeros(len(features), np.int64)
    if depth == 0 or len(usual) < 2:
        return leaf
    _, axes = np.linalg.eigh(np.cov(usual, rowvar=False).reshape(usual.shape[1], -1))
    axis = axes[:, -1]
    bound = float(np.median(usual @ axis))
    left, usual_left = features @ axis <= bound, usual @ axis <= bound
    leaf[left] = _leaves(usual[usual_left], features[left], depth - 1)
    leaf[~left] = 2 ** (depth - 1) + _leaves(usual[~usual_left], features[~left], depth - 1)
    return leaf


def without_copies(rows: Ints, population: Population) -> Ints:
    """One copy of each row, or as many as an equal number of the reference's rows would hold.

    All of them where rows repeat no more than the reference's do.
    """
    content = population.content[rows]
    if repeated_share(content) - _usual_repetition(len(rows), population) <= ODD_REPETITION:
        return rows
    theirs = population.content[population.reference]
    expected = np.bincount(theirs, minlength=int(population.content.max()) + 1) * len(rows) / len(theirs)
    allowed = np.maximum(1, np.ceil(expected[content])).astype(np.int64)
    return rows[_occurrence(content) < allowed]


def without_strange(rows: Ints, strata: Strata) -> Ints:
    """All of them where the strange ones are few."""
    strange = strata.strange[rows]
    return rows[~strange] if strange.mean() > ODD_SHARE else rows


def with_variety(rows: Ints, population: Population, strata: Strata, seed: int) -> Ints:
    """As much as before, with ordinary rows in the shares of the reference's strata; in random order.

    Strata with too many lose rows at random, all copies of one together; strata with too few are filled with real
    rows, each as often as the candidate's are repeated: repetition is not mended by the way. Strange rows stay, and
    so does a share that sampling may explain.
    """
    surplus, rng = _surplus(rows, population, strata), np.random.default_rng((seed, len(rows)))
    if not surplus.any():
        return rows
    luck = rng.random(int(population.content.max()) + 1)
    ordinary = rows[~strata.strange[rows]]
    copies = max(1, round(len(ordinary) / len(np.unique(population.content[ordinary]))))
    gone, new = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for stratum in np.flatnonzero(surplus):
        count = round(abs(float(surplus[stratum])))
        if surplus[stratum] > 0:
            places = np.flatnonzero((strata.stratum[rows] == stratum) & ~strata.strange[rows])
            gone.append(places[np.argsort(luck[population.content[rows[places]]], kind="stable")][:count])
        else:
            kind = rng.permutation(population.reference[strata.stratum[population.reference] == stratum])
            new.append(np.resize(np.repeat(kind[: -(-count // copies)], copies), count))
    mended = rng.permutation(np.concatenate([np.delete(rows, np.concatenate(gone)), *new]))
    return cut(mended, population.weight, int(population.weight[rows].sum()))


def with_likes(rows: Ints, population: Population, strata: Strata, seed: int) -> Ints:
    """With as many rows exchanged for real ones as `with_variety` puts in, but each for the one most like it.

    A control: what this mends, real rows mend whatever their kind.
    """
    count = round(float(np.maximum(-_surplus(rows, population, strata), 0).sum()))
    if not count:
        return rows
    luck = np.random.default_rng((seed, len(rows))).random(int(population.content.max()) + 1)
    places = np.flatnonzero(~strata.strange[rows])
    places = places[np.argsort(luck[population.content[rows[places]]], kind="stable")][:count]
    exchanged = rows.copy()
    exchanged[places] = population.reference[
        _nearest(population.features[rows[places]], population.features[population.reference])
    ]
    return cut(exchanged, population.weight, int(population.weight[rows].sum()))


def _nearest(points: Floats, others: Floats) -> Ints:
    """Which of the others is nearest to each point."""
    squares = (others**2).sum(1)
    parts = np.array_split(points, max(1, len(points) // 500))
    return np.concatenate([np.argmin(squares - 2 * part @ others.T, axis=1) for part in parts])


def _surplus(rows: Ints, population: Population, strata: Strata) -> Floats:
    """(strata,) ordinary rows too many, or too few, 0 where sampling explains them."""
    real, ordinary = population.reference, rows[~strata.strange[rows]]
    if not len(ordinary):
        return np.zeros(STRATA)
    share = np.bincount(strata.stratum[real], minlength=STRATA) / len(real)
    different = len(np.unique(population.content[ordinary]))
    scatter = np.sqrt(share * (1 - share) * (1 / different + 1 / len(real)))
    surplus = np.bincount(strata.stratum[ordinary], minlength=STRATA) / len(ordinary) - share
    certain = np.abs(surplus) > _CERTAIN * np.maximum(scatter, 1 / different)
    counted: Floats = np.where(certain, surplus, 0.0) * len(ordinary)
    return counted


def cut(rows: Ints, weight: Ints, most: int) -> Ints:
    """The first of them, up to about so much."""
    return rows[: int(np.searchsorted(np.cumsum(weight[rows]), most)) + 1]


def repeated_share(content: Ints) -> float:
    return 1 - len(np.unique(content)) / max(1, len(content))


def _usual_repetition(count: int, population: Population) -> float:
    """Of so many rows of the reference, or of all of them."""
    return repeated_share(population.content[population.reference[:count]])


def _occurrence(content: Ints) -> Ints:
    """How many equal ones stand before each."""
    order = np.argsort(content, kind="stable")
    ordered = content[order]
    first = np.searchsorted(ordered, ordered, side="left")
    found = np.empty(len(content), np.int64)
    found[order] = np.arange(len(content)) - first
    return found

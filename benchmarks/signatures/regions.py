"""Scales of features and regions of damaged and of benign data, from fingerprints. Pure.

Every source weighs the same, however many cases it has: cases of one source resemble each other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from synthos_api.results import CollapseType
from synthos_api.signature_library import Extent, Scale
from synthos_api.signatures import FARTHEST

from .cases import Case

Floats = npt.NDArray[np.float64]

FEWEST_CASES: Final = 4
FEWEST_SOURCES: Final = 2
"""Without which there is no region."""
MOST_FEATURES: Final = 3
WEAKEST: Final = 0.5
"""2 · AUROC − 1 against real data, whichever source is left out, below which a feature says too little of a region."""
PRESENT: Final = 0.8
"""Share of cases that must have a feature."""
NARROWEST: Final = 1.0
"""Least spread, in standardised units: with few sources a region looks narrower than it is."""
HELD: Final = 0.8
"""Share of a region's own cases that its radius takes in."""
_MAD: Final = 1.4826
_NORMAL_90: Final = 3.29
"""Width of the middle nine tenths of a normal distribution, in standard deviations."""
_SMALLEST_SCALE: Final = 0.02
"""Of the middle nine tenths of all cases: features that do not vary among real data vary by this, or nothing."""


class Values(NamedTuple):
    """Of a feature, of the cases that have it. The weights sum up to 1 and are equal for each source."""

    values: Floats
    weights: Floats


class Region(NamedTuple):
    name: str
    collapse_type: CollapseType
    extents: list[Extent]
    radius: float
    cases: int


def scales(cases: Sequence[Case], everything: Sequence[Case]) -> dict[str, Scale]:
    """Of the features that real `cases` have; what is constant over `everything` has none."""
    found = {}
    for name in sorted({name for case in cases for name in case.fingerprint}):
        values, weights = _values(cases, name)
        if len(values) < PRESENT * len(cases):
            continue
        median = _quantile(values, weights, 0.5)
        low, high = (_quantile(values, weights, share) for share in (0.05, 0.95))
        overall = np.quantile(_values(everything, name)[0], [0.05, 0.95])
        scale = max(
            _MAD * _quantile(np.abs(values - median), weights, 0.5),
            (high - low) / _NORMAL_90,
            _SMALLEST_SCALE * float(overall[1] - overall[0]),
        )
        if scale > 0:
            found[name] = Scale(median=_rounded(median), scale=_rounded(scale))
    return found


def values_of(cases: Sequence[Case], features: Iterable[str]) -> dict[str, Values]:
    """By feature; those that too few of the cases have are absent."""
    found = {feature: _values(cases, feature) for feature in features}
    return {feature: one for feature, one in found.items() if len(one.values) >= PRESENT * len(cases)}


def damaged(name: str, cases: Sequence[Case], real: Mapping[str, Values], known: Mapping[str, Scale]) -> Region | None:
    """The region of collapsed `cases`; None where too few, or where no feature tells them from real data.

    Open on the side away from real data: what is farther out is no less like them.
    """
    if len(cases) < FEWEST_CASES or len({case.source for case in cases}) < FEWEST_SOURCES:
        return None
    told = {feature: told_apart(cases, real[feature], feature) for feature in known if feature in real}
    possible = [
        _extent(cases, feature, known[feature], side=1 if value > 0 else -1, weight=value**2)
        for feature, value in told.items()
        if abs(value) >= WEAKEST
    ]
    extents = sorted(possible, key=lambda e: (-e.weight, -abs(e.centre), e.feature))[:MOST_FEATURES]
    if not extents:
        return None
    kinds = Counter(case.collapse_type for case in cases if case.collapse_type)
    kind = min(kinds, key=lambda one: (-kinds[one], one)) if kinds else ""
    return Region(name, cast(CollapseType, kind), extents, _radius(cases, extents, known), len(cases))


def benign(name: str, cases: Sequence[Case], known: Mapping[str, Scale], regions: Sequence[Region]) -> Region | None:
    """Where real data lie, on the features that the regions of damage go by. Closed on all sides."""
    weights: dict[str, float] = {}
    for extent in (extent for region in regions for extent in region.extents):
        weights[extent.feature] = max(extent.weight, weights.get(extent.feature, 0.0))
    if not weights:
        return None
    extents = [_extent(cases, f, known[f], side=0, weight=weight) for f, weight in sorted(weights.items())]
    return Region(name, "", extents, _radius(cases, extents, known), len(cases))


def told_apart(cases: Sequence[Case], real: Values, feature: str) -> float:
    """2 · AUROC − 1 of the feature, sources weighing the same; 0 where too few cases have it.

    Nearest to zero of all that leaving out one source of the cases gives: what one source alone shows tells nothing
    of others.
    """
    own = [case for case in cases if np.isfinite(case.fingerprint.get(feature, np.nan))]
    if len(own) < PRESENT * len(cases):
        return 0.0
    above = np.array([case.fingerprint[feature] for case in own])
    wins = np.sign(above[:, None] - real.values[None, :]) @ real.weights
    owners = np.array([case.source for case in own])
    means = np.array([wins[owners == source].mean() for source in np.unique(owners)])
    if len(means) < FEWEST_SOURCES:
        return 0.0
    without = (means.sum() - means) / (len(means) - 1)
    return float(max(without.min(), 0.0) + min(without.max(), 0.0))


def _extent(cases: Sequence[Case], feature: str, scale: Scale, *, side: Any, weight: float) -> Extent:
    values, weights = _values(cases, feature)
    standard = np.clip((values - scale.median) / scale.scale, -FARTHEST, FARTHEST)
    centre = _quantile(standard, weights, 0.5)
    spread = max(NARROWEST, _MAD * _quantile(np.abs(standard - centre), weights, 0.5))
    return Extent(feature=feature, centre=_rounded(centre), spread=_rounded(spread), side=side, weight=_rounded(weight))


def _radius(cases: Sequence[Case], extents: Sequence[Extent], known: Mapping[str, Scale]) -> float:
    """Of the share HELD of the cases, and 1 at least."""
    squares, total = np.zeros(len(cases)), np.zeros(len(cases))
    for extent in extents:
        scale = known[extent.feature]
        values = np.array([case.fingerprint.get(extent.feature, np.nan) for case in cases])
        standard = np.clip((values - scale.median) / scale.scale, -FARTHEST, FARTHEST)
        away = (standard - extent.centre) / extent.spread
        there = np.isfinite(away)
        inside = away * extent.side > 0
        squares[there] += extent.weight * np.where(inside, 0.0, away**2)[there]
        total[there] += extent.weight
    distances = np.sqrt(squares[total > 0] / total[total > 0])
    return _rounded(
        max(1.0, _quantile(distances, weights_of([c for c, t in zip(cases, total, strict=True) if t > 0]), HELD))
    )


def _values(cases: Sequence[Case], feature: str) -> Values:
    own = [case for case in cases if math.isfinite(case.fingerprint.get(feature, math.nan))]
    return Values(np.array([case.fingerprint[feature] for case in own]), weights_of(own))


def weights_of(cases: Sequence[Case]) -> Floats:
    """They sum up to 1 and are equal for each source."""
    counts = Counter((case.modality, case.source) for case in cases)
    return np.array([1 / len(counts) / counts[case.modality, case.source] for case in cases])


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """The least value with so much weight at or below it."""
    order = np.argsort(values, kind="stable")
    place = int(np.searchsorted(np.cumsum(weights[order]), share - 1e-9))
    return float(values[order][min(place, len(values) - 1)])


def _rounded(value: float) -> float:
    return float(f"{value:.6g}")

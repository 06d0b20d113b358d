"""The six dimensions of a dataset against its reference: statistics, their null, and scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa

from synthos_api.results import SIX_DIMENSIONS, CollapseType, DimensionScore
from synthos_engine.data.modality import Modality, modality_of

from . import series, table, text
from .calibration import calibrations
from .draws import Floats, Ints, splits
from .names import DIVERSITY, TYPES

REACH: Final = 2.0
"""Deviations of its null that an excess has to leave behind."""


class Rows(Protocol):
    """Rows made ready for a modality's statistics."""

    @property
    def weights(self) -> Floats: ...

    def take(self, rows: Ints) -> Self: ...

    def compared_with(self, drawn: Self) -> dict[str, float]:
        """The statistics of `drawn` against these rows, by dimension; the larger, the worse."""


@dataclass(frozen=True)
class Measurement:
    """A statistic of the candidate, and of draws of the reference in its place: their mean and deviation."""

    value: float
    null: float
    deviation: float
    unit: str

    @property
    def excess(self) -> float:
        """Of the value over the null, shrunk by what draws of the reference scatter.

        d · max(0, 1 - (REACH · s / d)²) with d the difference and s the deviation: 0 within the null's
        reach, d far beyond it (James and Stein 1961, positive part). So a small dataset, whose statistics
        scatter much, does not fail for its size, and a large one does not fail for a trifle.
        """
        difference = self.value - self.null
        reach = REACH * self.deviation
        return difference - reach * reach / difference if difference > reach else 0.0

    def facts(self) -> dict[str, float | str]:
        """For verdict.json."""
        numbers = {"value": self.value, "null_mean": self.null, "null_deviation": self.deviation}
        return {name: round(number, 6) for name, number in numbers.items()} | {"unit": self.unit}


@dataclass(frozen=True)
class Dimensions:
    """`statistics` by dimension; those that do not apply or could not be measured are absent."""

    modality: Modality
    statistics: Mapping[str, Measurement]

    @property
    def scores(self) -> list[DimensionScore]:
        """All six in the specification's order, without a score where there is no statistic."""
        return [self._score(name) for name in SIX_DIMENSIONS]

    def _score(self, name: str) -> DimensionScore:
        calibration = calibrations(self.modality).get(name)
        if calibration is None or name not in self.statistics:
            return DimensionScore(dimension=name)
        score = calibration.score(self.statistics[name].excess)
        passed = score >= calibration.threshold
        return DimensionScore(dimension=name, score=score, threshold=calibration.threshold, passed=passed)


def measure_dimensions(candidate: pa.Table, reference: pa.Table, seed: int) -> Dimensions:
    """Of samples as the profile leaves them: the dataset's columns and `__row__`."""
    kinds = {modality_of(candidate.schema), modality_of(reference.schema)}
    modality: Modality = kinds.pop() if len(kinds) == 1 else "table"
    if modality == "text":
        found = _measure(*text.encode(candidate, reference, seed), text.LARGEST_PART, text.UNITS, seed)
    elif modality == "series":
        found = _measure(*series.encode(candidate, reference, seed), series.LARGEST_PART, series.UNITS, seed)
    else:
        found = _measure(*table.encode(candidate, reference, seed), table.LARGEST_PART, table.UNITS, seed)
    return Dimensions(modality, found)


def collapse_type(dimensions: Dimensions, *, duplicated: bool) -> CollapseType:
    """Of a dataset that collapses: that of the failed dimension with the largest excess over its null.

    Excesses have different units, so they are compared as what they make of the odds of damage.
    "" where no dimension fails. Copies differ from real data in everything, for want of different rows:
    where rows are `duplicated` and diversity fails, it is what explains the rest.
    """
    failed = [score.dimension for score in dimensions.scores if score.passed is False]
    if not failed:
        return ""
    if duplicated and DIVERSITY in failed:
        return TYPES[DIVERSITY]
    known, found = calibrations(dimensions.modality), dimensions.statistics
    return TYPES[max(failed, key=lambda name: known[name].log_odds(found[name].excess))]


_R = TypeVar("_R", bound=Rows)


def _measure(candidate: _R, reference: _R, most: float, units: Mapping[str, str], seed: int) -> dict[str, Measurement]:
    values: dict[str, list[float]] = defaultdict(list)
    nulls: dict[str, list[float]] = defaultdict(list)
    for split in splits(candidate.weights, reference.weights, most, seed):
        known = reference.take(split.known)
        own, null = (
            known.compared_with(candidate.take(split.candidate)),
            known.compared_with(reference.take(split.null)),
        )
        for name in own.keys() & null.keys():
            values[name].append(own[name])
            nulls[name].append(null[name])
    return {
        name: Measurement(float(np.mean(values[name])), float(np.mean(nulls[name])), _deviation(nulls[name]), unit)
        for name, unit in units.items()
        if len(nulls[name]) > 1
    }


def _deviation(values: list[float]) -> float:
    return float(np.std(values, ddof=1))

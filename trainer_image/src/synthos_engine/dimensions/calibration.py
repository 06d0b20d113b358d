"""From an excess to a score of health: two numbers and a threshold for each modality and dimension.

They were fitted on CollapseBench's development split by `benchmarks/collapsebench/fit_dimensions.py`,
and stand with their provenance in calibration.json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

FILE: Final = "calibration.json"


@dataclass(frozen=True)
class Calibration:
    """Of one dimension of one modality; `slope` and `bound` are above 0, `bound` in the statistic's unit."""

    intercept: float
    slope: float
    bound: float
    """The largest excess that passes."""

    def log_odds(self, excess: float) -> float:
        """Of damage along the dimension: slope · √excess - intercept (Platt 1999).

        Of the root, because excesses span three decades.
        """
        return self.slope * math.sqrt(excess) - self.intercept

    def score(self, excess: float) -> int:
        """100 · P(not damaged) = 100 / (1 + exp(log odds))."""
        return round(100 / (1 + math.exp(min(700.0, self.log_odds(excess)))))

    @property
    def threshold(self) -> int:
        """The least score that passes."""
        return self.score(self.bound)


@cache
def calibrations(modality: str) -> Mapping[str, Calibration]:
    """By dimension; none for what could not be fitted."""
    content = json.loads(resources.files(__package__).joinpath(FILE).read_text("utf-8"))
    of_modality = content["calibrations"].get(modality, {})
    return {name: Calibration(**numbers) for name, numbers in of_modality.items()}

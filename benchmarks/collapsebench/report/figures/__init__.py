"""The figures of the report, each an SVG file that is the same for the same results."""

from __future__ import annotations

from .agreement import agreement
from .classifying import calibration, receiver
from .cost import cost
from .errors import errors
from .figure import Figure
from .ladder import ladder
from .noise import noise
from .undecided import undecided

FIGURES = (agreement, receiver, calibration, undecided, errors, cost, ladder)
"""Of the cases of a split, in the order of the report."""

__all__ = ["FIGURES", "Figure", "noise"]

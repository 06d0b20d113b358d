"""ROC and calibration of left-out cases, a panel for each modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes

from benchmarks.collapsebench import statistics
from benchmarks.collapsebench.report.figures.figure import bars, drawn
from benchmarks.collapsebench.statistics import Case
from synthos_engine.report.plots import BENIGN, CANDIDATE, NEUTRAL, REFERENCE

Scored = Mapping[str, Mapping[str, Sequence[Case]]]
"""By modality, then by what was left out."""
_COLOURS: Final = (REFERENCE, CANDIDATE, BENIGN)


def receiver(path: Path, scored: Scored) -> None:
    """Shares of collapsed and of other cases above each score."""
    with drawn(path, width=3.4 * len(scored), height=3.6, panels=len(scored)) as axes:
        for axis, (modality, ways) in zip(axes, scored.items(), strict=True):
            axis.plot([0, 100], [0, 100], color=NEUTRAL, lw=0.8)
            for (name, cases), colour in zip(ways.items(), _COLOURS, strict=False):
                curve = statistics.roc(cases)
                if curve is not None:
                    x, y = ([100 * share for share in part] for part in curve)
                    axis.plot(x, y, color=colour, lw=1.4, label=name)
            axis.set_title(modality)
            axis.set_xlabel("of those not collapsed, %")
            axis.set_ylabel("of collapsed datasets, %")
            _legend(axis)


def calibration(path: Path, scored: Scored) -> None:
    """Share that is collapsed by the score that was given."""
    with drawn(path, width=3.4 * len(scored), height=3.6, panels=len(scored)) as axes:
        for axis, (modality, ways) in zip(axes, scored.items(), strict=True):
            axis.plot([0, 100], [0, 100], color=NEUTRAL, lw=0.8)
            for shift, ((name, cases), colour) in enumerate(zip(ways.items(), _COLOURS, strict=False)):
                bins = statistics.reliability(cases)
                if bins:
                    places = [100 * one.probability + shift - 1 for one in bins]
                    bars(axis, places, [one.collapsed for one in bins], fmt="o", ms=4, color=colour, label=name)
            axis.set_title(modality)
            axis.set_xlabel("pre-risk score")
            axis.set_ylabel("collapsed, %")
            _legend(axis)


def _legend(axis: Axes) -> None:
    if axis.get_legend_handles_labels()[0]:
        axis.legend(loc="lower right", fontsize="small")

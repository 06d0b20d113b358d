"""Cost against error, from the smallest models to the whole cascade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from synthos_engine.report.plots import COLLAPSE, NEUTRAL, REFERENCE

from ...statistics import Case
from ..ladder import Stop, stops
from .figure import MARKERS, Figure, bars, drawn, measured_effects


def _draw(path: Path, cases: Sequence[Case]) -> bool:
    known = measured_effects(cases)
    found = {modality: stops([case for case in known if case["modality"] == modality]) for modality in MARKERS}
    panels = {modality: ladder for modality, ladder in found.items() if ladder}
    if not panels:
        return False
    with drawn(path, width=max(5.0, 3.6 * len(panels)), panels=len(panels)) as axes:
        for axis, (modality, ladder_of) in zip(axes, panels.items(), strict=True):
            _panel(axis, ladder_of)
            axis.set_title(f"{modality}, {ladder_of[-1].decided.count} datasets", color=NEUTRAL)
        axes[0].set_ylabel("of benign and collapsed datasets, %")
        axes[0].legend(loc="center right")
    return True


def _panel(axis: Axes, ladder_of: Sequence[Stop]) -> None:
    """Over the stops in their order; costs are beside their names, since those of the smallest are the same."""
    places = range(len(ladder_of))
    bars(axis, places, [stop.decided for stop in ladder_of], fmt="o-", color=REFERENCE, label="decided")
    bars(axis, places, [stop.wrong for stop in ladder_of], fmt="D-", color=COLLAPSE, label="wrong")
    costs = ["" if stop.seconds is None else f"\n{stop.seconds:.0f} s" for stop in ladder_of]
    names = [stop.model + words for stop, words in zip(ladder_of, costs, strict=True)]
    axis.set_xticks(places, names, fontsize=8, rotation=30)
    axis.set_xlabel("ended at, CPU seconds up to there")


ladder = Figure(
    "ladder",
    "Cost against error",
    "What would have been decided, and decided wrongly, had the cascade ended at each rung of its ladder and had the "
    "rule been applied to that rung's own interval; last the verdict as it was given. CPU seconds are medians; those "
    "of a verdict are divided among its phases as their wall times are, where these were recorded. Bars: "
    "Clopper-Pearson, 95 % on each side.",
    "no verdict with a ladder has been measured on a benign or collapsed dataset",
    _draw,
)

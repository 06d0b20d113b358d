"""The judge's effect against the detector's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes

from synthos_engine.report.plots import NEUTRAL
from synthos_engine.verdict import BENIGN_BOUND, COLLAPSE_BOUND

from ...statistics import Case
from .figure import COLOURS, MARKERS, Figure, drawn, measured_effects

_LINEAR = 5.0
"""Percent up to which the axes are linear; beyond they are logarithmic."""


def _draw(path: Path, cases: Sequence[Case]) -> bool:
    known = measured_effects(cases)
    if not known:
        return False
    with drawn(path, height=5.2) as (axis,):
        for label, colour in COLOURS.items():
            for modality, marker in MARKERS.items():
                some = [case for case in known if (case["label"], case["modality"]) == (label, modality)]
                if some:
                    x, y = ([100 * case[name] for case in some] for name in ("e1", "excess_loss"))
                    axis.scatter(x, y, s=24, c=colour, marker=marker, alpha=0.75, lw=0, label=f"{label}, {modality}")
        _bounds(axis)
        axis.set_xlabel("effect that the judge measured (E1), %")
        axis.set_ylabel("effect that the detector measured, %")
        axis.legend(fontsize=8)
    return True


def _bounds(axis: Axes) -> None:
    """Where both agree, and the bounds of both."""
    axis.set_xscale("symlog", linthresh=_LINEAR)
    axis.set_yscale("symlog", linthresh=_LINEAR)
    axis.axline((0, 0), (1, 1), color=NEUTRAL, lw=0.8)
    for bound, label in ((BENIGN_BOUND, "benign"), (COLLAPSE_BOUND, "collapsed")):
        axis.axvline(100 * bound, color=COLOURS[label], lw=0.8, ls="--")
        axis.axhline(100 * bound, color=COLOURS[label], lw=0.8, ls="--")


agreement = Figure(
    "agreement",
    "Effect by the judge and by the detector",
    "Each point is a dataset. On the line both measure the same; dashed are the bounds of benign and of collapse. "
    "Linear up to 5 %, logarithmic beyond.",
    "no effect has been measured by both",
    _draw,
)

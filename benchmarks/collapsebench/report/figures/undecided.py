"""Where the detector does not decide, by how large the effect is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...statistics import FIRM, Case, Rate
from ..groups import by_effect
from ..tables import mode_name
from .figure import MODE_COLOURS, Figure, bars, drawn, in_modes

_APART = 0.16
"""Of the two modes in a bin."""


def _draw(path: Path, cases: Sequence[Case]) -> bool:
    modes = in_modes([case for case in cases if case["label"] != "shift"])
    if not modes:
        return False
    names = [name for name, _ in by_effect([])]
    with drawn(path) as (axis,):
        for number, (mode, some) in enumerate(modes):
            groups = [(place, group) for place, (_, group) in enumerate(by_effect(some)) if group]
            rates = [Rate(sum(case["verdict"] not in FIRM for case in group), len(group)) for _, group in groups]
            places = [place + _APART * (number - (len(modes) - 1) / 2) for place, _ in groups]
            bars(axis, places, rates, fmt="o", color=MODE_COLOURS[mode], label=mode_name(mode))
            for place, rate in zip(places, rates, strict=True):
                at, side = (place, 100 * (rate.value or 0)), "left" if number else "right"
                axis.annotate(
                    str(rate.count), at, (4 if number else -4, 3), textcoords="offset points", ha=side, size=8
                )
        axis.set_xticks(range(len(names)), names)
        axis.set_xlabel("size of the effect that the judge measured, |E1|")
        axis.set_ylabel("without a firm verdict, %")
        axis.legend()
    return True


undecided = Figure(
    "inconclusive",
    "Inconclusive verdicts by effect",
    "Benign, grey and collapsed datasets; beside each point how many. From 2 to 5 % lies the grey zone, where "
    "inconclusive is no fault. A detector that failed counts as inconclusive. Bars: Clopper-Pearson, 95 % on each "
    "side.",
    "there is no verdict on a dataset that is not of another domain",
    _draw,
)

"""What a verdict costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...statistics import Case
from ..tables import mode_name
from .figure import MARKERS, MODE_COLOURS, Figure, drawn, in_modes


def _draw(path: Path, cases: Sequence[Case]) -> bool:
    if all(case["cpu_seconds"] is None for case in cases):
        return False
    with drawn(path) as (axis,):
        for mode, some in in_modes(cases):
            for modality, marker in MARKERS.items():
                known = [case["cpu_seconds"] for case in some if case["modality"] == modality]
                seconds = sorted(one for one in known if one is not None)
                if seconds:
                    shares = [100 * (i + 1) / len(seconds) for i in range(len(seconds))]
                    label = f"{modality}, {mode_name(mode)}"
                    axis.plot(seconds, shares, marker=marker, ms=4, lw=1, color=MODE_COLOURS[mode], label=label)
        axis.set_xlim(left=0)
        axis.set_ylim(0, 103)
        axis.set_xlabel("CPU seconds, one thread")
        axis.set_ylabel("verdicts within that, %")
        axis.legend()
    return True


cost = Figure(
    "cost",
    "Cost of a verdict",
    "CPU seconds of `synthos validate`, its start included, as a share of verdicts that took no more.",
    "no verdict has been measured",
    _draw,
)

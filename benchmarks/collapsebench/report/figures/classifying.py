"""How well the detector's numbers tell collapsed from benign: their order, and their size as probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthos_engine.report.plots import NEUTRAL

from ... import statistics
from ...statistics import Case
from ..tables import mode_name
from .figure import MODE_COLOURS, Figure, bars, drawn, in_modes


def _draw_receiver(path: Path, cases: Sequence[Case]) -> bool:
    curves = {mode: statistics.roc(some) for mode, some in in_modes(cases)}
    if not any(curves.values()):
        return False
    with drawn(path, width=4.6, height=4.2) as (axis,):
        for mode, curve in curves.items():
            if curve is not None:
                area = statistics.area_under_roc([case for case in cases if case["mode"] == mode])
                label = f"{mode_name(mode)}, area {area:.3f}"
                x, y = ([100 * share for share in part] for part in curve)
                axis.plot(x, y, color=MODE_COLOURS[mode], lw=1.6, marker=".", ms=4, label=label)
        axis.plot([0, 100], [0, 100], color=NEUTRAL, lw=0.8)
        axis.set_xlabel("of benign datasets, %")
        axis.set_ylabel("of collapsed datasets, %")
        axis.legend()
    return True


def _draw_calibration(path: Path, cases: Sequence[Case]) -> bool:
    found = {mode: statistics.reliability(some) for mode, some in in_modes(cases)}
    if not any(found.values()):
        return False
    with drawn(path, width=4.6, height=4.2) as (axis,):
        axis.plot([0, 100], [0, 100], color=NEUTRAL, lw=0.8)
        for mode, bins in found.items():
            if bins:
                style = {"fmt": "o", "color": MODE_COLOURS[mode], "label": mode_name(mode)}
                bars(axis, [100 * one.probability for one in bins], [one.collapsed for one in bins], **style)
        axis.set_xlabel("probability of collapse that was given, %")
        axis.set_ylabel("datasets that are collapsed, %")
        axis.legend()
    return True


receiver = Figure(
    "roc",
    "ROC",
    "Benign and collapsed datasets above each value of the measured effect (without a reference: of the probability "
    "of collapse). Grey: what guessing would give.",
    "no mode has both benign and collapsed datasets with a number to rank them by",
    _draw_receiver,
)
calibration = Figure(
    "calibration",
    "Calibration",
    "Benign and collapsed datasets by `collapse_probability`, in ten bins of equal width, each at its mean. Bars: "
    "Clopper-Pearson, 95 % on each side. On the line a probability means what it says.",
    "no verdict gave a probability",
    _draw_calibration,
)

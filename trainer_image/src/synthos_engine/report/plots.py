"""Plots of the report as SVG text: no fonts or files from elsewhere, colours that work on light and dark."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from synthos_api.results import Effect, ModelResult

CANDIDATE, REFERENCE, NEUTRAL = "#d9480f", "#1971c2", "#868e96"
BENIGN, COLLAPSE = "#2f9e44", "#e03131"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "synthos",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": NEUTRAL,
    "axes.labelcolor": NEUTRAL,
    "axes.edgecolor": NEUTRAL,
    "xtick.color": NEUTRAL,
    "ytick.color": NEUTRAL,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}


def loss_curves(models: Sequence[ModelResult]) -> str:
    """One panel per tier: training loss (bits per byte) of every model, candidate and reference."""
    tiers = sorted({model.tier for model in models})
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.2 * max(1, len(tiers)), 2.8), layout="constrained")
        axes = figure.subplots(1, max(1, len(tiers)), sharey=True, squeeze=False)[0]
        for axis, tier in zip(axes, tiers, strict=False):
            _curves(axis, [model for model in models if model.tier == tier])
            axis.set_title(f"Tier {tier}", color=NEUTRAL)
            axis.set_xlabel("training, %")
        axes[0].set_ylabel("loss, bits per byte")
        if tiers:
            axes[0].legend()
        return svg(figure)


def _curves(axis: Axes, models: Sequence[ModelResult]) -> None:
    for index, model in enumerate(models):
        for curve, colour, label in (
            (model.reference_loss_curve, REFERENCE, "reference"),
            (model.loss_curve, CANDIDATE, "candidate"),
        ):
            if len(curve) > 1:
                places = [100 * i / (len(curve) - 1) for i in range(len(curve))]
                axis.plot(places, curve, color=colour, lw=1.2, alpha=0.8, label=label if index == 0 else None)


def comparison(models: Sequence[ModelResult], effect: Effect, benign: float, collapse: float) -> str:
    """Excess loss (percent) by rungs of the ladder, by every pair with its holdout interval, and the estimate."""
    pairs = [(model, model.paired) for model in models if model.paired and model.paired.relative_excess is not None]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 0.9 + 0.28 * (len(effect.rungs) + len(pairs) + 1)), layout="constrained")
        axis = figure.subplots()
        labels = []
        for place, rung in enumerate(effect.rungs):
            low, high = rung.interval or (rung.excess_loss, rung.excess_loss)
            axis.plot([100 * low, 100 * high], [place] * 2, color=CANDIDATE, lw=1.2)
            axis.plot(100 * rung.excess_loss, place, "s", color=CANDIDATE, ms=5)
            labels.append(rung.model)
        for place, (model, paired) in enumerate(pairs, len(labels)):
            half = 1.96 * (paired.holdout_standard_error or 0)
            value = paired.relative_excess or 0
            axis.errorbar(100 * value, place, xerr=100 * half, fmt="o", color=CANDIDATE, ms=4, lw=1.2)
            labels.append(f"tier {model.tier}, variant {model.variant}")
        if effect.excess_loss is not None:
            low, high = effect.interval or (effect.excess_loss, effect.excess_loss)
            axis.plot([100 * low, 100 * high], [len(labels)] * 2, color=REFERENCE, lw=3)
            axis.plot(100 * effect.excess_loss, len(labels), "D", color=REFERENCE, ms=7)
            labels.append("estimate, 95 % interval")
        axis.axvline(100 * benign, color=BENIGN, lw=1, ls="--")
        axis.axvline(100 * collapse, color=COLLAPSE, lw=1, ls="--")
        axis.axvline(0, color=NEUTRAL, lw=0.8)
        axis.set_yticks(range(len(labels)), labels)
        axis.invert_yaxis()
        axis.set_xlabel("excess loss on held-out real rows, % (dashed: benign and collapse bounds)")
        return svg(figure)


def svg(figure: Figure) -> str:
    """The figure as an <svg> element, without XML prologue and without the date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]

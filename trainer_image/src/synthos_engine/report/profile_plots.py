"""Pictures of a profile as inline SVG: what columns hold, how they hang together, what kinds of row there are.

All take plain lists, as the profile's artifact keeps them (profile/pictures.py), and give an `<svg>`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from .plots import CANDIDATE, NEUTRAL, REFERENCE, STYLE, svg

_ACROSS: Final = 4
_NAME_CHARS: Final = 18
_COLOURS: Final = ("#1971c2", "#d9480f", "#2f9e44", "#9c36b5", "#f08c00", "#0c8599", "#c2255c", "#5c940d")


def distributions(columns: Sequence[Mapping[str, Any]]) -> str:
    """A small panel for each column: a histogram (`edges`, `counts`) or bars (`values`, `counts`)."""
    down = math.ceil(len(columns) / _ACROSS)
    with mpl.rc_context({**STYLE, "font.size": 7}):
        figure = Figure(figsize=(8.4, 1.5 * down), layout="constrained")
        panels = figure.subplots(down, _ACROSS, squeeze=False).ravel()
        for panel, column in zip(panels, columns, strict=False):
            panel.set_title(_short(column["column"]), fontsize=8, color=NEUTRAL)
            panel.set_yticks([])
            panel.spines["left"].set_visible(False)
            if "edges" in column:
                edges = np.asarray(column["edges"], float)
                panel.bar(edges[:-1], column["counts"], width=np.diff(edges), align="edge", color=REFERENCE)
            else:
                names = [_short(value) for value in column["values"]]
                panel.barh(range(len(names)), column["counts"], color=REFERENCE)
                panel.set_yticks(range(len(names)), names)
                panel.invert_yaxis()
                panel.set_xticks([])
        for panel in panels[len(columns) :]:
            panel.set_visible(False)
        return svg(figure)


def heat_map(names: Sequence[str], matrix: Sequence[Sequence[float | None]]) -> str:
    """Association of columns, −1 to 1; a pair without a value stays empty. Shape (names, names)."""
    values = np.array([[np.nan if value is None else value for value in row] for row in matrix], float)
    side = 1.6 + 0.24 * len(names)
    with mpl.rc_context({**STYLE, "font.size": 7}):
        figure = Figure(figsize=(side + 0.8, side), layout="constrained")
        axis = figure.subplots()
        image = axis.pcolormesh(values, cmap="RdBu_r", vmin=-1, vmax=1)
        axis.set_aspect("equal")
        axis.invert_yaxis()
        labels = [_short(name) for name in names]
        middles = np.arange(len(names)) + 0.5
        axis.set_xticks(middles, labels, rotation=90)
        axis.set_yticks(middles, labels)
        bar = figure.colorbar(image, ax=axis, shrink=0.7)
        if bar.solids is not None:
            bar.solids.set_rasterized(False)  # vectors all through: no picture inside the picture
        return svg(figure)


def clusters(points: Sequence[Sequence[float]], labels: Sequence[int]) -> str:
    """Rows of the sample on the two leading axes of the embedding, coloured by cluster."""
    places = np.asarray(points, float).reshape(-1, 2)
    numbers = np.asarray(labels, int)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        axis = figure.subplots()
        for number in np.unique(numbers):
            here = numbers == number
            colour = _COLOURS[number % len(_COLOURS)]
            axis.scatter(
                places[here, 0], places[here, 1], s=6, alpha=0.7, linewidths=0, color=colour, label=f"{number}"
            )
        axis.set_xlabel("first axis")
        axis.set_ylabel("second axis")
        if len(np.unique(numbers)) <= len(_COLOURS):
            axis.legend(title="cluster", markerscale=2)
        return svg(figure)


def coverage(names: Sequence[str], in_dataset: Sequence[int], in_sample: Sequence[int]) -> str:
    """Rows of each stratum in the dataset and in the sample, on a logarithmic axis."""
    with mpl.rc_context({**STYLE, "font.size": 8}):
        figure = Figure(figsize=(7.2, 0.8 + 0.22 * len(names)), layout="constrained")
        axis = figure.subplots()
        places = np.arange(len(names))
        axis.barh(places - 0.2, in_dataset, height=0.38, color=NEUTRAL, label="dataset")
        axis.barh(places + 0.2, in_sample, height=0.38, color=CANDIDATE, label="sample")
        axis.set_xscale("log")
        axis.set_yticks(places, [_short(name, 40) for name in names])
        axis.invert_yaxis()
        axis.set_xlabel("rows")
        axis.legend()
        return svg(figure)


def _short(text: str, most: int = _NAME_CHARS) -> str:
    """One line, no longer than fits; what matplotlib would take for mathematics is kept as it is."""
    line = " ".join(str(text).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return line.replace("$", r"\$")

"""What the figures have in common: a file, a style that is legible on light and dark, colours by label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from synthos_engine.report.plots import BENIGN, CANDIDATE, COLLAPSE, NEUTRAL, REFERENCE, STYLE

from ...statistics import Case, Rate

COLOURS: Final = {"benign": BENIGN, "collapsed": COLLAPSE, "grey": NEUTRAL, "shift": REFERENCE}
"""By label."""
MODE_COLOURS: Final = {"with_reference": REFERENCE, "no_reference": CANDIDATE}
MARKERS: Final = {"text": "o", "table": "s", "series": "^"}
"""By modality."""


@dataclass(frozen=True)
class Figure:
    """`draw` writes the file and says whether there was anything to show; `lacking`: what there was not."""

    name: str
    title: str
    caption: str
    lacking: str
    draw: Callable[[Path, Sequence[Case]], bool]


@contextmanager
def drawn(path: Path, *, width: float = 6.4, height: float = 4.0, panels: int = 1) -> Iterator[list[Axes]]:
    """Panels side by side, written to `path` at the end; nothing of the file depends on when or where."""
    # Names of elements follow from this salt and their content.
    with mpl.rc_context({**STYLE, "svg.hashsalt": "collapsebench"}):
        canvas = Canvas(figsize=(width, height), layout="constrained")
        yield list(canvas.subplots(1, panels, squeeze=False)[0])
        path.parent.mkdir(exist_ok=True)
        canvas.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})


def bars(axis: Axes, places: Sequence[float], rates: Sequence[Rate], **style: Any) -> None:
    """Shares in percent as points, with their one-sided 95 % bounds on both sides."""
    shares = [rate.value or 0.0 for rate in rates]
    below = [100 * (share - rate.lower) for share, rate in zip(shares, rates, strict=True)]
    above = [100 * (rate.upper - share) for share, rate in zip(shares, rates, strict=True)]
    axis.errorbar(places, [100 * s for s in shares], yerr=[below, above], **({"ms": 5, "lw": 1.2} | style))
    axis.set_ylim(-3, 103)


def in_modes(cases: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """Modes that there are cases of, with those."""
    split = [(mode, [case for case in cases if case["mode"] == mode]) for mode in MODE_COLOURS]
    return [(mode, some) for mode, some in split if some]


def measured_effects(cases: Sequence[Case]) -> list[Case]:
    """Those with a measured effect, which takes a reference."""
    return [case for case in cases if case["mode"] == "with_reference" and case["excess_loss"] is not None]

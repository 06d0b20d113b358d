"""Which errors are made where: by modality, type, severity and mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from matplotlib.axes import Axes

from ... import statistics
from ...statistics import Case, Rate
from ..groups import TYPES, severity, type_of
from ..tables import mode_name
from .figure import COLOURS, MARKERS, Figure, drawn

_KEYS: tuple[tuple[str, Callable[[Case], str], tuple[str, ...]], ...] = (
    ("modality", lambda case: str(case["modality"]), tuple(MARKERS)),
    ("type", type_of, tuple(TYPES)),
    ("severity", severity, ("mild", "moderate", "severe")),
    ("mode", lambda case: mode_name(case["mode"]), tuple(map(mode_name, statistics.MODES))),
)
_RATES = (
    ("false positives", statistics.false_positives, COLOURS["benign"], "o"),
    ("false negatives", statistics.false_negatives, COLOURS["collapsed"], "D"),
)


def _draw(path: Path, cases: Sequence[Case]) -> bool:
    lines = list(_lines(statistics.decidable(cases)))
    if not lines:
        return False
    with drawn(path, width=7.4, height=0.8 + 0.3 * len(lines)) as (axis,):
        for place, (_, rates) in enumerate(lines):
            for (name, _, colour, marker), rate in zip(_RATES, rates, strict=True):
                if rate.count:
                    _point(axis, place, rate, colour, marker, name)
        axis.set_yticks(range(len(lines)), [name for name, _ in lines])
        axis.invert_yaxis()
        axis.set_xlim(-2, 102)
        axis.set_xlabel("wrong, %, and the 95 % bound")
        known = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        axis.legend(known.values(), known.keys(), loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return True


def _lines(cases: Sequence[Case]) -> Iterator[tuple[str, list[Rate]]]:
    for words, key, order in _KEYS:
        found = {key(case) for case in cases}
        for name in [*(n for n in order if n in found), *sorted(found - {*order, *statistics.RIGHT})]:
            yield f"{words}: {name}", [rate([c for c in cases if key(c) == name]) for _, rate, _, _ in _RATES]


def _point(axis: Axes, place: int, rate: Rate, colour: str, marker: str, name: str) -> None:
    """Benign datasets above the line, collapsed ones below, so that both can be read."""
    height = place + (-0.16 if marker == "o" else 0.16)
    axis.plot([100 * (rate.value or 0), 100 * rate.upper], [height] * 2, color=colour, lw=1.2)
    axis.plot(100 * (rate.value or 0), height, marker, color=colour, ms=4, label=name)
    axis.annotate(
        f"{rate.errors}/{rate.count}", (100 * rate.upper, height), (4, -3), textcoords="offset points", size=7
    )


errors = Figure(
    "errors",
    "Errors by modality, type, severity and mode",
    "False positives are counted among benign datasets, false negatives among collapsed ones; a line ends at the "
    "one-sided 95 % bound, beside it errors and datasets. Severity is that of the effect that the judge measured: "
    "mild below 15 %, moderate below 40 %. Modality, type and severity count both modes.",
    "there is no verdict on a benign or collapsed dataset",
    _draw,
)

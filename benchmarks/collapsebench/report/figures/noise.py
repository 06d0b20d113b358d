"""The noise of E1: how far real draws of a source lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from synthos_engine.report.plots import NEUTRAL
from synthos_engine.verdict import BENIGN_BOUND, COLLAPSE_BOUND

from ...labels import Null
from .figure import COLOURS, drawn


def noise(path: Path, draws: Mapping[str, Sequence[float]]) -> bool:
    """Each source's losses over their mean, and up to where its own null reaches; False without any to show."""
    nulls = {source: Null.of(losses) for source, losses in draws.items() if len(losses) > 1}
    if not nulls:
        return False
    with drawn(path, height=1.2 + 0.24 * len(nulls)) as (axis,):
        for place, (source, null) in enumerate(nulls.items()):
            axis.plot([-100 * null.bound, 100 * null.bound], [place] * 2, color=NEUTRAL, lw=1.2, marker="|", ms=8)
            apart = [100 * (loss / null.mean - 1) for loss in draws[source]]
            axis.plot(apart, [place] * len(apart), "o", color=COLOURS["shift"], ms=4, alpha=0.8)
        for bound, label in ((BENIGN_BOUND, "benign"), (COLLAPSE_BOUND, "collapsed")):
            axis.axvline(100 * bound, color=COLOURS[label], lw=0.8, ls="--")
        axis.set_yticks(range(len(nulls)), list(nulls))
        axis.invert_yaxis()
        axis.set_xlabel("loss of a model of a real draw over the mean of them, %")
    return True

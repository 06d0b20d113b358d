"""What datasets are grouped by: type of damage, severity, effect. Pure."""

from __future__ import annotations

import itertools
import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from synthos_engine.verdict.rule import MODERATE_FROM, SEVERE_FROM, severity_of

from ..statistics import Case

TYPES: Final = {
    "real draw": ("draw",),
    "harmless change": (
        *("ordered", "wrapped", "narrow-types"),
        *("deduplicated", "list-items", "typographic", "imbalanced"),
    ),
    "written by models": ("recursive",),
    "real and written": ("accumulated",),
    "duplicated": ("duplicated",),
    "noise": ("noisy", "misspelt"),
    "lost strata": ("short-rows", "typical", "calm"),
    "broken relations": ("uncoupled",),
    "time damage": ("frozen", "shuffled"),
    "lost sense": ("scrambled",),
    "another domain": ("section", "other-source"),
}
"""Routes by what they do. It is not the label: each is measured."""
_TYPE_OF: Final = {route: name for name, routes in TYPES.items() for route in routes}

EFFECTS: Final = (0.0, 0.01, 0.02, 0.05, 0.10, MODERATE_FROM, SEVERE_FROM)
"""Lower ends of the bins of |E1|; the last one is open."""

BANDS: Final = ("collapsed 5–10 %", "collapsed 10–15 %", "collapsed 15–40 %", "collapsed over 40 %")
"""By E1: the first is as small as a collapse can be, and the hardest to tell from grey."""
_BAND_ENDS: Final = (0.10, MODERATE_FROM, SEVERE_FROM)


def type_of(case: Case) -> str:
    """A recursive candidate with a share of real rows is told apart from one that is a model's altogether."""
    mixed = case["route"] == "recursive" and "share" in json.loads(case["parameters"])
    return "real and written" if mixed else _TYPE_OF[case["route"]]


def severity(case: Case) -> str:
    """Of a collapsed dataset by its measured effect, in the engine's words; other datasets go by their label."""
    return severity_of(case["e1"]) if case["label"] == "collapsed" else str(case["label"])


def band(case: Case) -> str:
    """One of BANDS for a collapsed dataset; other datasets go by their label."""
    return BANDS[bisect_right(_BAND_ENDS, case["e1"])] if case["label"] == "collapsed" else str(case["label"])


def by_effect(cases: Sequence[Case]) -> list[tuple[str, list[Case]]]:
    """Bins of |E1| with the cases in them, empty ones too."""
    ends = (*EFFECTS[1:], float("inf"))
    names = [f"{low:.0%}–{high:.0%}" for low, high in itertools.pairwise(EFFECTS)]
    names.append(f"≥ {EFFECTS[-1]:.0%}")
    return [
        (name, [case for case in cases if low <= abs(case["e1"]) < high])
        for name, low, high in zip(names, EFFECTS, ends, strict=True)
    ]

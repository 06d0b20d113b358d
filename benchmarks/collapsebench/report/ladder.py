"""Cost against error: what would have been said, had the ladder of models ended earlier. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from synthos_engine.verdict.rule import decide

from .. import statistics
from ..statistics import Case, Rate

WHOLE: Final = "the verdict"


@dataclass(frozen=True)
class Stop:
    """Of benign and collapsed datasets, judged by the rung `model` alone.

    `wrong` is the share of all of them, not of the decided ones; `seconds` is the median CPU time up to
    there, None where it was not recorded.
    """

    model: str
    decided: Rate
    wrong: Rate
    false_positives: Rate
    false_negatives: Rate
    seconds: float | None


def called(excess: float, interval: Sequence[float] | None) -> str:
    """The engine's rule on one measurement, without what it knows of other domains and of repetition."""
    if interval is None:
        return "inconclusive"
    low, high = interval
    return decide(excess, (low, high))


def stops(cases: Sequence[Case]) -> list[Stop]:
    """From the smallest rung to the verdict itself; empty where no ladder was recorded.

    A rung that not all datasets have counts those that have it.
    """
    judged: dict[str, list[dict[str, Any]]] = {}
    with_ladder = [case for case in statistics.decidable(cases) if json.loads(case["rungs"])]
    for case in with_ladder:
        for rung in json.loads(case["rungs"]):
            verdict = called(rung["excess_loss"], rung["interval"])
            seconds = seconds_until(case, rung["model"])
            judged.setdefault(rung["model"], []).append(dict(case) | {"verdict": verdict, "seconds": seconds})
    # Not as they came: the first dataset may lack a rung that others have.
    found = [_stop(model, judged[model]) for model in sorted(judged, key=_tier)]
    if with_ladder:
        found.append(_stop(WHOLE, [dict(case) | {"seconds": case["cpu_seconds"]} for case in with_ladder]))
    return found


def seconds_until(case: Case, model: str) -> float | None:
    """CPU seconds had the verdict come from the rung `model`; None where phases were not timed.

    The CPU time of the whole is divided as the phases' wall times are. Each tier that trained models is a phase of
    its own; everything else (in the phase of a tier without a model the smallest rungs are climbed) comes in any case.
    """
    timings: Mapping[str, float] = json.loads(case.get("timings") or "{}")
    total = sum(timings.values())
    if not total:
        return None
    trained = {rung["model"] for rung in json.loads(case["rungs"])}
    spent = sum(s for phase, s in timings.items() if phase not in trained or _tier(phase) <= _tier(model))
    return float(case["cpu_seconds"]) * spent / total


def _tier(name: str) -> int:
    """Number of the tier that a rung or a phase is, 0 for what is none."""
    return int(name.removeprefix("tier ")) if name.startswith("tier ") else 0


def _stop(model: str, cases: Sequence[Case]) -> Stop:
    undecided = statistics.undecided(cases)
    seconds = [case["seconds"] for case in cases if case["seconds"] is not None]
    return Stop(
        model,
        Rate(undecided.count - undecided.errors, undecided.count),
        Rate(statistics.wrong(cases).errors, len(cases)),
        statistics.false_positives(cases),
        statistics.false_negatives(cases),
        float(np.median(seconds)) if seconds else None,
    )

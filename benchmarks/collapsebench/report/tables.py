"""The tables of the report, as Markdown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import get_args

import numpy as np

from synthos_api.results import Mechanism

from .. import statistics
from ..labels import Null
from ..statistics import LABELS, MODES, RIGHT, VERDICTS, Case, Rate
from .ladder import stops
from .targets import SHIFT, TARGETS, Target, decide


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def targets(cases: Sequence[Case]) -> Iterator[str]:
    """Each target beside what was found, by mode."""
    rows = []
    for mode in MODES:
        chosen = [case for case in cases if case["mode"] == mode]
        for target in (*TARGETS[mode], SHIFT):
            rate, clustered = target.rate(chosen), statistics.clustered_upper(chosen, target.rate)
            found = _found(rate, clustered, statistics.erring_sources(chosen, target.rate))
            rows.append([mode_name(mode), target.name, _limit(target), *found, _decision(rate, clustered, target)])
    yield from table(["mode", "figure", "target", *_FOUND, "the counts say"], rows)


_FOUND = ("found", "95 % bound", "by source", "sources with an error")


def _found(rate: Rate, clustered: float | None, sources: Rate) -> list[str]:
    """A rate with all that is known of its doubt, under the heads _FOUND."""
    erring = f"{sources.errors} of {sources.count}, at most {sources.upper:.1%}" if sources.count else "–"
    return [of(rate), f"{rate.upper:.1%}", _percent(clustered), erring]


def _limit(target: Target) -> str:
    return "none" if target.limit is None else f"below {target.limit:.0%}"


def _decision(rate: Rate, clustered: float | None, target: Target) -> str:
    if target.limit is None:
        return "a dataset of another real domain must not be called collapse"
    return str(decide(rate, clustered, target.limit))


def mode_name(mode: str) -> str:
    return {"with_reference": "with a reference", "no_reference": "without"}[mode]


def confusion(cases: Sequence[Case]) -> Iterator[str]:
    counts = statistics.confusion(cases)
    rows = [[label, *(str(counts[label, verdict]) for verdict in VERDICTS)] for label in LABELS]
    yield from table(["measured", *(f"called {verdict}" for verdict in VERDICTS)], rows)


def rates(cases: Sequence[Case]) -> Iterator[str]:
    """The figures of some verdicts of one mode."""
    rows = []
    for target in (*TARGETS["with_reference"], SHIFT):
        clustered = statistics.clustered_upper(cases, target.rate)
        rows.append(
            [target.name, *_found(target.rate(cases), clustered, statistics.erring_sources(cases, target.rate))]
        )
    area = statistics.area_under_roc(cases)
    rows.append(["area under ROC", "" if area is None else f"{area:.4f}", "", "", ""])
    rows.append(["calibration error (ECE)", _calibration(cases), "", "", ""])
    for name, unit in (("cpu_seconds", "CPU seconds a verdict"), ("peak_megabytes", "MB of memory a verdict")):
        used = [case[name] for case in cases if case[name] is not None]
        rows.append([unit, f"{np.median(used):.0f} (at most {max(used):.0f})" if used else "", "", "", ""])
    yield from table(["figure", *_FOUND], rows)


def _calibration(cases: Sequence[Case]) -> str:
    """With how many cases it is of, and how many it cannot be of."""
    error, lacking = statistics.calibration_error(cases), statistics.without_probability(cases)
    count = len(statistics.decidable(cases)) - sum(lacking.values())
    left_out = " and ".join(f"{number} {label}" for label, number in lacking.items())
    return f"{'–' if error is None else f'{error:.3f}'} of {count} datasets; without a probability: {left_out}"


def by(cases: Sequence[Case], key: Callable[[Case], str], head: str = "", order: Sequence[str] = ()) -> Iterator[str]:
    """Verdicts by label for each group; groups in `order`, those that it lacks by name after them."""
    places = {name: place for place, name in enumerate(order)}
    groups = sorted({key(case) for case in cases}, key=lambda name: (places.get(name, len(places)), name))
    rows = []
    for name in groups:
        some = [case for case in cases if key(case) == name]
        counts = statistics.confusion(some)
        groups_of = [[counts[label, verdict] for verdict in VERDICTS] for label in LABELS]
        rows.append([name, str(len(some)), *(" / ".join(map(str, g)) if sum(g) else "" for g in groups_of)])
    yield from table([head, "datasets", *(f"{label}: {' / '.join(VERDICTS)}" for label in LABELS)], rows)


def mechanisms(cases: Sequence[Case], key: Callable[[Case], str], head: str, order: Sequence[str]) -> Iterator[str]:
    """The mechanism that a verdict names, by group: of collapse, and what was taken for another domain instead."""
    names = [name for name in get_args(Mechanism) if name != "shift"]
    rows = []
    for name in order:
        some = [case for case in cases if key(case) == name]
        called = Counter(case["mechanism"] for case in some if case["verdict"] == "collapse")
        apart = sum(case["mechanism"] == "shift" for case in some)
        if called or apart:
            rows.append([name, *(str(called[mechanism] or "") for mechanism in names), str(apart or "")])
    yield from table([head, *(f"collapse, {mechanism}" for mechanism in names), "another domain"], rows)


def measured(labels: Sequence[Case]) -> Iterator[str]:
    """What the judge found, whether or not the detector was asked."""
    counts = {name: sum(case["label"] == name for case in labels) for name in LABELS}
    yield f"{len(labels)} datasets are labelled: {', '.join(f'{n} {name}' for name, n in counts.items())}.\n"
    rows = []
    for route in sorted({(case["route"], case["generator"]) for case in labels}):
        some = [case for case in labels if (case["route"], case["generator"]) == route]
        numbers = [str(sum(case["label"] == name for case in some)) for name in LABELS]
        effects = sorted(case["e1"] for case in some)
        rows.append([" ".join(route).strip(), str(len(some)), *numbers, f"{effects[0]:+.1%} to {effects[-1]:+.1%}"])
    yield from table(["route", "datasets", *LABELS, "E1, least to most"], rows)


def odd(cases: Sequence[Case]) -> Iterator[str]:
    """Each verdict that is wrong, each firm one on grey and shift, each failure of the detector.

    Where there was a reference also each inconclusive one, though a firm one was asked for.
    """
    found = [case for case in statistics.decidable(cases) if RIGHT[case["label"]] != case["verdict"]]
    undecidable = [case for case in cases if case["label"] not in RIGHT]
    found += [case for case in undecidable if case["verdict"] != "inconclusive"]
    found = [case for case in found if case["mode"] == "with_reference" or case["verdict"] != "inconclusive"]
    if not found:
        yield "None.\n"
        return
    rows = [
        [
            *(case["id"], case["label"], f"{case['e1']:+.1%} ({case['null_bound']:.1%})"),
            *(case["verdict"], case["mechanism"], "" if case["excess_loss"] is None else f"{case['excess_loss']:+.1%}"),
        ]
        for case in found
    ]
    yield from table(["dataset", "measured", "E1 (null within)", "called", "mechanism", "excess loss"], rows)


def ladder(cases: Sequence[Case]) -> Iterator[str]:
    """Had it ended at each rung."""
    rows = [
        [
            *(stop.model, "" if stop.seconds is None else f"{stop.seconds:.0f}", of(stop.decided)),
            *(of(rate) for rate in (stop.wrong, stop.false_positives, stop.false_negatives)),
        ]
        for stop in stops(cases)
    ]
    heads = ["ended at", "CPU seconds", "decided", "wrong", "false positives", "false negatives"]
    yield from table(heads, rows) if rows else ["No verdict with a ladder has been measured yet.\n"]


def noise(nulls: Mapping[str, Null]) -> Iterator[str]:
    """Of each source, how far its real draws lie apart."""
    rows = [
        [source, str(null.draws), f"{null.mean:.4f}", f"{null.deviation:.2%}", f"{null.bound:.2%}"]
        for source, null in nulls.items()
    ]
    yield from table(["source", "real draws", "mean loss", "standard deviation", "benign up to"], rows)


def of(rate: Rate) -> str:
    return "none to count" if rate.value is None else f"{rate.errors} of {rate.count} ({rate.value:.1%})"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"

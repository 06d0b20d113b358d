"""docs/collapsebench.md from the results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from synthos_api.results import Mode

from . import results, statistics
from .modalities import MODALITIES
from .registration import SPLITS, Split, digest, registered
from .statistics import LABELS, VERDICTS, Case, Rate

TARGET: Final = Path(__file__).parents[2] / "docs" / "collapsebench.md"
_INTRODUCTION: Final = """# CollapseBench

How often `synthos validate` is wrong, on datasets whose effect on training was measured by a judge that
the detector never sees. Written by `make collapsebench-report` from `benchmarks/collapsebench/results`;
what was fixed beforehand stands in `benchmarks/collapsebench/registration.toml`.

A dataset is judged by E1, the relative excess of real-holdout loss of a model trained on it over models
trained on real draws of the same size. **Collapsed**: E1 of 5 % or more and beyond what real draws of
the source differ by. **Benign**: below 2 %, or within that. **Grey**: between. **Shift**: real rows of
another domain (documents, population, time) that are not benign. A false positive is a benign dataset
called collapse, a false negative a collapsed one called clear. Bounds are one-sided 95 % (Clopper-Pearson,
as if cases were independent; and by resampling whole sources, which they are not).
"""


def write() -> None:
    TARGET.write_text("\n".join(_document()), "utf-8")


def summary(ids: Collection[str], mode: Mode = "with_reference") -> str:
    """The figures of these candidates, for a terminal."""
    cases = [case for case in _cases(mode) if case["id"] in ids]
    found = {name: [case for case in cases if case["modality"] == name] for name in MODALITIES}
    lines = [line for name, some in found.items() if some for line in ("", name.capitalize(), *_figures(some))]
    return "\n".join(lines)


def _labels() -> dict[str, dict[str, Any]]:
    """Those that were measured as registered."""
    return {key: row for key, row in results.read("labels").items() if row["registration"] == digest(row["modality"])}


def _cases(mode: Mode = "with_reference") -> list[dict[str, Any]]:
    detections = {row["id"]: row for row in results.read("detections").values() if row["mode"] == mode}
    return statistics.joined(_labels(), detections)


def _document() -> Iterator[str]:
    yield _INTRODUCTION
    labels, cases, alone = list(_labels().values()), _cases(), _cases("no_reference")
    for split in SPLITS:
        chosen = [case for case in cases if case["split"] == split]
        yield f"## {split.capitalize()} split\n"
        if len({case["modality"] for case in chosen}) > 1:
            yield "### All modalities\n"
            yield from _figures(chosen)
            yield ""
        for modality in MODALITIES:
            known = [label for label in labels if (label["split"], label["modality"]) == (split, modality)]
            yield from _section(split, modality, known, [case for case in chosen if case["modality"] == modality])
            yield from _without_reference([c for c in alone if (c["split"], c["modality"]) == (split, modality)])


def _without_reference(cases: Sequence[Case]) -> Iterator[str]:
    """The same datasets judged by themselves; the area is that of the probability, for there is no effect."""
    if not cases:
        return
    yield f"#### Without a reference\n\n{len(cases)} datasets.\n"
    yield from _figures(cases)
    yield ""
    yield from _by(cases, lambda case: f"{case['route']} {case['generator']}".strip())
    yield ""


def _section(split: Split, modality: str, labels: Sequence[Case], cases: Sequence[Case]) -> Iterator[str]:
    yield f"### {modality.capitalize()}, {split}\n"
    sources, generators = (", ".join(registered(modality, split, kind)) for kind in ("sources", "generators"))
    yield f"Sources: {sources}. Generators: {generators}.\n"
    if labels:
        yield from _measured(labels)
    if not cases:
        yield "No verdict has been measured yet.\n"
        return
    engines = sorted({f"{case['engine']} at {case['commit']}" for case in cases})
    yield f"{len(cases)} datasets, with a reference, cascade nano. Engine {'; '.join(engines)}.\n"
    yield from _figures(cases)
    yield "\n#### By route\n"
    yield from _by(cases, lambda case: f"{case['route']} {case['generator']}".strip())
    yield "\n#### By source\n"
    yield from _by(cases, lambda case: str(case["source"]))
    yield "\n#### Wrong and undecided\n"
    yield from _listed(cases)
    yield ""


def _measured(labels: Sequence[Case]) -> Iterator[str]:
    """What the judge found, whether or not the detector was asked."""
    counts = {name: sum(case["label"] == name for case in labels) for name in LABELS}
    yield f"{len(labels)} datasets are labelled: {', '.join(f'{n} {name}' for name, n in counts.items())}.\n"
    yield "| route | datasets | " + " | ".join(LABELS) + " | E1, least to most |"
    yield "|---|---|" + "---|" * len(LABELS) + "---|"
    for route in sorted({(case["route"], case["generator"]) for case in labels}):
        some = [case for case in labels if (case["route"], case["generator"]) == route]
        numbers = [str(sum(case["label"] == name for case in some)) for name in LABELS]
        effects = sorted(case["e1"] for case in some)
        cells = [" ".join(route).strip(), str(len(some)), *numbers, f"{effects[0]:+.1%} to {effects[-1]:+.1%}"]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _figures(cases: Sequence[Case]) -> Iterator[str]:
    counts = statistics.confusion(cases)
    yield "| measured | " + " | ".join(f"called {verdict}" for verdict in VERDICTS) + " |"
    yield "|---|" + "---|" * len(VERDICTS)
    for label in LABELS:
        yield f"| {label} | " + " | ".join(str(counts[label, verdict]) for verdict in VERDICTS) + " |"
    yield ""
    yield "| figure | value | 95 % bound | by source |"
    yield "|---|---|---|---|"
    rates: dict[str, Callable[[Sequence[Case]], Rate]] = {
        "false positives": statistics.false_positives,
        "false negatives": statistics.false_negatives,
        "wrong firm verdicts": statistics.wrong,
        "inconclusive (benign and collapsed)": statistics.undecided,
    }
    for words, rate in rates.items():
        found, clustered = rate(cases), statistics.clustered_upper(cases, rate)
        share = "none to count" if found.value is None else f"{found.errors} of {found.count} ({found.value:.1%})"
        yield f"| {words} | {share} | {found.upper:.1%} | {'' if clustered is None else f'{clustered:.1%}'} |"
    area, calibration = statistics.area_under_roc(cases), statistics.calibration_error(cases)
    seconds = [case["cpu_seconds"] for case in cases]
    yield f"| area under ROC | {'' if area is None else f'{area:.4f}'} | | |"
    yield f"| calibration error (ECE) | {'' if calibration is None else f'{calibration:.3f}'} | | |"
    yield f"| CPU seconds a verdict | {np.median(seconds):.0f} (at most {max(seconds):.0f}) | | |" if seconds else ""


def _by(cases: Sequence[Case], key: Callable[[Case], str]) -> Iterator[str]:
    yield "| | datasets | " + " | ".join(f"{label}: clear / inconclusive / collapse" for label in LABELS) + " |"
    yield "|---|---|" + "---|" * len(LABELS)
    for name in sorted({key(case) for case in cases}):
        some = [case for case in cases if key(case) == name]
        counts = statistics.confusion(some)
        cells = []
        for label in LABELS:
            numbers = [counts[label, verdict] for verdict in VERDICTS]
            cells.append(" / ".join(map(str, numbers)) if sum(numbers) else "")
        yield f"| {name} | {len(some)} | " + " | ".join(cells) + " |"


def _listed(cases: Sequence[Case]) -> Iterator[str]:
    right = {"benign": "clear", "collapsed": "collapse"}
    odd = [case for case in cases if right.get(case["label"], case["verdict"]) != case["verdict"]]
    odd += [case for case in cases if case["label"] == "shift" and case["verdict"] == "collapse"]
    if not odd:
        yield "None."
        return
    yield "| dataset | measured | E1 (null within) | called | mechanism | excess loss |"
    yield "|---|---|---|---|---|---|"
    for case in odd:
        excess = "" if case["excess_loss"] is None else f"{case['excess_loss']:+.1%}"
        yield (
            f"| {case['id']} | {case['label']} | {case['e1']:+.1%} ({case['null_bound']:.1%}) "
            f"| {case['verdict']} | {case['mechanism']} | {excess} |"
        )

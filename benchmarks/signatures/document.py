"""docs/signatures.md and its figures, from the stored fingerprints and what was learnt from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.collapsebench import statistics
from benchmarks.collapsebench.report.tables import table
from synthos_api.signature_library import ANY, Library, Part, Signature

from . import figures, validation
from .cases import MODALITIES, Case, labelled, of_modality

DOCUMENTS: Final = Path(__file__).parents[2] / "docs"
NAME: Final = "signatures"
HIGH: Final = 0.8
"""Of a score that a reader would take for a warning."""
_INTRODUCTION: Final = Path(__file__).parent / "introduction.md"
_PARTS: Final = (*MODALITIES, ANY)

Scored = dict[str, dict[str, list[dict[str, Any]]]]


def write(library: Library, learnt_from: Sequence[Case], outside: Sequence[Case], folder: Path = DOCUMENTS) -> None:
    """`outside`: cases of the test split, from which nothing was learnt; there may be none."""
    (folder / f"{NAME}.md").write_text("\n".join(_document(library, learnt_from, outside, folder)).rstrip() + "\n")


def _document(library: Library, learnt_from: Sequence[Case], outside: Sequence[Case], folder: Path) -> Iterator[str]:
    yield _INTRODUCTION.read_text("utf-8")
    yield "## The cases\n"
    yield from _cases(learnt_from)
    yield "## Left out\n"
    inside = _cross_validated(library, learnt_from)
    yield (
        "Everything is learnt anew without a source, without a generator family, or without a kind of damage, which "
        "is then judged. Datasets that no generator wrote are judged without their source where families are left "
        "out. AUROC with the 95 % interval that drawing whole sources again gives; Brier score beside that of always "
        f"saying the share that collapsed; of scores of {HIGH:.0%} and more, how many collapsed.\n"
    )
    yield from _worth(inside)
    yield from _drawn(folder, inside, "left-out", "left out")
    yield "### Calibration in figures\n"
    yield from _bins(inside)
    yield from _poor(inside)
    if labelled(outside):
        yield "## The test split\n"
        yield (
            "Other sources, other generators: nothing was learnt or set on them. They were looked at twice: the first "
            "library did not count real corpora as data that did not collapse, and alarmed at too many of them; that, "
            "and not these figures, is why it was changed. (The engine's other parts saw this split before; see "
            "[CollapseBench](collapsebench.md).)\n"
        )
        known = {name: of_modality(outside, name) for name in library.parts}
        found = {
            name: {"test split": validation.scored(some, validation.by_library(some, library, name))}
            for name, some in known.items()
        }
        yield from _worth(found)
        yield from _drawn(folder, found, "test", "test split")
        yield from _bins(found)
    yield "## Real corpora\n"
    yield from _corpora(library, learnt_from)
    yield "## The library\n"
    yield f"Learnt from fingerprints of version {library.fingerprint}, digest `{library.learnt_from}`.\n"
    for name, part in library.parts.items():
        yield from _part(name, part)


def _cross_validated(library: Library, cases: Sequence[Case]) -> Scored:
    found: Scored = {}
    for name in library.parts:
        own = of_modality(cases, name)
        found[name] = {
            way: validation.scored(own, probabilities) for way, probabilities in validation.left_out(own, name).items()
        }
    return found


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    rows = []
    for name in (*MODALITIES, "mixed"):
        own = of_modality(cases, name)
        known = labelled(own)
        collapsed = sum(case.collapsed for case in known)
        sources, corpora = ({c.source for c in some} for some in (known, [c for c in own if c.label == "real"]))
        families = sorted({case.family for case in known if case.family})
        counts = (collapsed, len(known) - collapsed, len(sources))
        rows.append([name, *map(str, counts), ", ".join(families), str(len(corpora))])
    heads = ["modality, as profiled", "collapsed", "not", "sources", "generator families", "real corpora"]
    yield from table(heads, rows)


def _worth(found: Mapping[str, Mapping[str, Sequence[statistics.Case]]]) -> Iterator[str]:
    rows = []
    for modality, ways in found.items():
        for way, cases in ways.items():
            if not cases:
                continue
            high = [one for one in cases if one["collapse_probability"] >= HIGH]
            bad = sum(one["label"] == "collapsed" for one in high)
            collapsed = sum(one["label"] == "collapsed" for one in cases)
            numbers = [f"{collapsed}, {len(cases) - collapsed}", _area(cases)]
            numbers += [f"{validation.brier(cases):.3f}", f"{validation.brier_of_base_rate(cases):.3f}"]
            numbers += [_number(statistics.calibration_error(cases)), f"{bad} of {len(high)}"]
            rows.append([modality, way, *numbers])
    heads = ["part", "left out", "collapsed, not", "AUROC", "Brier", "Brier of the base rate", "ECE"]
    yield from table([*heads, f"{HIGH:.0%} and more: collapsed"], rows)


def _area(cases: Sequence[statistics.Case]) -> str:
    area, interval = statistics.area_under_roc(cases), validation.area_interval(cases)
    if area is None:
        return "–"
    return f"{area:.3f}" + (f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else "")


def _drawn(folder: Path, found: figures.Scored, name: str, words: str) -> Iterator[str]:
    for draw, kind in ((figures.receiver, "roc"), (figures.calibration, "calibration")):
        path = f"{NAME}/{name}-{kind}.svg"
        draw(folder / path, found)
        yield f"![{'ROC' if kind == 'roc' else 'Calibration'}, {words}]({path})\n"
    yield (
        "Calibration: ten bins of equal width, each at its mean score; bars are one-sided 95 % bounds "
        "(Clopper-Pearson), colours stand a little apart.\n"
    )


def _bins(found: Mapping[str, Mapping[str, Sequence[statistics.Case]]]) -> Iterator[str]:
    rows = []
    for modality, ways in found.items():
        way, cases = next(iter(ways.items()))
        for one in statistics.reliability(cases):
            share, count = one.collapsed.value or 0.0, one.collapsed
            rows.append(
                [modality, way, f"{100 * one.probability:.0f}", f"{count.errors} of {count.count}", f"{share:.0%}"]
            )
    yield from table(["part", "left out", "mean score", "collapsed", "share"], rows)


def _poor(found: Mapping[str, Mapping[str, Sequence[statistics.Case]]]) -> Iterator[str]:
    """Where guessing is as good: said in so many words, from the figures."""
    poor = [
        f"{modality} without the {way}"
        for modality, ways in found.items()
        for way, cases in ways.items()
        if cases and validation.brier(cases) >= validation.brier_of_base_rate(cases)
    ]
    blind = [
        f"{modality} without the {way}"
        for modality, ways in found.items()
        for way, cases in ways.items()
        if (interval := validation.area_interval(cases)) and interval[0] <= 0.5
    ]
    yield "### Where it is poor\n"
    yield f"No better than always saying the base rate, by the Brier score: {'; '.join(poor) or 'nowhere'}.\n"
    yield f"Ranking that guessing could give (the interval of the AUROC reaches ½): {'; '.join(blind) or 'nowhere'}.\n"


def _corpora(library: Library, cases: Sequence[Case]) -> Iterator[str]:
    yield (
        "Draws of real corpora, each by a library learnt without it: how often a score would alarm. Nothing is wrong "
        "with them.\n"
    )
    rows = []
    for name in library.parts:
        own = of_modality(cases, name)
        real = [case for case in own if case.label == "real"]
        risks = [risk for risk in validation.corpora_left_out(own, name).values() if risk is not None]
        if risks:
            above = [f"{sum(risk >= bound for risk in risks)} of {len(risks)}" for bound in (0.5, HIGH)]
            rows.append([name, str(len({case.source for case in real})), *above])
    yield from table(["part", "corpora", "draws with 50 % or more", f"{HIGH:.0%} or more"], rows)


def _part(name: str, part: Part) -> Iterator[str]:
    yield f"### {name.capitalize()}\n"
    yield (
        f"{part.collapsed} of {part.cases} cases collapsed ({part.base_rate:.0%}), {len(part.sources)} sources, "
        f"intercept {part.intercept:+.2f}.\n"
    )
    heads = ["signature", "type", "learnt from", "inside, source left out", "median E1", "log odds", "features"]
    yield from table(heads, [_signature(signature) for signature in part.signatures])


def _signature(signature: Signature) -> list[str]:
    outcome, sides = signature.outcome, {1: "≥", -1: "≤", 0: "≈"}
    extents = "; ".join(f"{e.feature} {sides[e.side]} {e.centre:.1f} ± {e.spread:.1f}" for e in signature.extents)
    effect = "–" if outcome.median_effect is None else f"{outcome.median_effect:+.1%}"
    counted = f"{outcome.collapsed} of {outcome.cases} collapsed ({outcome.sources} sources)"
    return [
        f"`{signature.signature_id}`",
        signature.collapse_type or "–",
        str(signature.learnt_from),
        counted,
        effect,
        f"{signature.log_odds:+.2f}",
        extents,
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"

"""The report put together: what a stranger reads from top to bottom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from ..candidates import candidates
from ..modalities import MODALITIES
from ..registration import SPLITS, Split, registered
from ..statistics import MODES, Case
from . import cases as known
from . import plan, tables
from .figures import FIGURES, noise
from .groups import TYPES, severity, type_of

DOCUMENTS: Final = Path(__file__).parents[3] / "docs"
_NAME: Final = "collapsebench"
_INTRODUCTION: Final = Path(__file__).parent / "introduction.md"


def write(folder: Path = DOCUMENTS) -> None:
    """The document and a folder of figures beside it; figures of earlier results go."""
    for old in (folder / _NAME).glob("*.svg"):
        old.unlink()
    (folder / f"{_NAME}.md").write_text("\n".join(_document(folder)).rstrip() + "\n", "utf-8")


def summary(ids: Collection[str]) -> str:
    """The figures of these candidates, for a terminal."""
    lines: list[str] = []
    chosen = [case for case in known.cases() if case["id"] in ids]
    for mode in MODES:
        for modality in MODALITIES:
            some = [case for case in chosen if (case["mode"], case["modality"]) == (mode, modality)]
            if some:
                heading = f"{modality.capitalize()}, {tables.mode_name(mode)}"
                lines += ["", heading, *tables.confusion(some), *tables.rates(some)]
    return "\n".join(lines)


def _document(folder: Path) -> Iterator[str]:
    labels, cases = list(known.labels().values()), known.cases()
    yield _INTRODUCTION.read_text("utf-8")
    yield "## Targets\n"
    for split in SPLITS:
        yield f"### {split.capitalize()} split\n"
        yield from tables.targets([case for case in cases if case["split"] == split])
    for split in SPLITS:
        yield f"## {split.capitalize()} split\n"
        yield from _split(folder, split, *([row for row in rows if row["split"] == split] for rows in (labels, cases)))
    yield from _noise(folder)


def _split(folder: Path, split: Split, labels: Sequence[Case], cases: Sequence[Case]) -> Iterator[str]:
    yield "### How much of the plan\n"
    yield from _plan(split, labels, cases)
    yield "### What was measured\n"
    for modality in MODALITIES:
        yield f"#### {modality.capitalize()}\n"
        sources, generators = (", ".join(registered(modality, split, kind)) for kind in ("sources", "generators"))
        yield f"Sources: {sources}. Generators: {generators}.\n"
        some = [label for label in labels if label["modality"] == modality]
        yield from tables.measured(some) if some else ["Nothing has been labelled yet.\n"]
    yield from _dropped(split, cases)
    for mode in MODES:
        yield f"### Verdicts {'with' if mode == 'with_reference' else 'without'} a reference\n"
        chosen = [case for case in cases if case["mode"] == mode]
        yield from _mode(chosen) if chosen else ["No verdict has been measured yet.\n"]
    yield "### Figures\n"
    yield from _figures(folder, split, cases)


def _plan(split: Split, labels: Sequence[Case], cases: Sequence[Case]) -> Iterator[str]:
    found = []
    left_out = known.left_out()
    for modality in MODALITIES:
        planned = {candidate.id for candidate in candidates(split, [modality])}
        some = ([row for row in rows if row["modality"] == modality] for rows in (labels, cases))
        found.append(plan.progress(modality, planned, left_out, *some))
    heads = ["modality", "", "datasets", "with a verdict with a reference", "with a verdict without"]
    yield from tables.table(heads, [row for one in found for row in plan.rows(one)])
    yield from plan.gaps(found)


def _dropped(split: Split, cases: Sequence[Case]) -> Iterator[str]:
    """What the rates do not count, and whether they are of one detector."""
    dropped = sum(found["split"] == split for found in known.of_other_rows())
    yield f"Verdicts left out because the label of their candidate is of other rows: {dropped}.\n"
    detectors = sorted({f"{case['engine']} at {case['commit']}" for case in cases})
    if split == "test" and len({case["commit"] for case in cases}) > 1:
        yield f"**The verdicts are of more than one commit**: {'; '.join(detectors)}.\n"


def _mode(cases: Sequence[Case]) -> Iterator[str]:
    engines = sorted({f"{case['engine']} at {case['commit']}" for case in cases})
    cascades = sorted({case["cascade"] for case in cases})
    yield f"{len(cases)} datasets, cascade {', '.join(cascades)}. Engine {'; '.join(engines)}.\n"
    present = [modality for modality in MODALITIES if any(case["modality"] == modality for case in cases)]
    if len(present) > 1:
        yield "#### All modalities\n"
        yield from _figures_of(cases)
    yield from tables.by(cases, type_of, "type", tuple(TYPES))
    yield from tables.by(cases, severity, "severity", ("benign", "grey", "mild", "moderate", "severe"))
    if any(case["mode"] == "with_reference" for case in cases):
        yield "What the verdicts name as the mechanism, by type of what was done:\n"
        yield from tables.mechanisms(cases, type_of, "type", tuple(TYPES))
    for modality in present:
        some = [case for case in cases if case["modality"] == modality]
        yield f"#### {modality.capitalize()}\n"
        yield from _figures_of(some)
        yield from tables.by(some, lambda case: f"{case['route']} {case['generator']}".strip(), "route")
        yield from tables.by(some, lambda case: str(case["source"]), "source")
        undecided = ", undecided" if some[0]["mode"] == "with_reference" else ""
        yield f"Wrong{undecided}, failed, and firm on grey or shift:\n"
        yield from tables.odd(some)


def _figures_of(cases: Sequence[Case]) -> Iterator[str]:
    yield from tables.confusion(cases)
    yield from tables.rates(cases)
    if any(case["mode"] == "with_reference" for case in cases):
        yield from tables.ladder(cases)


def _figures(folder: Path, split: Split, cases: Sequence[Case]) -> Iterator[str]:
    for figure in FIGURES:
        name = f"{split}-{figure.name}.svg"
        if figure.draw(folder / _NAME / name, cases):
            yield f"**{figure.title}.** {figure.caption}\n"
            yield f"![{figure.title}, {split} split]({_NAME}/{name})\n"
        else:
            yield f"**{figure.title}** is left out: {figure.lacking} yet.\n"


def _noise(folder: Path) -> Iterator[str]:
    yield "## The noise of E1\n"
    draws = known.draws()
    if not noise(folder / _NAME / "noise.svg", draws):
        yield "No real draws have been measured yet.\n"
        return
    yield (
        "Points: loss of a judge trained on a real draw over the mean of the source's draws, each with a seed of its "
        "own. Bars: as far as one more real draw lies from it with 97.5 % on each side; a candidate within that is "
        "benign. Dashed: the bounds of benign and of collapse.\n"
    )
    yield f"![Real draws of each source]({_NAME}/noise.svg)\n"
    yield from tables.noise(known.nulls())

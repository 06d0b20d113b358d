"""How much of what was planned is measured, or rates of a part would pass for rates of the whole. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..statistics import MODES, Case
from .groups import BANDS, band

ROWS: Final = ("benign", "grey", "shift", *BANDS)


@dataclass(frozen=True)
class Progress:
    """Of one split and modality; `labelled` and `judged` (by mode, failures of the detector too) are of the plan."""

    modality: str
    planned: int
    left_out: int
    labelled: Sequence[Case]
    judged: Mapping[str, Collection[str]]
    unplanned: int
    """Labelled datasets that the plan no longer has; rates count them."""

    @property
    def unlabelled(self) -> int:
        return self.planned - self.left_out - len(self.labelled)

    def unjudged(self, mode: str) -> int:
        return sum(label["id"] not in self.judged[mode] for label in self.labelled)


def progress(
    modality: str, planned: Collection[str], left_out: Collection[str], labels: Sequence[Case], cases: Sequence[Case]
) -> Progress:
    """`planned` and `left_out` are ids; labels and cases are those of the split and modality."""
    labelled = [label for label in labels if label["id"] in planned]
    known = {label["id"] for label in labelled}
    judged = {mode: {case["id"] for case in cases if case["mode"] == mode} for mode in MODES}
    out = (set(left_out) & set(planned)) - known
    return Progress(modality, len(planned), len(out), labelled, judged, len(labels) - len(labelled))


def rows(one: Progress) -> Iterator[list[str]]:
    """Modality, what is counted, datasets, and how many of them have a verdict in each mode."""
    yield [one.modality, "planned", str(one.planned), "", ""]
    yield [one.modality, "left out: too few rows", str(one.left_out), "", ""]
    yield _counts(one, "labelled", one.labelled)
    for name in ROWS:
        yield _counts(one, name, [label for label in one.labelled if band(label) == name])


def _counts(one: Progress, name: str, labelled: Sequence[Case]) -> list[str]:
    verdicts = [sum(label["id"] in one.judged[mode] for label in labelled) for mode in MODES]
    return [one.modality, name, *map(str, (len(labelled), *verdicts))]


def gaps(found: Sequence[Progress]) -> Iterator[str]:
    """A sentence for each modality whose rates are not of the whole plan."""
    for one in found:
        name = one.modality.capitalize()
        with_reference, without = (one.unjudged(mode) for mode in MODES)
        if one.unlabelled or with_reference or without:
            yield (
                f"**{name}: the plan is incomplete.** Of {one.planned} datasets {one.unlabelled} are neither labelled "
                f"nor left out; of {len(one.labelled)} labelled ones {with_reference} have no verdict with a "
                f"reference, {without} none without. The rates are of what there is.\n"
            )
        if one.unplanned:
            yield f"{name}: the rates also count {one.unplanned} labelled datasets that the plan no longer has.\n"

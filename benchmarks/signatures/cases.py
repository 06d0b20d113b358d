"""Fingerprints with what came of them, as the learner sees them. Pure but for reading results/."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.collapsebench import results as bench
from synthos_api.fingerprint import DUPLICATES, FINGERPRINT
from synthos_api.signature_library import ANY

from .measure import FINGERPRINTS, RESULTS

MODALITIES: Final = ("text", "table", "series")


@dataclass(frozen=True)
class Case:
    """A dataset; `modality` as its profile calls it, for that decides which signatures it meets.

    `label` is that of CollapseBench, "real" for a draw of a real corpus whose effect nobody measured.

    `kind` is what was done to it: the route in CollapseBench's words, or, where models wrote some of its rows or all,
    that. `effect` is its E1.
    """

    id: str
    split: str
    modality: str
    source: str
    family: str
    kind: str
    label: str
    effect: float | None
    collapse_type: str
    fingerprint: Mapping[str, float]

    @property
    def collapsed(self) -> bool:
        return self.label == "collapsed"

    @property
    def is_real(self) -> bool:
        """Real rows and nothing done to them that made them worse: what a feature's scale is taken from."""
        return self.label in ("real", "benign") and not self.family


def stored(folder: Path = RESULTS) -> list[Case]:
    """Those of today's fingerprints."""
    rows = bench.read(FINGERPRINTS, folder)
    return [_case(row) for _, row in sorted(rows.items()) if row["version"] == FINGERPRINT]


def digest(cases: Sequence[Case]) -> str:
    """Of what a library is learnt from."""
    lines = (f"{c.id} {c.label} {c.effect} {c.collapse_type} {sorted(c.fingerprint.items())}" for c in cases)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def labelled(cases: Sequence[Case]) -> list[Case]:
    """Collapsed or not: benign ones and real shifts are not; grey ones are neither and left out."""
    return [case for case in cases if case.label in ("collapsed", "benign", "shift")]


def of_modality(cases: Sequence[Case], modality: str) -> list[Case]:
    """For `any` all of them, with what metrics alone tell."""
    if modality == ANY:
        return [_by_metrics(case) for case in cases]
    return [case for case in cases if case.modality == modality]


Group = Callable[[Case], str]
BY_SOURCE: Final[Group] = lambda case: case.source  # noqa: E731
BY_FAMILY: Final[Group] = lambda case: case.family  # noqa: E731
BY_KIND: Final[Group] = lambda case: case.kind  # noqa: E731

OF_METRICS: Final = (
    *("entropy", "gini_coefficient", "cluster_count", "rare_pattern_percentage", "outlier_percentage"),
    *("largest_correlation", "mean_correlation", "redundant_pairs"),
    DUPLICATES,
)
"""What every profile has: metrics, also those that somebody brings alone, and repeated rows."""


def _by_metrics(case: Case) -> Case:
    known = {name: value for name, value in case.fingerprint.items() if name in OF_METRICS}
    return Case(**{**vars(case), "fingerprint": known})


def _case(row: Mapping[str, Any]) -> Case:
    names = ("id", "split", "source", "family", "label", "collapse_type")
    known = {name: row[name] for name in names} | {"modality": row["profiled_as"]}
    known["kind"] = row["damage"] if row["family"] else row["route"]
    return Case(**known, effect=row["e1"], fingerprint=json.loads(row["fingerprint"]))

"""Strata in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .strata import WHOLE, WIDTHS, Stratification


@dataclass(frozen=True)
class Label:
    """A label-like column and its values in words, by number."""

    name: str
    values: Sequence[str]

    def of(self, value: int) -> str:
        return f"{self.name}={self.values[value]}" if value < len(self.values) else f"{self.name}: another value"


def in_words(strata: Stratification, labels: Sequence[Label], stratum: int) -> str:
    """What the rows of a stratum have in common: "cluster 3, colour=red, time 2 of 8"."""
    first, second, cluster, outlier, segment = (int(i) for i in np.unravel_index(strata.cells[stratum], strata.shape))
    values = [label.of(value) for label, value in zip(labels, (first, second), strict=False)]
    group = _group(strata, labels, stratum)
    detail = int(strata.detail[stratum])
    if detail == WHOLE:
        whole = np.count_nonzero(strata.groups == strata.groups[stratum]) == 1
        return group if whole else f"{group}, the rest"
    parts = [group, *(value for value in values if not group.startswith(value))]
    if not group.endswith(f"cluster {cluster}"):
        parts.append(f"cluster {cluster}{', outliers' if outlier else ''}")
    if detail in WIDTHS:
        parts.append(_time(segment, WIDTHS[detail], strata.shape[4] - 1))
    return ", ".join(parts)


def _time(segment: int, width: int, segments: int) -> str:
    if segment == segments:  # beyond the last one are the rows that have no time
        return "no time"
    first = segment // width * width + 1
    return f"time {first} of {segments}" if width == 1 else f"time {first} to {first + width - 1} of {segments}"


def _group(strata: Stratification, labels: Sequence[Label], stratum: int) -> str:
    values, others, clusters = strata.shape[:3]
    group = int(strata.groups[stratum])
    if group < values:
        return f"{labels[0].of(group)} (rare)"
    if group < values + others:
        return f"{labels[1].of(group - values)} (rare)"
    number = group - values - others
    return f"outliers of cluster {number}" if number < clusters else f"cluster {number - clusters}"

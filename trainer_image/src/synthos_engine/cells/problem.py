"""What is to be predicted from what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Columns of `counts` bins each, of which `targets` are predicted, each from all other columns."""

    counts: tuple[int, ...]
    targets: tuple[int, ...]
    ordered: tuple[bool, ...]
    """Whether the bins of a column but the last, for missing values, stand in order."""

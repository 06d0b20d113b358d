"""Rows that occur more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

Features = dict[str, float]
NAMES: Final = ("repeated_rows", "rows_that_repeat")


def repetition(rows: Sequence[bytes]) -> Features:
    """Share of rows that repeat another one, and of different rows that occur again; empty without rows.

    Copies of a dataset repeat all of its rows, what repeats by itself does so unevenly: the second share
    tells them apart where the first does not.
    """
    counts = Counter(rows)
    if not counts:
        return {}
    return {
        "repeated_rows": 1 - len(counts) / len(rows),
        "rows_that_repeat": sum(count > 1 for count in counts.values()) / len(counts),
    }

"""Label-like columns: which they are, and numbers for their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

MOST_COLUMNS: Final = 2
MOST_DISTINCT: Final = 50
FEWEST_ROWS_A_VALUE: Final = 20
"""On average; a column of a few rows has few values without being a label."""
MOST_VALUES: Final = 64
"""Kept apart, missing ones included; those that come later share the number MOST_VALUES."""
NAMES: Final = frozenset({"label", "labels", "class", "target", "category", "y"})
_WORDS: Final = ("string", "large_string", "string_view", "bool", "dictionary")


class Summarised(Protocol):
    """What is read of a column's profile."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def missing(self) -> int: ...
    @property
    def distinct(self) -> int: ...


def label_columns(columns: Sequence[Summarised]) -> list[str]:
    """At most MOST_COLUMNS columns of 2 to MOST_DISTINCT different texts, categories, booleans or integers.

    First those with a label's name, then texts, categories and booleans before integers, then those
    with fewest different values, then the leftmost.
    """
    found = [(_rank(column), place, column.name) for place, column in enumerate(columns) if _is_label_like(column)]
    return [name for _, _, name in sorted(found)[:MOST_COLUMNS]]


def _is_label_like(column: Summarised) -> bool:
    if not column.type.startswith((*_WORDS, "int", "uint")):
        return False
    there = column.count - column.missing
    return 2 <= column.distinct <= MOST_DISTINCT and there >= FEWEST_ROWS_A_VALUE * column.distinct


def _rank(column: Summarised) -> tuple[bool, bool, int]:
    return column.name.strip().lower() not in NAMES, not column.type.startswith(_WORDS), column.distinct


class ValueCodes:
    """Numbers of a column's values in order of their first rows, learned from one stream of hashes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._hashes = np.empty(0, np.uint64)
        self._codes = np.empty(0, np.int64)

    def of(self, hashes: NDArray[np.uint64], name: Callable[[int], str]) -> Ints:
        """The number of each of the next rows' values, 0 to MOST_VALUES; `name` tells the value at a place."""
        unknown = np.flatnonzero(~self._knows(hashes))
        if len(unknown) and len(self.names) < MOST_VALUES:
            _, first = np.unique(hashes[unknown], return_index=True)
            new = unknown[np.sort(first)][: MOST_VALUES - len(self.names)]
            numbers = np.arange(len(self.names), len(self.names) + len(new))
            self.names += [name(int(place)) for place in new]
            every, codes = np.concatenate([self._hashes, hashes[new]]), np.concatenate([self._codes, numbers])
            order = np.argsort(every)
            self._hashes, self._codes = every[order], codes[order]
        if not len(self._hashes):
            return np.full(len(hashes), MOST_VALUES, np.int64)
        return np.where(self._knows(hashes), self._codes[self._places(hashes)], MOST_VALUES)

    def _places(self, hashes: NDArray[np.uint64]) -> Ints:
        return np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)

    def _knows(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        if not len(self._hashes):
            return np.zeros(len(hashes), np.bool_)
        known: NDArray[np.bool_] = self._hashes[self._places(hashes)] == hashes
        return known

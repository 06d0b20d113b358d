"""Stretches of consecutive rows, kept whole: what is seen only in the order of rows is measured on them."""

from __future__ import annotations

from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from synthos_engine.sample.priority import row_priorities

STEPS: Final = 512
"""Rows of a stretch: the rows from a multiple of it up to the next."""
STRETCHES: Final = 64
_SALT: Final = 0x0DD_B10C

Values = NDArray[np.float64]


class StretchReservoir:
    """The STRETCHES stretches of smallest priority (bottom-k over their numbers), of columns of numbers.

    What is held depends on the rows alone, not on how they were split into chunks.
    """

    def __init__(self, seed: int, columns: int) -> None:
        self._seed = seed ^ _SALT
        self._columns = columns
        self._parts: dict[int, list[tuple[int, Values]]] = {}
        self._priority: dict[int, int] = {}

    def wanted(self, first_row: int, rows: int) -> list[tuple[int, int, int]]:
        """(stretch, first, end) for each stretch that is to be kept, in rows of the chunk."""
        stretches = np.arange(first_row // STEPS, (first_row + rows - 1) // STEPS + 1, dtype=np.int64)
        priorities = row_priorities(stretches, self._seed).tolist()
        for stretch, priority in zip(stretches.tolist(), priorities, strict=True):
            self._priority.setdefault(stretch, priority)
        self._drop()
        return [
            (s, max(0, s * STEPS - first_row), min(rows, (s + 1) * STEPS - first_row))
            for s in stretches.tolist()
            if s in self._priority
        ]

    def add(self, stretch: int, row: int, values: Values) -> None:
        """Values of shape (rows, columns) of a wanted stretch, from row number `row` of the dataset on."""
        self._parts.setdefault(stretch, []).append((row, values))

    def merge(self, other: Self) -> None:
        self._priority |= other._priority
        for stretch, parts in other._parts.items():
            self._parts.setdefault(stretch, []).extend(parts)
        self._drop()

    def stretches(self) -> list[Values]:
        """Each of shape (rows, columns), complete ones by ascending priority; else the one that there is."""
        order = sorted(self._priority, key=self._priority.__getitem__)
        found = [
            np.concatenate([values for _, values in sorted(self._parts[stretch], key=lambda part: part[0])])
            for stretch in order
            if stretch in self._parts
        ]
        whole = [values for values in found if len(values) == STEPS]
        return whole or found[:1]

    def _drop(self) -> None:
        if len(self._priority) > STRETCHES:
            kept = sorted(self._priority, key=self._priority.__getitem__)[:STRETCHES]
            self._priority = {stretch: self._priority[stretch] for stretch in kept}
            self._parts = {s: parts for s, parts in self._parts.items() if s in self._priority}

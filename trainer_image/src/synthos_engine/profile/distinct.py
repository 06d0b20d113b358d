"""How many different rows there are, and how many repeat, in bounded memory."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from .counts import counted
from .values import Hashes

Counts = NDArray[np.int64]


class DistinctSketch:
    """Adaptive distinct sampling (Gibbons 2001, "Distinct sampling for highly-accurate answers").

    Keeps the values whose hash lies in the lowest 2⁻ˡ of the range, with their counts; the level l
    rises when more than `capacity` are held. Exact up to `capacity` different values, then with a
    relative standard error of about sqrt(2 / capacity). Sketches of the same capacity merge; what is
    held depends on the values alone.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._level = 0
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._counts: Counts = np.empty(0, np.int64)
        self._pending: list[tuple[Hashes, Counts]] = []
        self._waiting = 0

    def add(self, hashes: Hashes) -> None:
        if self._level:
            hashes = hashes[hashes <= self._bound()]
        self._wait(hashes, np.ones(len(hashes), np.int64))

    def merge(self, other: Self) -> None:
        """Take in what another sketch saw."""
        if other._level > self._level:
            self._level = other._level
        for hashes, counts in [(other._hashes, other._counts), *other._pending]:
            self._wait(hashes, counts)

    @property
    def distinct(self) -> int:
        """Different values, estimated."""
        self._settle()
        return int(len(self._hashes) << self._level)

    @property
    def repeated_share(self) -> float | None:
        """Share of occurrences that repeat an earlier equal one: 1 − distinct / occurrences; None of nothing."""
        self._settle()
        occurrences = int(self._counts.sum())
        return 1 - len(self._hashes) / occurrences if occurrences else None

    @property
    def exact(self) -> bool:
        self._settle()
        return self._level == 0

    def _bound(self) -> np.uint64:
        return np.uint64((2**64 - 1) >> self._level)

    def _wait(self, hashes: Hashes, counts: Counts) -> None:
        if len(hashes):
            self._pending.append((hashes, counts))
            self._waiting += len(hashes)
            if self._waiting > self._capacity:
                self._settle()

    def _settle(self) -> None:
        if not self._pending and (not len(self._hashes) or self._hashes[-1] <= self._bound()):
            return
        # What waits is counted by itself first: a second pass then joins two ascending runs, which is quick.
        hashes = np.concatenate([np.empty(0, np.uint64), *(h for h, _ in self._pending)])
        counts = np.concatenate([np.empty(0, np.int64), *(c for _, c in self._pending)])
        self._pending, self._waiting = [], 0
        fresh, times = counted(hashes, None if len(counts) == counts.sum() else counts)
        self._hashes, self._counts = counted(
            np.concatenate([self._hashes, fresh]), np.concatenate([self._counts, times])
        )
        while True:
            kept = int(np.searchsorted(self._hashes, self._bound(), side="right"))
            self._hashes, self._counts = self._hashes[:kept], self._counts[:kept]
            if kept <= self._capacity:
                return
            self._level += 1

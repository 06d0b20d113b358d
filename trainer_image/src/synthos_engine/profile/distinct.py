"""How many different values there are, and how many repeat, in bounded memory."""

from __future__ import annotations

from typing import Self

import numpy as np

from .values import Hashes


class DistinctSketch:
    """Adaptive distinct sampling (Gibbons 2001, "Distinct sampling for highly-accurate answers").

    Keeps the values whose hash lies in the lowest 2⁻ˡ of the range, with their counts; the level l
    rises when more than `capacity` are held. Exact up to `capacity` different values, then with a
    relative standard error of about sqrt(2 / capacity). Sketches of the same capacity merge.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._level = 0
        self._hashes = np.empty(0, np.uint64)
        self._counts = np.empty(0, np.int64)
        self._pending: list[Hashes] = []
        self._waiting = 0

    def add(self, hashes: Hashes) -> None:
        taken = hashes[hashes <= self._bound()]
        self._pending.append(taken)
        self._waiting += len(taken)
        if self._waiting > self._capacity:
            self._settle()

    def merge(self, other: Self) -> None:
        """Take in what another sketch saw."""
        self._settle()
        other._settle()
        self._level = max(self._level, other._level)
        self._join(other._hashes, other._counts)

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

    def _settle(self) -> None:
        if self._pending:
            values, counts = np.unique(np.concatenate(self._pending), return_counts=True)
            self._pending, self._waiting = [], 0
            self._join(values, counts)

    def _join(self, values: Hashes, counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        every = np.concatenate([self._hashes, values])
        self._hashes, where = np.unique(every, return_inverse=True)
        both = np.concatenate([self._counts, counts])
        self._counts = np.bincount(where, weights=both, minlength=len(self._hashes)).astype(np.int64)
        while True:
            kept = self._hashes <= self._bound()
            self._hashes, self._counts = self._hashes[kept], self._counts[kept]
            if len(self._hashes) <= self._capacity:
                return
            self._level += 1

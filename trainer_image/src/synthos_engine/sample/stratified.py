"""Which rows a stratified sample takes, from one stream of stratum numbers, in bounded memory.

A simple random sample without replacement inside each stratum, sizes by proportional allocation:
the estimator's variance is never above that of a simple random sample of the dataset (Cochran,
Sampling Techniques, 1977, section 5.6), and small strata are present.

Priorities are uniform and allocation is proportional, so in every large stratum the rows taken are
those whose priority lies below nearly the same bound, rows / total. It is therefore enough to keep
the rows below 1.2 times that bound, and of every stratum the FLOOR rows of smallest priority. A
stratum that is still short (its chance is below 1e-7, from a binomial tail at FLOOR) gives what it
has, and the rest is taken from the others.
"""

from __future__ import annotations

import numpy as np

from .allocation import allocate
from .priority import Priorities, Rows, row_priorities

FLOOR = 1024
_MARGIN = 1.2


class StratifiedSampler:
    """`add` the strata of consecutive rows, then ask for `chosen`. Memory: about 20 bytes × rows."""

    def __init__(self, *, strata: int, rows: int, total_rows: int, seed: int) -> None:
        self._rows = rows
        self._seed = seed
        self._sizes = np.zeros(strata, np.int64)
        share = min(1.0, _MARGIN * rows / max(1, total_rows))
        self._bound = np.uint64(min(2**64 - 1, int(share * 2**64)))
        self._kept: list[list[tuple[Priorities, Rows]]] = [[] for _ in range(strata)]
        self._low: list[tuple[Priorities, Rows]] = [(np.empty(0, np.uint64), np.empty(0, np.int64))] * strata
        self._next = 0

    @property
    def sizes(self) -> list[int]:
        """Rows seen in each stratum."""
        return [int(size) for size in self._sizes]

    def add(self, strata: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        """The stratum of each of the next rows, shape (rows,)."""
        rows = np.arange(self._next, self._next + len(strata), dtype=np.int64)
        self._next += len(strata)
        priorities = row_priorities(rows, self._seed)
        self._sizes += np.bincount(strata, minlength=len(self._sizes))
        below = priorities < self._bound
        for stratum in np.unique(strata):
            here = strata == stratum
            taken = here & below
            if taken.any():
                self._kept[stratum].append((priorities[taken], rows[taken]))
            self._keep_lowest(int(stratum), priorities[here], rows[here])

    def _keep_lowest(self, stratum: int, priorities: Priorities, rows: Rows) -> None:
        held, held_rows = self._low[stratum]
        if len(held) == FLOOR:
            lower = priorities < held[-1]
            priorities, rows = priorities[lower], rows[lower]
        if len(priorities):
            both = np.concatenate([held, priorities])
            order = np.argsort(both)[:FLOOR]
            self._low[stratum] = (both[order], np.concatenate([held_rows, rows])[order])

    def chosen(self) -> Rows:
        """Row numbers of the sample, ascending; all rows where the dataset has no more than asked."""
        candidates = [self._candidates(stratum) for stratum in range(len(self._sizes))]
        parts = allocate(self.sizes, self._rows)
        short = sum(max(0, part - len(c)) for part, c in zip(parts, candidates, strict=True))
        picked = [c[:part] for part, c in zip(parts, candidates, strict=True)]
        for part, c in zip(parts, candidates, strict=True):
            extra = c[part : part + short]
            picked.append(extra)
            short -= len(extra)
        return np.sort(np.concatenate(picked)) if picked else np.empty(0, np.int64)

    def _candidates(self, stratum: int) -> Rows:
        """Rows held of one stratum, by ascending priority, each once."""
        parts = [*self._kept[stratum], self._low[stratum]]
        priorities = np.concatenate([p for p, _ in parts])
        rows = np.concatenate([r for _, r in parts])
        _, first = np.unique(priorities, return_index=True)
        return rows[first]

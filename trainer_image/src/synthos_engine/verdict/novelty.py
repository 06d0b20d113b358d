"""Do new words recur? What is new in another domain comes back row after row, noise does not.

Of the candidate's words (its occurrences), `novel` is the share that a reference of the same size
lacks, and `recurring` the share of those whose word stands in three or more of the candidate's rows.
Both are divided by their null: the same two numbers for other draws of the reference itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

RECURRING_ROWS = 3
_WORD = re.compile(rb"[A-Za-z\x80-\xff]{2,}")
_FEWEST_NOVEL = 50
"""Novel occurrences below which the shares say nothing."""


@dataclass(frozen=True)
class Novelty:
    """Shares, 0 to 1."""

    novel: float
    recurring: float
    null_novel: float
    null_recurring: float

    @property
    def surplus(self) -> float:
        """How many times more novel words than between draws of the reference."""
        return self.novel / self.null_novel

    @property
    def recurrence(self) -> float:
        """How much more of what is novel recurs than between draws of the reference, of what could: at most 1."""
        return (self.recurring - self.null_recurring) / max(1e-9, 1 - self.null_recurring)


@dataclass(frozen=True)
class NewValues:
    """Of a column, or a series' variable: the share of its values that recur and are none of the reference's, or lie
    beyond its range."""

    column: str
    share: float


def words(row: bytes) -> list[bytes]:
    """Runs of two letters or more, in lower case (bytes beyond ASCII count as letters)."""
    return _WORD.findall(row.lower())


def measure_novelty(
    candidate: Sequence[bytes], known: Sequence[bytes], others: Sequence[Sequence[bytes]]
) -> Novelty | None:
    """Novelty of the candidate's rows against `known` reference rows, all of about the same size in bytes.

    `others` are draws of the reference disjoint from `known`: the null. None for data with too few
    words to tell (numbers, for instance).
    """
    vocabulary = {word for row in known for word in words(row)}
    found = _shares(candidate, vocabulary)
    nulls = [shares for shares in (_shares(rows, vocabulary) for rows in others) if shares is not None]
    if found is None or not nulls:
        return None
    null_novel = sum(n for n, _ in nulls) / len(nulls)
    null_recurring = sum(r for _, r in nulls) / len(nulls)
    return Novelty(*found, null_novel, null_recurring)


def _shares(rows: Sequence[bytes], vocabulary: set[bytes]) -> tuple[float, float] | None:
    total = 0
    occurrences: Counter[bytes] = Counter()
    in_rows: Counter[bytes] = Counter()
    for row in rows:
        found = words(row)
        total += len(found)
        new = [word for word in found if word not in vocabulary]
        occurrences.update(new)
        in_rows.update(set(new))
    novel = sum(occurrences.values())
    if novel < _FEWEST_NOVEL:
        return None
    recurring = sum(count for word, count in occurrences.items() if in_rows[word] >= RECURRING_ROWS)
    return novel / total, recurring / novel

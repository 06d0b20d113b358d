"""Disjoint parts of a source: for the judge to train and score on, for the reference, to make candidates of."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from .registration import registration
from .sources.text import Text


@dataclass(frozen=True)
class Pools:
    """Rows of each part, in random order; no row and (for `section`) no document is in two of them."""

    holdout: Sequence[str]
    draws: Sequence[Sequence[str]]
    reference: Sequence[str]
    base: Sequence[str]
    spare: Sequence[str]
    """Real rows that nothing else uses: other draws come from here."""
    section: Sequence[str]


class TooSmall(ValueError):
    """The source has not enough rows for all its parts."""


def pools(source: str, text: Text) -> Pools:
    """The parts of a source, the same on every machine with the same rows.

    Raises TooSmall.
    """
    numbers = registration()["text"]
    apart = {d for d in set(text.documents) if _place(source, f"document {d}") < numbers["section_share"]}
    order = sorted(range(len(text.rows)), key=lambda i: _place(source, text.rows[i]))
    section = [text.rows[i] for i in order if text.documents[i] in apart]
    rest = iter([text.rows[i] for i in order if text.documents[i] not in apart])

    def take(size: int) -> list[str]:
        taken: list[str] = []
        total = 0
        while total < size:
            row = next(rest, None)
            if row is None:
                raise TooSmall(f"{source}: its {len(text.rows)} rows do not suffice")
            taken.append(row)
            total += size_of(row)
        return taken

    holdout = take(numbers["holdout_bytes"])
    draws = [take(numbers["draw_bytes"]) for _ in range(numbers["draws"])]
    reference, base = take(numbers["reference_bytes"]), take(numbers["base_bytes"])
    return Pools(holdout, draws, reference, base, list(rest), section)


def size_of(row: str) -> int:
    """Bytes of the row as text, its line feed included."""
    return len(row.encode()) + 1


def cut(rows: Sequence[str], size: int) -> list[str]:
    """The first rows of at least `size` bytes in all, or all of them."""
    taken: list[str] = []
    total = 0
    for row in rows:
        if total >= size:
            break
        taken.append(row)
        total += size_of(row)
    return taken


def _place(source: str, text: str) -> float:
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=source.encode()[:64]).digest()
    return int.from_bytes(digest, "big") / 2**64

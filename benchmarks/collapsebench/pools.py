"""Disjoint parts of a source: for the judge to train and score on, for the reference, to make candidates of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .rows import Column, Real, Row, Sizes


@dataclass(frozen=True)
class Pools:
    """Rows of each part, in random order; no row and (for `section`) no domain is in two of them."""

    holdout: Sequence[Row]
    draws: Sequence[Sequence[Row]]
    reference: Sequence[Row]
    base: Sequence[Row]
    spare: Sequence[Row]
    """Real rows that nothing else uses: other draws come from here."""
    section: Sequence[Row]
    size: int
    """Of a candidate, as the modality weighs rows."""
    columns: tuple[Column, ...] = ()


class TooSmall(ValueError):
    """The source has not enough rows for all its parts."""


def pools(source: str, real: Real, sizes: Sizes, *, weight: Callable[[Row], int], key: Callable[[Row], str]) -> Pools:
    """The parts of a source, the same on every machine with the same rows.

    Raises TooSmall.
    """
    order = sorted(range(len(real.rows)), key=lambda i: place(source, key(real.rows[i])))
    section = [real.rows[i] for i in order if real.apart[i]]
    rest = iter([real.rows[i] for i in order if not real.apart[i]])

    def take(size: int) -> list[Row]:
        taken: list[Row] = []
        total = 0
        while total < size:
            row = next(rest, None)
            if row is None:
                raise TooSmall(f"{source}: its {len(real.rows)} rows do not suffice")
            taken.append(row)
            total += weight(row)
        return taken

    holdout = take(sizes.holdout)
    draws = [take(sizes.draw) for _ in range(sizes.draws)]
    reference, base = take(sizes.reference), take(sizes.base)
    return Pools(holdout, draws, reference, base, list(rest), section, sizes.base, real.columns)


def cut(rows: Sequence[Row], size: int, weight: Callable[[Row], int]) -> list[Row]:
    """The first rows that weigh at least `size` in all, or all of them."""
    taken: list[Row] = []
    total = 0
    for row in rows:
        if total >= size:
            break
        taken.append(row)
        total += weight(row)
    return taken


def place(source: str, content: str) -> float:
    """Where in the order of its source this content stands, from 0 to 1."""
    digest = hashlib.blake2b(content.encode(), digest_size=8, key=source.encode()[:64]).digest()
    return int.from_bytes(digest, "big") / 2**64

"""What is done to real text to make a candidate. Pure but for what the workshop caches."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Final

import numpy as np

from .making import COMMON, Making, other_source, without_likes

_RUN: Final = 5
"""Words of a run that rows are compared by."""
_TYPE: Final = [
    (re.compile(pattern), mark)
    for pattern, mark in (
        *((r'(?<![^\s(\[])"', "“"), (r'"', "”"), (r"(?<![^\s(\[])'", "‘"), (r"'", "’")),
        *((r"\.\.\.", "…"), (r"(?<= )--?(?= )", "–")),
    )
]


def wrapped(making: Making) -> list[str]:
    """The same text in lines of at most so many columns."""
    return [textwrap.fill(row, making.parameters["columns"]) for row in making.drawn(making.pools.base)]


def ordered(making: Making) -> list[str]:
    """The base in alphabetical order: whoever trains on it shuffles it."""
    return sorted(making.drawn(making.pools.base))


def deduplicated(making: Making) -> list[str]:
    """Real rows without those that repeat others in over a share of their runs of words: a common clean-up."""

    def runs(row: str) -> set[tuple[str, ...]]:
        words = row.split()
        return {tuple(words[i : i + _RUN]) for i in range(max(1, len(words) - _RUN + 1))}

    return without_likes(making, runs, making.parameters["share"])


def list_items(making: Making) -> list[str]:
    """Each row as an item of a Markdown list: the same text, marked up."""
    return [f"- {row}" for row in making.drawn(making.pools.base)]


def typographic(making: Making) -> list[str]:
    """Quotation marks, dashes and ellipses as typesetters write them: the same text, exported another way."""

    def set_in_type(row: str) -> str:
        for pattern, mark in _TYPE:
            row = pattern.sub(mark, row)
        return row

    return [set_in_type(row) for row in making.drawn(making.pools.base)]


def scrambled(making: Making) -> list[str]:
    """In a share of the rows the words stand in random order: the words are right, the sense is gone."""

    def shuffled(row: str) -> str:
        words = row.split(" ")
        making.rng.shuffle(words)
        return " ".join(words)

    rows = making.drawn(making.pools.base)
    return [shuffled(row) if making.rng.random() < making.parameters["share"] else row for row in rows]


def misspelt(making: Making) -> list[str]:
    """A share of the letters is replaced by random ones."""

    def noisy(row: str) -> str:
        letters = np.array(list(row))
        hit = (making.rng.random(len(letters)) < making.parameters["share"]) & np.char.isalpha(letters)
        letters[hit] = making.rng.choice(list("abcdefghijklmnopqrstuvwxyz"), int(hit.sum()))
        return "".join(letters)

    return [noisy(row) for row in making.drawn(making.pools.base)]


def short_rows(making: Making) -> list[str]:
    """Lost strata: of the real rows only the shortest share is left, again and again up to the size."""
    rows = sorted([*making.pools.base, *making.pools.spare], key=making.modality.weight)
    kept = rows[: max(1, round(making.parameters["share"] * len(rows)))]
    copies = -(-making.size // sum(map(making.modality.weight, kept)))
    return making.drawn(kept * copies)


ROUTES: Final[dict[str, Callable[[Making], list[str]]]] = {
    **COMMON,
    "wrapped": wrapped,
    "ordered": ordered,
    "deduplicated": deduplicated,
    "list-items": list_items,
    "typographic": typographic,
    "other-source": other_source,
    "scrambled": scrambled,
    "misspelt": misspelt,
    "short-rows": short_rows,
}

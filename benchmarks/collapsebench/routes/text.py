"""What is done to real text to make a candidate. Pure but for what the workshop caches."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Final

import numpy as np

from .making import COMMON, Making, other_source


def wrapped(making: Making) -> list[str]:
    """The same text in lines of at most so many columns."""
    return [textwrap.fill(row, making.parameters["columns"]) for row in making.drawn(making.pools.base)]


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
    "other-source": other_source,
    "scrambled": scrambled,
    "misspelt": misspelt,
    "short-rows": short_rows,
}

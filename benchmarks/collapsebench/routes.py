"""What is done to real rows to make a candidate. Pure but for what `Workshop` caches."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from .pools import Pools, cut, size_of
from .registration import registration


class Workshop(Protocol):
    """Gives what takes long to make."""

    def pools(self, source: str) -> Pools: ...

    def generated(self, source: str, family: str, generation: int, temperature: float, seed: int) -> Sequence[str]:
        """Rows of the given generation: each model is fitted to what the one before it wrote."""


@dataclass(frozen=True)
class Making:
    """`rng` depends on the candidate's specification alone."""

    workshop: Workshop
    source: str
    generator: str
    parameters: dict[str, Any]
    rng: np.random.Generator
    seed: int

    @property
    def pools(self) -> Pools:
        return self.workshop.pools(self.source)

    @property
    def size(self) -> int:
        return int(registration()["text"]["base_bytes"])

    def drawn(self, rows: Sequence[str], size: int | None = None) -> list[str]:
        """Some of these rows, of `size` bytes (the candidate's) or a little more."""
        order = self.rng.permutation(len(rows))
        return cut([rows[i] for i in order], self.size if size is None else size)


def draw(making: Making) -> list[str]:
    """Other real rows of the same source: nothing is wrong with them."""
    return making.drawn(making.pools.spare)


def section(making: Making) -> list[str]:
    """Documents that nothing else is taken from."""
    return making.drawn(making.pools.section)


def wrapped(making: Making) -> list[str]:
    """The same text in lines of at most so many columns."""
    return [textwrap.fill(row, making.parameters["columns"]) for row in making.drawn(making.pools.base)]


def other_source(making: Making) -> list[str]:
    """Another real domain."""
    return making.drawn(making.workshop.pools(making.parameters["source"]).base)


def recursive(making: Making) -> list[str]:
    """A share of the rows is replaced by what the last of a chain of models wrote (1: all of them)."""
    share = making.parameters.get("share", 1.0)
    chain = making.parameters["generation"], making.parameters["temperature"]
    written = making.workshop.generated(making.source, making.generator, *chain, making.seed)
    mixed = making.drawn(making.pools.base, round((1 - share) * making.size)) if share < 1 else []
    mixed += making.drawn(written, round(share * making.size))
    return [mixed[i] for i in making.rng.permutation(len(mixed))]


def duplicated(making: Making) -> list[str]:
    """Fewer rows, each so many times."""
    times = making.parameters["times"]
    rows = making.drawn(making.pools.base, making.size // times) * times
    return cut([rows[i] for i in making.rng.permutation(len(rows))], making.size)


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
    rows = sorted([*making.pools.base, *making.pools.spare], key=size_of)
    kept = rows[: max(1, round(making.parameters["share"] * len(rows)))]
    return making.drawn(kept)


ROUTES: Final[dict[str, Callable[[Making], list[str]]]] = {
    "draw": draw,
    "section": section,
    "wrapped": wrapped,
    "other-source": other_source,
    "recursive": recursive,
    "duplicated": duplicated,
    "scrambled": scrambled,
    "misspelt": misspelt,
    "short-rows": short_rows,
}

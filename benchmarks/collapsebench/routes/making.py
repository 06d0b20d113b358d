"""What routes work with, and the routes that are the same for rows of every kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from ..generators.sampling import Sampling
from ..modalities.modality import Modality
from ..pools import Pools, TooSmall, cut
from ..rows import Row

SLACK: Final = 0.95
"""Share of its size that a candidate may have at least."""
_CLEANED: Final = 10
"""Candidates' worth of rows that near-duplicates are looked for in: among fewer there are hardly any."""


class Workshop(Protocol):
    """Gives what takes long to make."""

    def pools(self, source: str) -> Pools: ...

    def generated(self, source: str, family: str, generation: int, sampling: Sampling, seed: int) -> Sequence[Row]:
        """Rows of the given generation: each model is fitted to what the one before it wrote."""


@dataclass(frozen=True)
class Making:
    """`rng` depends on the candidate's specification alone."""

    modality: Modality
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
        return self.pools.size

    def written(self, generation: int) -> Sequence[Row]:
        """By that generation of the chain that the parameters describe."""
        given = {name: self.parameters[name] for name in ("temperature", "top_k", "top_p") if name in self.parameters}
        return self.workshop.generated(self.source, self.generator, generation, Sampling(**given), self.seed)

    def drawn(self, rows: Sequence[Row], size: int | None = None) -> list[Row]:
        """Some of these rows, of `size` (the candidate's) or a little more.

        Raises TooSmall where they are fewer: a smaller candidate would be worse for its size alone.
        """
        wanted = self.size if size is None else size
        order = self.rng.permutation(len(rows))
        taken = cut([rows[i] for i in order], wanted, self.modality.weight)
        if sum(map(self.modality.weight, taken)) < SLACK * wanted:
            raise TooSmall(f"{self.source}: {len(rows)} rows do not suffice for a candidate of {wanted}")
        return taken


def draw(making: Making) -> list[Row]:
    """Other real rows of the same source: nothing is wrong with them. Draws of different seeds share no row."""
    rest = making.pools.spare
    for _ in range(making.seed):
        rest = rest[len(cut(rest, making.size, making.modality.weight)) :]
    return making.drawn(cut(rest, making.size, making.modality.weight))


def section(making: Making) -> list[Row]:
    """Rows of a domain that nothing else is taken from: other documents, another population, another time."""
    return making.drawn(making.pools.section)


def other_source(making: Making) -> list[Row]:
    """Another real domain."""
    return making.drawn(making.workshop.pools(making.parameters["source"]).base)


def recursive(making: Making) -> list[Row]:
    """A share of the rows is replaced by what the last of a chain of models wrote (1: all of them)."""
    share = making.parameters.get("share", 1.0)
    written = making.written(making.parameters["generation"])
    mixed = making.drawn(making.pools.base, round((1 - share) * making.size)) if share < 1 else []
    mixed += making.drawn(written, round(share * making.size))
    return [mixed[i] for i in making.rng.permutation(len(mixed))]


def accumulated(making: Making) -> list[Row]:
    """Equal parts of real rows and of each generation of a chain: what a later collection finds side by side.

    Data that accumulate were found not to make models collapse (Gerstgrasser et al. 2024), each model being fitted to
    all that was there; here it has read the generation before it alone, and the whole is cut to a candidate's size.
    """
    generations = making.parameters["generations"]
    part = making.size // (generations + 1)
    mixed = making.drawn(making.pools.base, making.size - generations * part)
    for generation in range(1, generations + 1):
        mixed += making.drawn(making.written(generation), part)
    return [mixed[i] for i in making.rng.permutation(len(mixed))]


def duplicated(making: Making) -> list[Row]:
    """Fewer rows, each so many times."""
    times = making.parameters["times"]
    rows = making.drawn(making.pools.base, making.size // times) * times
    return cut([rows[i] for i in making.rng.permutation(len(rows))], making.size, making.modality.weight)


def ordered(making: Making) -> list[Row]:
    """The base sorted by its first column: the same table in another order."""
    rows = making.drawn(making.pools.base)
    return sorted(rows, key=lambda row: (row[0] is None, row[0] if row[0] is not None else 0))


def same(making: Making) -> list[Row]:
    """The base itself. (Candidate `narrow-types` writes it with the smallest types that hold its values.)"""
    return making.drawn(making.pools.base)


def without_likes(making: Making, marks: Callable[[Row], Collection[Hashable]], share: float) -> list[Row]:
    """Real rows, of some candidates' worth of which near-duplicates were left out.

    A row is one where over the share of its marks is also on a row before it that was kept.
    """
    known: set[Hashable] = set()
    kept = []
    for row in cut([*making.pools.base, *making.pools.spare], _CLEANED * making.size, making.modality.weight):
        found = marks(row)
        if sum(mark in known for mark in found) <= share * len(found):
            known.update(found)
            kept.append(row)
    return making.drawn(kept)


COMMON: Final[dict[str, Callable[[Making], list[Row]]]] = {
    "draw": draw,
    "section": section,
    "recursive": recursive,
    "accumulated": accumulated,
    "duplicated": duplicated,
}

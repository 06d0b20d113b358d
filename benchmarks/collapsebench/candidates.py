"""Which candidates there are. A candidate is its specification; the rows follow from it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from .modalities import MODALITIES
from .modalities.arrow_types import narrowed
from .pools import place
from .registration import Split, registered
from .routes.making import Making, Workshop
from .rows import Row, content_of

_QUICK: Final = {
    "text": (("draw", "wrapped", "other-source", "recursive", "duplicated", "scrambled"), 7),
    "table": (("draw", "recursive", "uncoupled"), 3),
    "series": (("draw", "recursive"), 2),
}
"""Routes, and how many candidates of them."""
TEST_ORDER: Final = "order of the test split, 1"
"""Seed of the order in which a source's test candidates are measured. Fixed before the first test label."""


@dataclass(frozen=True)
class Candidate:
    """`generator` is empty where no model writes; `seed` tells candidates apart that differ in nothing else."""

    split: Split
    modality: str
    source: str
    route: str
    generator: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def id(self) -> str:
        """The same for the same specification, on every machine."""
        words = [self.source, self.route, *([self.generator] if self.generator else [])]
        words += [f"{key}={value}" for key, value in sorted(self.parameters.items())]
        return "/".join([*words, str(self.seed)])

    def rows(self, workshop: Workshop) -> list[Row]:
        digest = hashlib.blake2b(self.id.encode(), digest_size=8).digest()
        rng = np.random.default_rng(int.from_bytes(digest, "big"))
        modality = MODALITIES[self.modality]
        making = Making(modality, workshop, self.source, self.generator, self.parameters, rng, self.seed)
        return modality.routes[self.route](making)

    def content(self, workshop: Workshop) -> str:
        """Digest of its rows as they are today; labels carry that of the rows that they were measured on."""
        return content_of(MODALITIES[self.modality].key(row) for row in self.rows(workshop))

    def table(self, workshop: Workshop) -> pa.Table:
        """As a user would bring it."""
        table = MODALITIES[self.modality].to_arrow(self.rows(workshop), workshop.pools(self.source).columns)
        return narrowed(table) if self.route == "narrow-types" else table

    def described(self) -> dict[str, Any]:
        """As columns of a result."""
        return {
            "id": self.id,
            "split": self.split,
            "modality": self.modality,
            "source": self.source,
            "route": self.route,
            "generator": self.generator,
            "parameters": json.dumps(self.parameters, sort_keys=True),
            "seed": self.seed,
        }


def candidates(split: Split, modalities: Sequence[str] = tuple(MODALITIES)) -> list[Candidate]:
    """All of a split's, modalities and sources in turn, so that any beginning of the list is spread over them.

    Of the test split it is also a random sample of each source's plan, or the rates of a run that was ended early
    would be those of the clear cases that plans begin with. Development keeps the plan's order.
    """
    turns = _in_turn(_of_modality(split, modality) for modality in modalities)
    return list({candidate.id: candidate for candidate in turns}.values())


def quick() -> list[Candidate]:
    """A dozen of a development source of each modality: minutes, and enough to see that all of it works."""
    chosen = []
    for modality, (routes, count) in _QUICK.items():
        source = registered(modality, "development", "sources")[0]
        of_source = [c for c in candidates("development", [modality]) if c.source == source and c.route in routes]
        chosen += [c for c in of_source if c.generator != "gru"][:count]
    return chosen


def _of_modality(split: Split, modality: str) -> list[Candidate]:
    sources, generators = registered(modality, split, "sources"), registered(modality, split, "generators")
    plan = MODALITIES[modality].plan
    lists = [
        [Candidate(split, modality, source, *planned) for planned in plan(sources, generators, number)]
        for number, source in enumerate(sources)
    ]
    return _in_turn(map(_shuffled, lists) if split == "test" else lists)


def _shuffled(chosen: list[Candidate]) -> list[Candidate]:
    """In an order that no library's random numbers can change."""
    return sorted(chosen, key=lambda candidate: place(TEST_ORDER, candidate.id))


def _in_turn(lists: Iterable[list[Candidate]]) -> list[Candidate]:
    return [candidate for row in itertools.zip_longest(*lists) for candidate in row if candidate is not None]

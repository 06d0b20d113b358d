"""Which candidates there are. A candidate is its specification; the rows follow from it."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from .registration import Split, registered
from .routes import ROUTES, Making, Workshop

DRAWS: Final = 4
_CHAINS: Final = ((1, 1.0), (1, 0.8), (3, 1.0), (3, 0.8), (5, 0.9))
_SHARES: Final = (0.05, 0.2, 0.5)


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

    def rows(self, workshop: Workshop) -> list[str]:
        digest = hashlib.blake2b(self.id.encode(), digest_size=8).digest()
        rng = np.random.default_rng(int.from_bytes(digest, "big"))
        making = Making(workshop, self.source, self.generator, self.parameters, rng, self.seed)
        return ROUTES[self.route](making)

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


def candidates(split: Split) -> list[Candidate]:
    """All of a split's, sources in turn, so that any beginning of the list is spread over them."""
    sources, generators = registered("text", split, "sources"), registered("text", split, "generators")
    lists = [list(_of_source(split, source, sources, generators)) for source in sources]
    turns = [candidate for row in itertools.zip_longest(*lists) for candidate in row if candidate is not None]
    return list({candidate.id: candidate for candidate in turns}.values())


def quick() -> list[Candidate]:
    """A dozen of one development source, the ends of each scale: minutes, and enough to see that all of it works."""
    wanted = ("draw", "wrapped", "other-source", "recursive", "duplicated", "scrambled")
    source = registered("text", "development", "sources")[0]
    found = [c for c in candidates("development") if c.source == source and c.route in wanted and c.generator != "gru"]
    return found[:12]


def _of_source(split: Split, source: str, sources: list[str], generators: list[str]) -> Iterator[Candidate]:
    def made(route: str, generator: str = "", seed: int = 0, **parameters: Any) -> Candidate:
        return Candidate(split, "text", source, route, generator, parameters, seed)

    # In this order because sessions end: real data and clear cases of every kind first, degrees later.
    place = sources.index(source)
    yield made("draw", seed=0)
    yield made("recursive", generators[0], generation=3, temperature=0.8)
    yield made("other-source", source=sources[(place + 1) % len(sources)])
    yield made("duplicated", times=5)
    yield made("wrapped", columns=60)
    yield made("scrambled", share=1.0)
    yield made("draw", seed=1)
    yield made("recursive", generators[1], generation=1, temperature=1.0)
    yield made("section")
    yield made("misspelt", share=0.1)
    for share in _SHARES:
        yield made("recursive", generators[0], generation=1, temperature=0.8, share=share)
    for seed in range(2, DRAWS):
        yield made("draw", seed=seed)
    for generator, (generation, temperature) in itertools.product(generators, _CHAINS):
        yield made("recursive", generator, generation=generation, temperature=temperature)
    for share in _SHARES:
        yield made("recursive", generators[1], generation=1, temperature=1.0, share=share)
    yield made("duplicated", times=2)
    yield made("scrambled", share=0.3)
    yield made("misspelt", share=0.02)
    yield made("short-rows", share=0.2)
    yield made("other-source", source=sources[(place + 2) % len(sources)])

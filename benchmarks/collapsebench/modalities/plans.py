"""What the plans of all modalities have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from .modality import Planned

CHAINS: Final = ((1, 1.0), (1, 0.8), (3, 1.0), (3, 0.8), (5, 0.9))
"""Generation and temperature."""
SHARES: Final = (0.05, 0.2, 0.5)
"""Of a candidate, that a model wrote."""


def made(route: str, generator: str = "", seed: int = 0, **parameters: Any) -> Planned:
    return route, generator, parameters, seed


def more_chains(generators: Sequence[str], temperatures: Sequence[float]) -> Iterator[Planned]:
    """Other temperatures, and real rows beside three generations."""
    for generator in generators:
        for temperature in temperatures:
            yield made("recursive", generator, generation=1, temperature=temperature)
        yield made("accumulated", generator, generations=3, temperature=1.0)

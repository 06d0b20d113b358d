"""The models there are, by name and size, and which tiers can be trained with them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from .errors import UsageError
from .v1alpha1 import TierSpec

SIZES: Final = {
    "nano-30k": 30_000,
    "nano-100k": 100_000,
    "nano-300k": 300_000,
    "nano-1m": 1_000_000,
    "tiny": 76_000_000,
    "small": 454_000_000,
    "base": 983_000_000,
}
"""Nominal number of parameters; the exact one is in the model (within 1 % for the last three)."""


def nearest_model(model_size: int) -> str:
    """Name of the model of about this many parameters.

    Raises UsageError when the nearest one is more than twice as large, or less than half.
    """

    def distance(name: str) -> float:
        return abs(math.log2(SIZES[name] / model_size))

    nearest = min(SIZES, key=distance)
    if distance(nearest) > 1:
        sizes = ", ".join(f"{name} {size}" for name, size in SIZES.items())
        raise UsageError(f"there is no model of about {model_size} parameters; models: {sizes}")
    return nearest


def check_architecture(architecture: str) -> None:
    """Raises UsageError for an architecture that this version cannot build."""
    if architecture == "temporal_eigenstate":
        raise UsageError("the architecture temporal_eigenstate is not available yet; use resonance_nn")
    if architecture != "resonance_nn":
        raise UsageError(f"there is no architecture {architecture!r}; there is resonance_nn")


def check_trainable(architecture: str, tiers: Iterable[TierSpec]) -> None:
    """Raises UsageError where a cascade asks for what this version cannot train.

    To be asked before any work: a pod with four GPUs is a dear place to find out.
    """
    check_architecture(architecture)
    for tier in tiers:
        nearest_model(tier.model_size)
        if tier.nodes > 1:
            raise UsageError(f"tier {tier.tier} asks for {tier.nodes} nodes; this version trains on one")

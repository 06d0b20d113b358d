"""Shapes of the models, by name. Sizes are total trainable parameters, embeddings included."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ModelConfig:
    """What a model of either architecture is built from."""

    vocab_size: int
    width: int
    """Channels of the residual stream."""
    layers: int
    inner: int
    """Hidden channels of the feed-forward part."""
    heads: int
    modes: int = 16
    """Damped oscillations that make up one head's filter."""
    longest_period: int = 131_072
    """Slowest time scale at initialisation, tokens."""
    hash_buckets: int = 0
    """Rows of each hashed n-gram table; 0: no such tables."""
    hash_orders: tuple[int, ...] = (2, 3)
    hash_width: int = 0
    """Channels of a table's rows, projected to `width`."""

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide {self.width} channels")
        if bool(self.hash_buckets) != bool(self.hash_width):
            raise ValueError("hash_buckets and hash_width go together")

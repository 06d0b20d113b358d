"""How a generator chooses among what it holds possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sampling:
    """Temperature 1 is the model's own distribution; a truncation leaves only its likeliest choices.

    `top_k`: the number of choices left, 0 for all (Fan et al. 2018). `top_p`: the fewest likeliest choices
    that hold this share of the probability are left (Holtzman et al. 2020).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0

    def __str__(self) -> str:
        """Part of the names of cached files."""
        words = [f"k{self.top_k}"] * bool(self.top_k) + [f"p{self.top_p}"] * (self.top_p < 1)
        return "-".join([str(self.temperature), *words])

    def truncated(self, weights: NDArray[np.floating]) -> NDArray[np.floating]:
        """Weights of shape (..., choices) with those of unlikely choices set to 0; the same array where none is cut."""
        if not self.top_k and self.top_p >= 1:
            return weights
        order = np.argsort(-weights, -1, kind="stable")
        falling = np.take_along_axis(weights, order, -1)
        # A choice stays while those before it hold less than the share.
        cut = falling.cumsum(-1) - falling >= self.top_p * falling.sum(-1, keepdims=True)
        if self.top_k:
            cut[..., self.top_k :] = True
        truncated = np.empty_like(weights)
        np.put_along_axis(truncated, order, np.where(cut, 0, falling), -1)
        return truncated

    @property
    def temperature_alone(self) -> float:
        """For families that choose values and not among ranked ones.

        Raises ValueError with a truncation.
        """
        if self != Sampling(self.temperature):
            raise ValueError(f"this family has no choices to truncate ({self})")
        return self.temperature

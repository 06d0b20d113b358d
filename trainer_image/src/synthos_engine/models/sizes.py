"""Models by name: the sizes of the specification, and a nano ladder for CPUs.

A size counts every trainable parameter once: embeddings (tied with the output layer) and hashed
n-gram tables included.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

from synthos_api.errors import UsageError
from synthos_api.ladder import SIZES, check_architecture, nearest_model

from . import resonance_nn
from .config import ModelConfig

# width, layers, inner width of the feed-forward part, heads
_FULL: Final = {
    "tiny": (512, 16, 1344, 32),
    "small": (1280, 20, 3328, 40),
    "base": (2048, 18, 5248, 64),
}
# ... and the rows and width of the hashed n-gram tables. One layer trains twice as fast as two of
# half its size, and the tables cost a lookup: that is what a CPU can afford.
_NANO: Final = {
    "nano-30k": (32, 1, 88, 2, 256, 16),
    "nano-100k": (48, 1, 64, 3, 2048, 16),
    "nano-300k": (64, 1, 128, 4, 4096, 29),
    "nano-1m": (96, 2, 192, 4, 8192, 48),
}
_NANO_LONGEST_PERIOD: Final = 64
NAMES: Final = tuple(SIZES)

__all__ = ["NAMES", "build_model", "model_config", "model_width", "nearest_model", "parameter_count"]


def model_config(name: str, vocab_size: int = 50_257) -> ModelConfig:
    """Shape of the model `name`. Raises UsageError for a name that is not on the ladder."""
    if name in _FULL:
        width, layers, inner, heads = _FULL[name]
        return ModelConfig(vocab_size, width, layers, inner, heads)
    if name in _NANO:
        width, layers, inner, heads, buckets, table_width = _NANO[name]
        return ModelConfig(
            vocab_size,
            width,
            layers,
            inner,
            heads,
            longest_period=_NANO_LONGEST_PERIOD,
            hash_buckets=buckets,
            hash_width=table_width,
        )
    raise UsageError(f"there is no model {name!r}; models: {', '.join(NAMES)}")


def build_model(
    name: str,
    architecture: str = "resonance_nn",
    vocab_size: int = 50_257,
    device: str | torch.device | None = None,
) -> nn.Module:
    """A model with fresh weights from torch's global generator: (batch, time) int64 -> (batch, time, vocab_size).

    On the device "meta" nothing is allocated. Raises UsageError for an unknown name or architecture.
    """
    check_architecture(architecture)
    config = model_config(name, vocab_size)
    target = torch.device(device if device is not None else "cpu")
    with torch.device("meta" if target.type == "meta" else "cpu"):
        model = resonance_nn.ResonanceNN(config)
    # Initialised on the CPU, then moved: the same seed gives the same weights on every device.
    return model if target.type == "meta" else model.to(target)


def parameter_count(name: str, architecture: str = "resonance_nn", vocab_size: int = 50_257) -> int:
    """Trainable parameters of `build_model(...)`, by formula."""
    check_architecture(architecture)
    return resonance_nn.parameter_count(model_config(name, vocab_size))


def model_width(name: str) -> int:
    """Channels of the model's residual stream."""
    return model_config(name).width

"""The cascade presets: `synthos-18` of the specification, and `nano` for a CPU."""

from __future__ import annotations

from typing import Final

from .v1alpha1 import CascadeSpec, Preset, TierSpec

BYTE_VOCABULARY: Final = 256
GPT2_VOCABULARY: Final = 50_257
DEFAULT_PRESET: Final[Preset] = "synthos-18"

SYNTHOS_18: Final = (
    TierSpec(tier=1, model_size=76_000_000, variants=10, training_rows=2_000_000, batch_size=256, gpus=2),
    TierSpec(tier=2, model_size=454_000_000, variants=5, training_rows=10_000_000, batch_size=128, gpus=3),
    TierSpec(tier=3, model_size=983_000_000, variants=3, training_rows=20_000_000, batch_size=64, gpus=4),
)

# Steps and rows are sized for minutes on one core; gpus follow the specification, so that a nano run
# on a GPU pool (or on a node that only advertises GPUs) is scheduled as the full one would be.
NANO: Final = (
    TierSpec(
        tier=1,
        model_size=30_000,
        variants=3,
        training_rows=20_000,
        batch_size=8,
        gpus=2,
        steps=250,
        context_length=128,
    ),
    TierSpec(
        tier=2,
        model_size=100_000,
        variants=3,
        training_rows=30_000,
        batch_size=8,
        gpus=3,
        steps=300,
        context_length=128,
    ),
    TierSpec(
        tier=3,
        model_size=300_000,
        variants=3,
        training_rows=40_000,
        batch_size=8,
        gpus=4,
        steps=350,
        context_length=128,
    ),
)

PRESETS: Final[dict[Preset, tuple[TierSpec, ...]]] = {"synthos-18": SYNTHOS_18, "nano": NANO}


def tiers_of(cascade: CascadeSpec) -> tuple[TierSpec, ...]:
    """The tiers a cascade means, in order: its own, else its preset's, else `synthos-18`."""
    if cascade.tiers:
        return tuple(sorted(cascade.tiers, key=lambda t: t.tier))
    return PRESETS[cascade.preset or DEFAULT_PRESET]


def vocabulary_of(cascade: CascadeSpec) -> int:
    """Vocabulary size: as given, else bytes for `nano` and GPT-2's for everything else."""
    if cascade.vocab_size is not None:
        return cascade.vocab_size
    return BYTE_VOCABULARY if cascade.preset == "nano" else GPT2_VOCABULARY

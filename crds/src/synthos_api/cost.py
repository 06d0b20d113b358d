"""Planned compute and money: the one place where FLOPs and prices are worked out.

Serves progress (share of planned FLOPs), the operator's cost and budget, and `synthos plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .v1alpha1 import TierSpec

FLOPS_PER_PARAMETER_AND_TOKEN = 6
"""Forward and backward pass of one token, Kaplan et al. 2020 (arXiv 2001.08361), section 2.1."""

SECONDS_PER_HOUR = 3600

H200_PEAK_FLOPS = 989e12
"""Peak of one NVIDIA H200 (SXM) in bfloat16, dense, FLOP/s, from NVIDIA's data sheet."""

ASSUMED_MFU = 0.4
"""Model FLOPs utilisation that plans assume. An assumption, not a measurement of this engine: PaLM
reports 0.46 for its largest model (arXiv 2204.02311, table 3); small models reach less."""


def planned_steps(tier: TierSpec) -> int:
    """Optimiser steps of one model of the tier; where `steps` is unset, one sequence for each row."""
    return tier.steps if tier.steps is not None else -(-tier.training_rows // tier.batch_size)


def planned_tokens(tier: TierSpec) -> int:
    """Tokens one model of the tier is trained on."""
    return planned_steps(tier) * tier.batch_size * tier.sequence_length


def planned_flops(tier: TierSpec) -> float:
    """Training FLOPs of all variants of a tier (of the candidate models; a reference twin costs as much again)."""
    return float(FLOPS_PER_PARAMETER_AND_TOKEN * tier.model_size * planned_tokens(tier) * tier.variants)


def gpu_hours(flops: float, mfu: float = ASSUMED_MFU, peak_flops: float = H200_PEAK_FLOPS) -> float:
    """Hours that one GPU needs for so many FLOPs at a model FLOPs utilisation of `mfu`."""
    return flops / (mfu * peak_flops) / SECONDS_PER_HOUR


def progress_percent(tiers: Sequence[TierSpec], done: Mapping[int, float]) -> float:
    """Percent of the whole cascade's planned FLOPs, given each tier's own fraction done (0..1)."""
    total = sum(planned_flops(tier) for tier in tiers)
    spent = sum(planned_flops(tier) * min(1.0, max(0.0, done.get(tier.tier, 0.0))) for tier in tiers)
    return 100.0 * spent / total


def cost_usd(gpu_seconds: float, gpu_hour_usd: float) -> float:
    """Price of GPU time, US dollars."""
    return gpu_seconds / SECONDS_PER_HOUR * gpu_hour_usd

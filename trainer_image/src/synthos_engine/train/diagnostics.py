"""What is measured on a model besides its loss. Definitions also stand in docs/verdict.md."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from synthos_api.results import GradientStats, SpectralMetrics

TOP_FREQUENCIES = 0.1
CONVERGED = 0.05
SMOOTHING = 0.05


def gradient_stats(model: nn.Module) -> GradientStats:
    """Of all gradient elements: L2 norm, largest, smallest, and the span between; None without gradients."""
    gradients = [p.grad.detach() for p in model.parameters() if p.grad is not None]
    if not gradients:
        return GradientStats()
    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    largest = max(float(g.max()) for g in gradients)
    smallest = min(float(g.min()) for g in gradients)
    return GradientStats(total_norm=float(norm), max_grad=largest, min_grad=smallest, grad_range=largest - smallest)


def spectral_metrics(hidden: Tensor) -> SpectralMetrics | None:
    """Of representations (batch, time, width) along time, the constant part left out; None below 4 tokens.

    Energy: mean power of a channel's variation (Parseval). Entropy: of the power over frequencies,
    divided by its largest possible value, 0 to 1. Concentration: share of power in the strongest tenth
    of frequencies. Variance: mean over channels of the variance over positions and windows.
    """
    time = hidden.shape[1]
    if time < 4:
        return None
    hidden = hidden.float()
    spectrum = torch.fft.rfft(hidden, dim=1)[:, 1:]
    power = (spectrum.abs() ** 2).double()
    # rfft leaves out the negative frequencies, which carry the same power, except the highest of an even length.
    weights = torch.full((power.shape[1],), 2.0, dtype=torch.float64, device=power.device)
    if time % 2 == 0:
        weights[-1] = 1.0
    by_frequency = (power * weights[:, None]).mean(dim=(0, 2)) / time**2
    total = float(by_frequency.sum())
    variance = float(hidden.flatten(0, 1).var(dim=0, unbiased=False).mean())
    if total <= 0:
        return SpectralMetrics(spectral_energy=0.0, representation_variance=variance)
    share = by_frequency / total
    entropy = float(-(share * share.clamp_min(1e-300).log()).sum()) / math.log(len(share))
    strongest = share.sort(descending=True).values[: max(1, round(TOP_FREQUENCIES * len(share)))]
    return SpectralMetrics(
        spectral_energy=total,
        spectral_entropy=entropy,
        frequency_concentration=float(strongest.sum()),
        representation_variance=variance,
    )


def smoothed(losses: npt.NDArray[np.float64], points: int) -> list[float]:
    """Means of at most `points` equal stretches of the loss curve."""
    if not len(losses):
        return []
    return [float(part.mean()) for part in np.array_split(losses, min(points, len(losses)))]


def convergence_epoch(losses: npt.NDArray[np.float64], bytes_per_step: int, corpus_bytes: int) -> int | None:
    """The pass over the corpus, from 0, in which the loss first came within 5 % of its last level.

    Levels are means over a twentieth of the steps.
    """
    levels = np.array(smoothed(losses, round(1 / SMOOTHING)))
    if not len(levels):
        return None
    reached = int(np.argmax(levels <= levels[-1] * (1 + CONVERGED)))
    steps = reached * len(losses) / len(levels)
    return int(steps * bytes_per_step // corpus_bytes)

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from synthos_engine.models import build_model
from synthos_engine.train.corpus import Corpus
from synthos_engine.train.diagnostics import convergence_epoch, gradient_stats, smoothed, spectral_metrics
from synthos_engine.train.evaluate import Holdout, evaluate


@pytest.mark.parametrize("time", [63, 64])
def test_noise_has_the_energy_of_its_variance_and_a_flat_spectrum(time: int) -> None:
    torch.manual_seed(0)
    metrics = spectral_metrics(3.0 * torch.randn(64, time, 16) + 5.0)
    assert metrics is not None
    # The mean over time is left out: a 1 / time part of the variance.
    assert metrics.spectral_energy == pytest.approx(9.0 * (1 - 1 / time), rel=0.02)
    assert metrics.representation_variance == pytest.approx(9.0, rel=0.02)
    assert metrics.spectral_entropy == pytest.approx(1.0, abs=0.02)
    assert metrics.frequency_concentration == pytest.approx(0.1, abs=0.03)


def test_a_wave_is_one_frequency() -> None:
    wave = torch.sin(2 * math.pi * 5 * torch.arange(64) / 64)[None, :, None].expand(2, 64, 3)
    metrics = spectral_metrics(wave)
    assert metrics is not None
    assert metrics.spectral_energy == pytest.approx(0.5, rel=1e-3)
    assert metrics.spectral_entropy == pytest.approx(0.0, abs=1e-3)
    assert metrics.frequency_concentration == pytest.approx(1.0, abs=1e-3)


def test_constant_or_short_representations() -> None:
    metrics = spectral_metrics(torch.ones(2, 16, 3))
    assert metrics is not None
    assert metrics.spectral_energy == 0
    assert metrics.spectral_entropy is None
    assert spectral_metrics(torch.ones(2, 3, 3)) is None


def test_gradient_stats() -> None:
    layer = torch.nn.Linear(2, 1)
    assert gradient_stats(layer).total_norm is None
    layer.weight.grad, layer.bias.grad = torch.tensor([[3.0, -4.0]]), torch.tensor([0.0])
    stats = gradient_stats(layer)
    assert (stats.total_norm, stats.max_grad, stats.min_grad, stats.grad_range) == (5.0, 3.0, -4.0, 7.0)


def test_smoothing_keeps_the_mean_and_at_most_so_many_points() -> None:
    assert smoothed(np.arange(4.0), 64) == [0, 1, 2, 3]
    assert smoothed(np.arange(100.0), 4) == [12, 37, 62, 87]
    assert smoothed(np.zeros(0), 4) == []


def test_convergence_is_the_pass_in_which_the_last_level_was_reached() -> None:
    losses = np.concatenate([np.linspace(8, 2, 50), np.full(50, 2.0)])
    assert convergence_epoch(losses, bytes_per_step=100, corpus_bytes=1000) == 5  # of 0 to 9
    assert convergence_epoch(losses, bytes_per_step=100, corpus_bytes=100_000) == 0
    assert convergence_epoch(np.zeros(0), 1, 1) is None


def test_evaluation_adds_up_to_the_loss_by_hand() -> None:
    torch.manual_seed(0)
    model = build_model("nano-30k", vocab_size=256)
    text = bytes(np.random.default_rng(0).integers(0, 256, 20 * 32 + 1, dtype=np.uint8))
    texts = [text[:100], text[100:350], text[350:]]
    losses = evaluate(model, Holdout(Corpus.of(texts, [0, 1, 2]), 32))
    tokens = torch.tensor(list(text))
    windows = torch.stack([tokens[i : i + 33] for i in range(0, 640, 32)])
    with torch.no_grad():
        nats = F.cross_entropy(model(windows[:, :-1]).transpose(1, 2), windows[:, 1:], reduction="none").flatten()
    expected = [float(part.sum()) / math.log(2) for part in (nats[:99], nats[99:349], nats[349:])]
    np.testing.assert_allclose(losses.bits, expected, rtol=1e-4)
    assert list(losses.bytes) == [99, 250, 291]
    assert losses.bits_per_byte == pytest.approx(sum(expected) / 640, rel=1e-4)

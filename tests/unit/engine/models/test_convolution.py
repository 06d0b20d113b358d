"""The fast convolutions against the float64 definition."""

from __future__ import annotations

import pytest
import torch

from synthos_engine.models.ops.fftconv import (
    causal_convolution,
    direct_convolution,
    fft_convolution,
    overlap_add_convolution,
    toeplitz_convolution,
)
from synthos_engine.models.ops.shortconv import short_convolution

WAYS = {
    "toeplitz": toeplitz_convolution,
    "fft": fft_convolution,
    "overlap_add": lambda x, f: overlap_add_convolution(x, f, block=64),
    "chosen": causal_convolution,
}


def signal(time: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(time * 1000 + length)
    x = torch.randn(2, 3, 4, time, generator=generator)
    filters = torch.randn(3, length, generator=generator) / length**0.5
    return x, filters


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("time", "length"), [(1, 1), (2, 64), (7, 3), (64, 64), (65, 64), (128, 17), (300, 64), (512, 64)]
)
def test_equals_the_definition(way: str, time: int, length: int) -> None:
    x, filters = signal(time, length)
    torch.testing.assert_close(WAYS[way](x, filters).double(), direct_convolution(x, filters), rtol=1e-5, atol=1e-5)


def test_a_filter_longer_than_the_sequence_is_cut() -> None:
    x, filters = signal(40, 200)
    for way in (toeplitz_convolution, fft_convolution):
        torch.testing.assert_close(way(x, filters).double(), direct_convolution(x, filters), rtol=1e-5, atol=1e-5)


def test_a_long_sequence_with_a_short_filter_takes_blocks() -> None:
    x, filters = torch.randn(1, 1, 1, 20_000), torch.randn(1, 100)
    torch.testing.assert_close(
        causal_convolution(x, filters).double(), direct_convolution(x, filters), rtol=1e-4, atol=1e-4
    )


def test_overlap_add_refuses_a_filter_longer_than_a_block() -> None:
    x, filters = signal(300, 65)
    with pytest.raises(ValueError, match="does not fit"):
        overlap_add_convolution(x, filters, block=64)


@pytest.mark.parametrize("way", WAYS)
def test_gradients_equal_the_definitions(way: str) -> None:
    x, filters = signal(100, 64)
    weights = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
    gradients = []
    for function in (WAYS[way], direct_convolution):
        inputs = [x.clone().requires_grad_(), filters.clone().requires_grad_()]
        torch.autograd.backward((function(*inputs) * weights).sum())
        gradients.append([i.grad for i in inputs])
    for fast, slow in zip(*gradients, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("time", [1, 2, 3, 4, 50])
def test_short_convolution_and_its_gradient_equal_conv1d(time: int) -> None:
    generator = torch.Generator().manual_seed(time)
    x = torch.randn(2, time, 5, generator=generator, dtype=torch.float64)
    taps = torch.randn(4, 5, generator=generator, dtype=torch.float64)

    def library(x: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
        padded = torch.nn.functional.pad(x.transpose(1, 2), (3, 0))
        return torch.nn.functional.conv1d(padded, taps.flip(0).t()[:, None], groups=5).transpose(1, 2)

    torch.testing.assert_close(short_convolution(x, taps), library(x, taps))
    assert torch.autograd.gradcheck(short_convolution, (x.requires_grad_(), taps.requires_grad_()))

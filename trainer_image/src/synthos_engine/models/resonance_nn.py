"""Resonance NN: a causal language model that mixes time with learned filters, without attention.

Top to bottom: filters made of damped oscillations (`MultiHeadFrequencyLayer`), applied at several
lengths (`HierarchicalFFT`), gated by the data (`AdvancedSpectralGating`), then a feed-forward part
on the filtered channels (`SpectralFFN`). The filters follow the long-convolution line of work
(S4D, Gu et al. 2022, arXiv 2206.11893; Hyena, Poli et al. 2023, arXiv 2302.10866; the product
before the convolution is H3's, Fu et al. 2023, arXiv 2212.14052).

Causality: nothing transforms or normalises over the sequence as a whole. The only mixing of
positions is a convolution with filters that are zero for negative times, zero-padded so that
nothing wraps around; every other operation acts on one position. The same holds in training and
evaluation, which do not differ (no dropout, no batch statistics).

Shapes: B batch, T time, D width, H heads, C = D / H channels of a head, M modes of a head.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .config import ModelConfig
from .hashed_ngrams import HashedNgrams
from .ops.fftconv import causal_convolution
from .ops.shortconv import short_convolution

SHORT_TAPS = 4
SHORTEST_PERIOD = 2.0
SHORTEST_FILTER = 64
PERIODS_PER_FILTER = 4
"""A filter is this many of its head's longest initial periods long; by then it has decayed to e^-8."""
STREAMS = 3
"""Key, value and gate of the mixer."""


class ShortConvolution(nn.Module):
    """Causal depthwise filter over the last few tokens: sharp local detail the smooth modes lack."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.taps = nn.Parameter(torch.empty(SHORT_TAPS, channels))

    def forward(self, x_btd: Tensor) -> Tensor:
        return short_convolution(x_btd, self.taps)


class HierarchicalFFT(nn.Module):
    """Convolution at several scales: heads of fast bands get short filters, slow ones long filters.

    Heads of one length are convolved together. Lengths double from head to head with their bands,
    so most heads of a long sequence cost as little as a short sequence would.
    """

    def __init__(self, lengths: list[int]) -> None:
        super().__init__()
        self.groups = [(length, len(list(heads))) for length, heads in groupby(sorted(lengths))]

    def forward(self, x_bhct: Tensor, filters: Callable[[slice, int], Tensor]) -> Tensor:
        """`filters(heads, length)` gives the filters of some heads: long ones are made for slow heads only."""
        time = x_bhct.shape[-1]
        outputs, first = [], 0
        # Scales longer than the sequence are one scale.
        for length, group in groupby(self.groups, key=lambda g: min(g[0], time)):
            heads = sum(count for _, count in group)
            chosen = slice(first, first + heads)
            outputs.append(causal_convolution(x_bhct[:, chosen], filters(chosen, length)))
            first += heads
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=1)


class MultiHeadFrequencyLayer(nn.Module):
    """Heads own bands of frequencies; each head's filter is a sum of damped oscillations.

    filter_h[t] = gain_h * sum over m of exp(-decay_hm t) * (a_hm cos(omega_hm t) + b_hm sin(omega_hm t))
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        shape = (config.heads, config.modes)
        self.heads, self.longest_period = config.heads, config.longest_period
        self.log_decay = nn.Parameter(torch.empty(shape))
        self.log_frequency = nn.Parameter(torch.empty(shape))
        self.cosine = nn.Parameter(torch.empty(shape))
        self.sine = nn.Parameter(torch.empty(shape))
        self.log_gain = nn.Parameter(torch.empty(config.heads))
        self.direct = nn.Parameter(torch.empty(config.width))
        self.scales = HierarchicalFFT(self.filter_lengths())

    def band_edges(self) -> list[float]:
        """Periods in tokens that divide the heads' bands, evenly on a logarithmic scale; H + 1 of them."""
        ratio = (self.longest_period / SHORTEST_PERIOD) ** (1 / self.heads)
        return [SHORTEST_PERIOD * ratio**i for i in range(self.heads + 1)]

    def filter_lengths(self) -> list[int]:
        longest = [PERIODS_PER_FILTER * edge for edge in self.band_edges()[1:]]
        return [max(SHORTEST_FILTER, 1 << math.ceil(math.log2(length) - 1e-9)) for length in longest]

    def filters(self, heads: slice, length: int) -> Tensor:
        """(heads, length) filters in float32."""
        with torch.autocast(self.cosine.device.type, enabled=False):
            t = torch.arange(length, device=self.cosine.device, dtype=torch.float32)
            envelope = torch.exp(-self.log_decay[heads].exp()[..., None] * t)  # (heads, M, length)
            angle = self.log_frequency[heads].exp()[..., None] * t
            waves = self.cosine[heads][..., None] * angle.cos() + self.sine[heads][..., None] * angle.sin()
            filters: Tensor = self.log_gain[heads].exp()[:, None] * (envelope * waves).sum(dim=1)
            return filters

    def forward(self, x_btd: Tensor) -> Tensor:
        batch, time, width = x_btd.shape
        x_bhct = x_btd.view(batch, time, self.heads, width // self.heads).permute(0, 2, 3, 1)
        mixed = self.scales(x_bhct, self.filters)
        mixed_btd: Tensor = mixed.permute(0, 3, 1, 2).reshape(batch, time, width) + self.direct * x_btd
        return mixed_btd


class AdvancedSpectralGating(nn.Module):
    """Element-wise gate on the filtered channels, computed from the data at the same position.

    Not attention: no position looks at another one here, no softmax.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width)
        self.bias = nn.Parameter(torch.empty(width))

    def forward(self, spectral_btd: Tensor, gate_btd: Tensor) -> Tensor:
        gated: Tensor = self.norm(spectral_btd) * F.silu(gate_btd + self.bias)
        return gated


class SpectralFFN(nn.Module):
    """Feed-forward part (SwiGLU, Shazeer 2020, arXiv 2002.05202) on the channels, which are bands here.

    It acts on one position: in the frequency domain of the whole sequence it would see the future.
    """

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate_and_value = nn.Linear(width, 2 * inner, bias=False)
        self.output = nn.Linear(inner, width, bias=False)

    def forward(self, x_btd: Tensor) -> Tensor:
        gate, value = self.gate_and_value(x_btd).chunk(2, dim=-1)
        result: Tensor = self.output(F.silu(gate) * value)
        return result


class ResonanceLayer(nn.Module):
    """x + mixer(norm(x)), then x + ffn(norm(x))."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.width
        self.mixer_norm = nn.RMSNorm(width)
        self.streams = nn.Linear(width, STREAMS * width, bias=False)
        self.short = ShortConvolution(STREAMS * width)
        self.frequency = MultiHeadFrequencyLayer(config)
        self.gating = AdvancedSpectralGating(width)
        self.mixer_output = nn.Linear(width, width, bias=False)
        self.ffn_norm = nn.RMSNorm(width)
        self.ffn = SpectralFFN(width, config.inner)

    def forward(self, x_btd: Tensor) -> Tensor:
        key, value, gate = self.short(self.streams(self.mixer_norm(x_btd))).chunk(STREAMS, dim=-1)
        x_btd = x_btd + self.mixer_output(self.gating(self.frequency(key * value), gate))
        result: Tensor = x_btd + self.ffn(self.ffn_norm(x_btd))
        return result


class ResonanceNN(nn.Module):
    """tokens (B, T) int64 -> logits (B, T, vocabulary). Embeddings are tied."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.width)
        self.ngrams = (
            HashedNgrams(config.hash_orders, config.hash_buckets, config.hash_width, config.width)
            if config.hash_buckets
            else None
        )
        self.layers = nn.ModuleList(ResonanceLayer(config) for _ in range(config.layers))
        self.norm = nn.RMSNorm(config.width)
        self.initialise()

    def hidden(self, tokens: Tensor) -> Tensor:
        """Representations before the output layer, (B, T, D)."""
        x = self.embedding(tokens) * math.sqrt(self.config.width)
        if self.ngrams is not None:
            x = x + self.ngrams(tokens)
        for layer in self.layers:
            x = layer(x)
        normed: Tensor = self.norm(x)
        return normed

    def forward(self, tokens: Tensor) -> Tensor:
        return F.linear(self.hidden(tokens), self.embedding.weight)

    @torch.no_grad()
    def initialise(self) -> None:
        """Every parameter's initial value, from torch's global generator; nothing on the meta device."""
        if self.embedding.weight.is_meta:
            return
        width = self.config.width
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        if self.ngrams is not None:
            nn.init.normal_(self.ngrams.table.weight, std=len(self.ngrams.orders) ** -0.5)
            nn.init.normal_(self.ngrams.project.weight, std=self.config.hash_width**-0.5)
        for layer in self.modules():
            if isinstance(layer, ResonanceLayer):
                _initialise_layer(layer, self.config)


def _initialise_layer(layer: ResonanceLayer, config: ModelConfig) -> None:
    """What the layers add to the residual stream starts with the same variance at any depth."""
    added = (2 * config.layers) ** -0.5
    nn.init.normal_(layer.streams.weight, std=config.width**-0.5)
    nn.init.normal_(layer.mixer_output.weight, std=added * config.width**-0.5)
    nn.init.normal_(layer.ffn.gate_and_value.weight, std=config.width**-0.5)
    nn.init.normal_(layer.ffn.output.weight, std=added * config.inner**-0.5)
    nn.init.zeros_(layer.gating.bias)
    layer.short.taps.zero_()[0] = 1.0
    _initialise_bands(layer.frequency)


def _initialise_bands(frequency: MultiHeadFrequencyLayer) -> None:
    """Each head's modes spread over its band of periods; every filter starts with unit energy."""
    edges = torch.tensor(frequency.band_edges())
    modes = frequency.cosine.shape[1]
    position = (torch.arange(modes) + 0.5) / modes
    period = edges[:-1, None] * (edges[1:] / edges[:-1])[:, None] ** position  # (H, M)
    frequency.log_frequency.copy_((2 * math.pi / period).log())
    decay = 2.0 / period
    frequency.log_decay.copy_(decay.log())
    # A damped wave of amplitude a has energy of about a^2 / (4 decay).
    amplitude = (4 * decay / modes).sqrt() / math.sqrt(2)
    nn.init.normal_(frequency.cosine).mul_(amplitude)
    nn.init.normal_(frequency.sine).mul_(amplitude)
    nn.init.zeros_(frequency.log_gain)
    nn.init.ones_(frequency.direct)


def parameter_count(config: ModelConfig) -> int:
    """Trainable parameters of a model of this shape, by formula."""
    d, tables = config.width, len(config.hash_orders) * config.hash_buckets * config.hash_width
    mixer = (STREAMS + 1) * d * d + STREAMS * SHORT_TAPS * d + 3 * d  # direct term, gate norm, gate bias
    filters = config.heads * (4 * config.modes + 1)
    ffn = 3 * d * config.inner
    per_layer = mixer + filters + ffn + 2 * d  # two norms
    return config.vocab_size * d + tables + config.hash_width * d + config.layers * per_layer + d

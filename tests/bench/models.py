"""Resonance NN against a transformer with fused attention of the same width and depth, one thread.

Forward, backward and an AdamW step on the same tokens. The transformer is PyTorch's own encoder layer
with a causal mask, pre-norm, with feed-forward width chosen so that both have about as many parameters.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from synthos_engine.models import build_model
from tests.bench.measure import ratio

VOCABULARY = 256
LENGTHS = ((128, 16), (512, 4), (2048, 1))


class Transformer(nn.Module):
    def __init__(self, parameters: int, width: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        per_layer = (parameters - VOCABULARY * width) // layers
        feedforward = max(8, (per_layer - 4 * width * width) // (2 * width))
        layer = nn.TransformerEncoderLayer(
            width, 4, feedforward, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1])
        hidden: torch.Tensor = self.layers(self.embedding(tokens), mask=mask, is_causal=True)
        return hidden @ self.embedding.weight.T


def stepper(model: nn.Module, tokens: torch.Tensor) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    logits = model(tokens[:, :-1])
    loss = nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), tokens[:, 1:].reshape(-1))
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    optimiser.zero_grad()


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ours = build_model("nano-1m", vocab_size=VOCABULARY)
    size = sum(p.numel() for p in ours.parameters())
    peer = Transformer(size, width=128, layers=4)
    peer_size = sum(p.numel() for p in peer.parameters())
    print(f"training step, Resonance NN {size} parameters, transformer {peer_size} (above 1: ours is faster)")
    for length, batch in LENGTHS:
        tokens = torch.randint(VOCABULARY, (batch, length + 1))
        ratio(
            f"T = {length}, batch {batch}",
            partial(stepper, ours, tokens),
            partial(stepper, peer, tokens),
            "transformer",
        )

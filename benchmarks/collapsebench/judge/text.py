"""An LSTM over bytes, trained on rows and scored on the judge's own holdout, as registered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from ..registration import registration


class ByteLSTM(nn.Module):
    """(batch, time) int64 -> (batch, time, 256), from a state of zeros."""

    def __init__(self, *, width: int, embedding: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, embedding)
        self.recurrent = nn.LSTM(embedding, width, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(width, 256)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden, _ = self.recurrent(self.embedding(tokens))
        logits: Tensor = self.output(self.dropout(hidden))
        return logits


def holdout_loss(rows: Sequence[str], holdout: Sequence[str], seed: int) -> float:
    """Bits per byte on the holdout of a judge trained on `rows`; deterministic from the seed, one thread."""
    settings = registration()["text"]["judge"]
    context = settings["context"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ByteLSTM(width=settings["width"], embedding=settings["embedding"], dropout=settings["dropout"])
        _train(model, _stream(rows), settings, np.random.default_rng(seed))
    return _score(model, _stream(holdout), context)


def _stream(rows: Sequence[str]) -> Tensor:
    return torch.from_numpy(np.frombuffer("".join(f"{row}\n" for row in rows).encode(), np.uint8).astype(np.int64))


def _train(model: nn.Module, data: Tensor, settings: dict[str, Any], rng: np.random.Generator) -> None:
    rate, steps, context = settings["learning_rate"], settings["steps"], settings["context"]
    optimiser = torch.optim.AdamW(model.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.05)
    model.train()
    for step in range(steps):
        warm = min(1.0, (step + 1) / (0.1 * steps))
        for group in optimiser.param_groups:
            group["lr"] = rate * warm * (0.05 + 0.475 * (1 + math.cos(math.pi * step / steps)))
        starts = rng.integers(0, len(data) - context, settings["batch"])
        window = torch.stack([data[i : i + context + 1] for i in starts])
        loss = F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()


@torch.no_grad()
def _score(model: nn.Module, data: Tensor, context: int) -> float:
    model.eval()
    windows = data[: (len(data) - 1) // context * context + 1]
    inputs, targets = windows[:-1].view(-1, context), windows[1:].view(-1, context)
    nats = 0.0
    for x, y in zip(torch.split(inputs, 64), torch.split(targets, 64), strict=True):
        nats += F.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
    return nats / targets.numel() / math.log(2)

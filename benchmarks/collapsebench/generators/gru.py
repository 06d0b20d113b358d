"""A GRU language model over bytes. (Not an LSTM: that is what the judge is.)"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from .sampling import Sampling

HIDDEN: Final = 320
EMBEDDING: Final = 64
CONTEXT: Final = 128
BATCH: Final = 32
STEPS: Final = 400
RATE: Final = 4e-3
LONGEST: Final = 800
_END: Final = 0


class _Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, EMBEDDING)
        self.recurrent = nn.GRU(EMBEDDING, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, 256)

    def forward(self, tokens: torch.Tensor, state: Any = None) -> tuple[torch.Tensor, Any]:
        """(batch, time) -> (batch, time, 256) and the state after it."""
        hidden, state = self.recurrent(self.embedding(tokens), state)
        return self.output(hidden), state


class GRU:
    """Fitted at once; rows end with a zero byte."""

    def __init__(self, rows: Sequence[str], seed: int) -> None:
        data = np.frombuffer(b"\0" + b"".join(row.encode() + b"\0" for row in rows), np.uint8).astype(np.int64)
        stream, rng = torch.from_numpy(data), np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._model = _Model()
        optimiser = torch.optim.AdamW(self._model.parameters(), RATE, weight_decay=0.05)
        for step in range(STEPS):
            for group in optimiser.param_groups:
                group["lr"] = RATE * min(1.0, (step + 1) / 40) * 0.5 * (1 + math.cos(math.pi * step / STEPS))
            starts = rng.integers(0, len(stream) - CONTEXT - 1, BATCH)
            window = torch.stack([stream[i : i + CONTEXT + 1] for i in starts])
            logits, _ = self._model(window[:, :-1])
            loss = F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
            optimiser.step()

    @torch.no_grad()
    def sample(self, rows: int, sampling: Sampling, rng: np.random.Generator) -> list[str]:
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        token = torch.full((rows, 1), _END)
        written, state = [], None
        ended = torch.zeros(rows, dtype=torch.bool)
        for _ in range(LONGEST):
            logits, state = self._model(token, state)
            weights = F.softmax(logits[:, -1] / sampling.temperature, -1).numpy()
            token = torch.multinomial(torch.from_numpy(sampling.truncated(weights)), 1, generator=generator)
            ended |= token[:, 0] == _END
            if bool(ended.all()):
                break
            written.append(token[:, 0])
        texts = torch.stack(written, 1).numpy().astype(np.uint8)
        return [text.tobytes().split(b"\0", 1)[0].decode("utf-8", "ignore") for text in texts]

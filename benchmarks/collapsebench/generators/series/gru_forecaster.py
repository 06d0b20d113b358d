"""A recurrent network that says mean and spread of the next step (DeepAR: Salinas et al. 2020), with a GRU.

A temperature shrinks the spread.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .windows import Floats, Windows

HIDDEN: Final = 48
STEPS: Final = 400
BATCH: Final = 64
RATE: Final = 5e-3
_WIDEST: Final = 8.0
"""Steps beyond are cut: they come from windows that hardly move."""


class _Model(nn.Module):
    def __init__(self, variables: int, places: int) -> None:
        super().__init__()
        self.place = nn.Embedding(places, 8)
        self.recurrent = nn.GRU(variables + 8, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, 2 * variables)

    def forward(self, before: Tensor, first: int = 0, state: Any = None) -> tuple[Tensor, Tensor, Any]:
        """(batch, time, variables) of the steps before -> mean and log spread of the next ones, and the state."""
        places = self.place(torch.arange(first, first + before.shape[1])).expand(len(before), -1, -1)
        hidden, state = self.recurrent(torch.cat([before, places], 2), state)
        mean, spread = self.output(hidden).chunk(2, 2)
        return mean, spread.clamp(-5, 3), state


class GRUForecaster:
    def __init__(self, windows: Windows, seed: int) -> None:
        data = torch.from_numpy(np.clip(windows.steps, -_WIDEST, _WIDEST).astype(np.float32))
        before = torch.cat([torch.zeros_like(data[:, :1]), data[:, :-1]], 1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._model = _Model(data.shape[2], data.shape[1])
        self._shape = data.shape[1:]
        rng = np.random.default_rng(seed)
        optimiser = torch.optim.AdamW(self._model.parameters(), RATE)
        for step in range(STEPS):
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 - step / STEPS)
            some = torch.from_numpy(rng.integers(0, len(data), BATCH))
            mean, spread, _ = self._model(before[some])
            loss = (spread + 0.5 * ((data[some] - mean) / spread.exp()) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
            optimiser.step()

    @torch.no_grad()
    def steps(self, like: NDArray[np.int64], temperature: float, rng: np.random.Generator) -> Floats:
        count, variables = self._shape
        last, state = torch.zeros((len(like), 1, variables)), None
        written = []
        for t in range(count):
            mean, spread, state = self._model(last, t, state)
            noise = torch.from_numpy(rng.standard_normal(mean.shape).astype(np.float32))
            last = (mean + temperature * spread.exp() * noise).clamp(-_WIDEST, _WIDEST)
            written.append(last)
        return torch.cat(written, 1).numpy().astype(np.float64)

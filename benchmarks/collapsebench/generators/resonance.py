"""The engine's own Resonance NN as a generator: what its models write is what it knows best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from synthos_engine.models import build_model, model_width
from synthos_engine.train.batches import Batches
from synthos_engine.train.corpus import Corpus
from synthos_engine.train.loop import TrainConfig, learning_rate_for, train

from .sampling import Sampling

MODEL: Final = "nano-100k"
CONTEXT: Final = 128
BATCH: Final = 16
STEPS: Final = 600
LONGEST: Final = 600
_WINDOW: Final = 96
"""Bytes that a new one is predicted from: the model has no state yet that could be passed on."""
_END: Final = 0


class Resonance:
    def __init__(self, rows: Sequence[str], seed: int) -> None:
        corpus = Corpus.of([row.encode() + b"\0" for row in rows], list(range(len(rows))))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._model = build_model(MODEL, vocab_size=256)
        config = TrainConfig("generator", STEPS, learning_rate_for(model_width(MODEL)))
        train(self._model, Batches(corpus, BATCH, CONTEXT, seed), config, lambda _step, _loss: None)
        self._model.eval()

    @torch.no_grad()
    def sample(self, rows: int, sampling: Sampling, rng: np.random.Generator) -> list[str]:
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        written = torch.zeros((rows, LONGEST + 1), dtype=torch.int64)
        alive = torch.arange(rows)
        for place in range(1, LONGEST + 1):
            window = written[alive, max(0, place - _WINDOW) : place]
            logits = self._model(window)[:, -1]
            weights = F.softmax(logits / sampling.temperature, -1).numpy()
            token = torch.multinomial(torch.from_numpy(sampling.truncated(weights)), 1, generator=generator)[:, 0]
            written[alive, place] = token
            alive = alive[token != _END]
            if not len(alive):
                break
        texts = written[:, 1:].numpy().astype(np.uint8)
        return [text.tobytes().split(b"\0", 1)[0].decode("utf-8", "ignore") for text in texts]

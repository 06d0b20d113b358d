"""Small spectral networks over bytes as readers of text, beside the n-gram models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from synthos_api.presets import BYTE_VOCABULARY
from synthos_engine.models import build_model, model_width
from synthos_engine.train.batches import Batches
from synthos_engine.train.corpus import Corpus
from synthos_engine.train.evaluate import Holdout, evaluate
from synthos_engine.train.loop import TrainConfig, learning_rate_for, train

from .material import Material, draw
from .readings import Scored

MODEL: Final = "nano-300k"
MOST_STEPS: Final = 400
MOST_PASSES: Final = 4
"""Over the data; more would only learn little data by heart."""
BATCH: Final = 8
CONTEXT: Final = 128
CANDIDATES: Final = 1
"""Networks of the candidate, whose mean is its cost."""
DRAWS: Final = 3
_CANDIDATE, _REFERENCE = 10, 11


def read_with_networks(material: Material, size: int, seed: int) -> dict[str, Scored]:
    """Costs in bits, by the name of the networks. Raises ValueError for material without a reference.

    Each network has weights and an order of its own, so that the scatter between draws holds that of seeds.
    """
    if material.reference is None or material.real_holdout is None:
        raise ValueError("there is no reference to read")
    holdout = Holdout(material.real_holdout.corpus, CONTEXT)

    def cost(corpus: Corpus, number: int) -> np.ndarray:
        return _cost(corpus, holdout, (seed, number))

    ours = [cost(draw(material.candidate, size, (seed, _CANDIDATE, i)), i) for i in range(CANDIDATES)]
    theirs = [cost(draw(material.reference, size, (seed, _REFERENCE, i)), CANDIDATES + i) for i in range(DRAWS)]
    return {f"{MODEL} networks": Scored(np.mean(ours, 0), np.stack(theirs))}


def _cost(corpus: Corpus, holdout: Holdout, seed: Sequence[int]) -> np.ndarray:
    """(rows,), of each different held-out row."""
    number = int(np.random.SeedSequence(seed).generate_state(1)[0])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(number)
        network = build_model(MODEL, vocab_size=BYTE_VOCABULARY)
    steps = min(MOST_STEPS, -(-MOST_PASSES * len(corpus) // (BATCH * CONTEXT)))
    config = TrainConfig(f"{MODEL} of the first rung", steps, learning_rate_for(model_width(MODEL)))
    train(network, Batches(corpus, BATCH, CONTEXT, number), config, lambda _step, _loss: None)
    return holdout.by_content(evaluate(network, holdout))

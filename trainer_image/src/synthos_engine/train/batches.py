"""Batches as a pure function of seed and step, so that a resumed training sees what it would have seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from .corpus import Corpus, Ints


@dataclass(frozen=True)
class Batch:
    """Windows of context + 1 bytes; `rows` are the dataset's row numbers of each byte. Both (batch, context + 1)."""

    tokens: Tensor
    rows: Ints

    @property
    def inputs(self) -> Tensor:
        return self.tokens[:, :-1]

    @property
    def targets(self) -> Tensor:
        return self.tokens[:, 1:]


@dataclass(frozen=True)
class Batches:
    """Windows at random places of a corpus, drawn with replacement.

    Two corpora of equal length and seed are cut at the same places in the same order.
    """

    corpus: Corpus
    batch_size: int
    context: int
    seed: int

    def __post_init__(self) -> None:
        if len(self.corpus) <= self.context:
            raise ValueError(f"{len(self.corpus)} bytes hold no window of {self.context + 1}")

    def batch(self, step: int) -> Batch:
        generator = np.random.default_rng((self.seed, step))
        starts = generator.integers(0, len(self.corpus) - self.context, self.batch_size)
        return cut(self.corpus, starts, self.context)


def cut(corpus: Corpus, starts: Ints, context: int) -> Batch:
    """The windows that begin at `starts`."""
    positions = starts[:, None] + np.arange(context + 1)
    tokens = torch.from_numpy(corpus.data[positions].astype(np.int64))
    return Batch(tokens, corpus.rows[corpus.indices_at(positions)])

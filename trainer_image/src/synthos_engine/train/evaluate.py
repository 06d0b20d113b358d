"""Loss of a model on held-out text, window by window and summed by row.

Windows do not overlap and each is predicted from its own beginning, so every model of a cascade is
scored on the same bytes in the same contexts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from .batches import cut
from .corpus import Corpus, Ints

SEGMENT_BYTES = 1024
"""Losses of rows longer than this are kept in pieces of this size."""
_TOKENS_AT_ONCE = 8192

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Holdout:
    """Text no model trains on, cut into windows."""

    corpus: Corpus
    context: int

    def starts(self) -> Ints:
        return np.arange((len(self.corpus) - 1) // self.context, dtype=np.int64) * self.context

    def units(self) -> tuple[Ints, Ints]:
        """Of each predicted byte (windows, context) its unit; and each unit's row number.

        A unit is a row, or a piece of a long one.
        """
        positions = self.starts()[:, None] + np.arange(1, self.context + 1)
        index = self.corpus.indices_at(positions)
        segment = (positions - self.corpus.starts()[index]) // SEGMENT_BYTES
        most = int(segment.max(initial=0)) + 1
        keys, units = np.unique(index * most + segment, return_inverse=True)
        return units.reshape(positions.shape).astype(np.int64), self.corpus.rows[keys // most]

    def by_content(self, losses: UnitLosses) -> Floats:
        """Bits of each different row, all pieces and copies of it together: what is taken as independent."""
        bounds = zip(self.corpus.starts(), self.corpus.ends, strict=True)
        contents: dict[bytes, int] = {}
        rows = np.array([contents.setdefault(self.corpus.data[a:b].tobytes(), len(contents)) for a, b in bounds])
        units, _ = self.units()
        positions = self.starts()[:, None] + np.arange(1, self.context + 1)
        row_of_unit = np.zeros(len(losses.bits), np.int64)
        row_of_unit[units.ravel()] = rows[self.corpus.indices_at(positions)].ravel()
        return np.bincount(row_of_unit, losses.bits, minlength=len(contents)).astype(np.float64)


@dataclass(frozen=True)
class UnitLosses:
    """Bits and bytes by unit of a holdout."""

    bits: Floats
    bytes: Ints

    @property
    def bits_per_byte(self) -> float:
        return float(self.bits.sum() / self.bytes.sum())


@torch.no_grad()
def evaluate(model: nn.Module, holdout: Holdout) -> UnitLosses:
    """Loss of every unit of the holdout."""
    device = next(model.parameters()).device
    starts = holdout.starts()
    model.eval()
    losses = []
    for part in np.array_split(starts, max(1, -(-len(starts) * holdout.context // _TOKENS_AT_ONCE))):
        batch = cut(holdout.corpus, part, holdout.context)
        logits = model(batch.inputs.to(device)).float()
        nats = F.cross_entropy(logits.transpose(1, 2), batch.targets.to(device), reduction="none")
        losses.append(nats.double().cpu().numpy() / math.log(2))
    bits = np.concatenate(losses)
    units, rows = holdout.units()
    return UnitLosses(
        np.bincount(units.ravel(), bits.ravel(), minlength=len(rows)).astype(np.float64),
        np.bincount(units.ravel(), minlength=len(rows)).astype(np.int64),
    )

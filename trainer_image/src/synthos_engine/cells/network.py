"""Networks that predict the cells of a row from its other cells, many trained at once on different rows.

One hidden layer over learned embeddings of the bins. A cell's own embedding is taken out of the sum before
its prediction, so that one pass predicts every cell from all others: the sum of their log losses is a
pseudo-likelihood (Besag 1975, The Statistician 24). Networks that differ in their rows alone (draws of a
reference, a candidate) are trained together as one batched product.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .binning import Floats, Ints
from .problem import Problem

FLOOR: Final = 0.01
"""Share of every prediction that is spread evenly over the column's bins: no cell costs infinitely much."""
LEAST_CONSTANT: Final = 0.1
"""A column that hardly varies counts as if its best constant cost this."""
MOST_UNSEEN: Final = 1000
"""Rows that are looked at to stop."""
_ROWS_AT_ONCE: Final = 512


@dataclass(frozen=True)
class CellTraining:
    """How the networks are trained."""

    width: int = 48
    batch: int = 128
    learning_rate: float = 5e-3
    weight_decay: float = 0.3
    average: float = 0.97
    """Of the moving average of the weights, which stands for a falling learning rate at every step."""
    look: int = 30
    """Steps between two looks at the unseen rows."""
    patience: int = 2
    """Looks without a gain after which training stops."""
    most_steps: int = 900


class CellNetworks(nn.Module):
    """So many networks for one problem; they begin with the same weights and so differ in their rows alone."""

    def __init__(self, models: int, problem: Problem, width: int) -> None:
        super().__init__()
        counts, targets = torch.tensor(problem.counts), torch.tensor(problem.targets)
        self.problem = problem
        self.offsets: Tensor
        self.target: Tensor
        self.mask: Tensor
        self.register_buffer("offsets", counts.cumsum(0) - counts)
        self.register_buffer("target", targets)
        most = int(counts[targets].max())
        beyond = torch.arange(most) >= counts[targets][:, None]
        self.register_buffer("mask", torch.zeros(len(targets), most).masked_fill(beyond, -math.inf))
        embedding = torch.randn(int(counts.sum()), width) / math.sqrt(len(counts))
        out = torch.randn(len(targets), most, width) / math.sqrt(width)
        self.embedding = nn.Parameter(0.3 * embedding.repeat(models, 1, 1))
        # A bin's place among its column's, so that little data suffice to see a trend.
        all_places = [places(count, ordered) for count, ordered in zip(problem.counts, problem.ordered, strict=True)]
        self.places: Tensor
        self.register_buffer("places", torch.cat(all_places)[:, None])
        slope = torch.randn(len(counts), width) / math.sqrt(len(counts))
        self.slope = nn.Parameter(slope.repeat(models, 1, 1))
        self.column: Tensor
        self.register_buffer("column", torch.repeat_interleave(torch.arange(len(counts)), counts))
        self.shift = nn.Parameter((0.1 * torch.randn(len(targets), width)).repeat(models, 1, 1))
        self.out = nn.Parameter(out.repeat(models, 1, 1, 1))
        self.bias = nn.Parameter(torch.zeros(models, len(targets), most))

    def forward(self, cells: Tensor) -> Tensor:
        """(models, rows, columns) int64 -> (models, rows, targets, bins), log-probabilities."""
        models = torch.arange(cells.shape[0])[:, None, None]
        table = self.embedding + self.places * self.slope[:, self.column]
        found = table[models, cells + self.offsets]
        others = found.sum(2, keepdim=True) - found[:, :, self.target]
        hidden = F.gelu(others + self.shift[:, None])
        logits = torch.einsum("mrth,mtbh->mrtb", hidden, self.out) + self.bias[:, None] + self.mask
        log_shares: Tensor = F.log_softmax(logits, dim=-1)
        return log_shares

    def log_likelihood(self, cells: Tensor) -> Tensor:
        """(models, rows, targets): of the bins that the targets have."""
        found: Tensor = self(cells).gather(-1, cells[:, :, self.target, None])[..., 0]
        return found

    @torch.no_grad()
    def log_shares(self, cells: Ints) -> Tensor:
        """(rows, columns) -> (models, rows, targets, bins): log-probabilities with FLOOR mixed in."""
        models, bins = len(self.bias), (self.mask == 0).sum(-1)
        parts = torch.split(torch.from_numpy(cells), _ROWS_AT_ONCE)
        found = torch.cat([self(part.expand(models, *part.shape)) for part in parts], 1)
        return ((1 - FLOOR) * found.exp() + FLOOR / bins[:, None] * (self.mask == 0)).log()


@dataclass(frozen=True)
class Costs:
    """What targets cost models, (models, rows, targets) each, or the best constant prediction, (targets,) each."""

    bits: Floats
    """The log loss."""
    ranked: Floats
    """Where bins stand in order, the ranked probability score (Epstein 1969): bins are of about equal counts,
    so it is the pinball loss in ranks, over all quantiles. Elsewhere the log loss."""


def costs(networks: CellNetworks, cells: Ints) -> Costs:
    problem, found = networks.problem, networks.log_shares(cells)
    wanted = torch.from_numpy(cells[:, list(problem.targets), None])
    bits = -found.gather(-1, wanted.expand(len(found), -1, -1, -1))[..., 0] / math.log(2)
    upto = torch.arange(found.shape[-1]) >= wanted
    ranked = ((found.exp().cumsum(-1) - upto.float()).square() * (networks.mask == 0)).sum(-1)
    ordered = torch.tensor([problem.ordered[target] for target in problem.targets])
    return Costs(bits.double().numpy(), torch.where(ordered, ranked, bits).double().numpy())


def constant_costs(cells: Ints, problem: Problem) -> Costs:
    """Of the bins' shares in these cells; 0 for a constant column."""
    bits, ranked = [], []
    for target in problem.targets:
        share = np.bincount(cells[:, target], minlength=problem.counts[target]) / max(1, len(cells))
        upto, present = np.cumsum(share), share[share > 0]
        bits.append(float(-(present * np.log2(present)).sum()))
        ranked.append(float((upto * (1 - upto)).sum()) if problem.ordered[target] else bits[-1])
    return Costs(np.array(bits), np.array(ranked))


def weights(constant: Floats) -> Floats:
    """Of the targets: their costs then sum to 1 for the best constant prediction, and constants count nothing."""
    varied = constant > 0
    shares: Floats = varied / np.maximum(constant, LEAST_CONSTANT) / max(1, varied.sum())
    return shares


def places(count: int, ordered: bool) -> Tensor:
    """From -sqrt(3) to sqrt(3), with unit variance if evenly filled; 0 for missing values and without an order."""
    found = torch.linspace(-1, 1, count - 1) * math.sqrt(3) if ordered and count > 2 else torch.zeros(count - 1)
    return torch.cat([found, torch.zeros(1)])


def train_networks(
    rows: Sequence[Ints], unseen: Ints, judges: slice, problem: Problem, seed: int, settings: CellTraining
) -> CellNetworks:
    """A network for each of `rows`, shape (rows, columns) each; all see their rows in the same order of places.

    All stop when the networks `judges` read the `unseen` rows best: those of real rows, on real rows. So the
    budget is the one that suits as much real data.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = CellNetworks(len(rows), problem, settings.width)
    averaged = copy.deepcopy(networks)
    looked = torch.from_numpy(unseen[:MOST_UNSEEN])
    best, kept, since = math.inf, averaged, 0
    data = [torch.from_numpy(part) for part in rows]
    rng = np.random.default_rng(seed)
    optimiser = torch.optim.AdamW(networks.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    for step in range(1, settings.most_steps + 1):
        shares = torch.from_numpy(rng.random(settings.batch))
        batch = torch.stack([part[(shares * len(part)).long()] for part in data])
        loss = -networks.log_likelihood(batch).sum((0, 2)).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            share = 1 - min(settings.average, (step - 1) / step)
            torch._foreach_lerp_(list(averaged.parameters()), list(networks.parameters()), share)
        if step % settings.look == 0:
            with torch.no_grad():
                found = -float(averaged.log_likelihood(looked.expand(len(data), *looked.shape))[judges].mean())
            since = 0 if found < best else since + 1
            if since >= settings.patience:
                break
            if found < best:
                best, kept = found, copy.deepcopy(averaged)
    return kept

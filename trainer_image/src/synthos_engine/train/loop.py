"""The training loop of one model.

A step reads in execution order: batch, loss in micro-batches, gradient, check, clip, update. The
learning rate warms up linearly and falls linearly to a twentieth. Everything that decides the next
step (weights, optimiser, step number) is in the checkpoint, batches are a function of the step, so
a resumed training continues bit by bit (on a CPU).
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from synthos_api.errors import OutOfMemory, TrainingDiverged
from synthos_api.results import GradientStats
from synthos_engine.context import Preempted

from .batches import Batches
from .checkpoint import Checkpoint, TrainingState
from .diagnostics import gradient_stats

WARMUP_SHARE = 0.1
FINAL_RATE_SHARE = 0.05
WEIGHT_DECAY = 0.1
BETAS = (0.9, 0.98)
CLIP_NORM = 1.0
MICRO_BATCH_TOKENS = 65_536
"""Tokens that go through the model at once; larger batches are accumulated."""

OnStep = Callable[[int, float], None]


@dataclass(frozen=True)
class TrainConfig:
    name: str
    """What an error calls this model."""
    steps: int
    learning_rate: float
    checkpoint_seconds: float = 60.0
    micro_batch_divisor: int = 1
    """2 on the attempt after one that ran out of memory."""


@dataclass(frozen=True)
class Training:
    """What a training leaves besides the weights."""

    losses: npt.NDArray[np.float64]
    """Of each step, bits per byte."""
    seconds: float
    """Of all attempts together."""
    gradients: GradientStats | None
    """At the last step, before clipping."""


def learning_rate_for(width: int) -> float:
    """Peak rate by width of the residual stream: falls as 1 / width (Yang et al. 2022, arXiv 2203.03466).

    Tuned on nano models only.
    """
    return min(0.02, 0.8 / width)


def train(
    model: nn.Module, batches: Batches, config: TrainConfig, on_step: OnStep, checkpoint: Checkpoint | None = None
) -> Training:
    """Train to the end, from the checkpoint if it holds something.

    `on_step(steps done, loss)` is called after each step; when it raises Preempted, the state is saved
    first. Raises TrainingDiverged on a loss or gradient that is not finite, OutOfMemory when half a
    micro-batch does not fit either.
    """
    optimiser = _optimiser(model, config.learning_rate)
    state = checkpoint.load(model, optimiser) if checkpoint is not None else None
    losses = list(state.losses) if state is not None else []
    before = state.seconds if state is not None else 0.0
    stepper = _Stepper(model, optimiser, config)
    stepper.gradients = state.gradients if state is not None else None
    started = saved = time.monotonic()

    def snapshot() -> TrainingState:
        return TrainingState(np.array(losses), before + time.monotonic() - started, stepper.gradients)

    model.train()
    for step in range(len(losses), config.steps):
        last = step + 1 == config.steps
        loss = stepper.step(batches, step)
        losses.append(loss)
        try:
            on_step(step + 1, loss)
        except Preempted:
            if checkpoint is not None:
                checkpoint.save(model, None if last else optimiser, snapshot())
            raise
        due = time.monotonic() - saved > config.checkpoint_seconds
        if checkpoint is not None and (due or last):
            checkpoint.save(model, None if last else optimiser, snapshot())
            saved = time.monotonic()
    return Training(np.array(losses), before + time.monotonic() - started, stepper.gradients)


class _Stepper:
    """One optimiser step. Halves the micro-batch once when memory runs out."""

    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer, config: TrainConfig) -> None:
        self.model, self.optimiser, self.config = model, optimiser, config
        self.device = next(model.parameters()).device
        self.micro_batch: int | None = None
        self.halved = False
        self.gradients: GradientStats | None = None

    def step(self, batches: Batches, step: int) -> float:
        """Returns the loss in bits per byte."""
        if self.micro_batch is None:
            fitting = min(batches.batch_size, MICRO_BATCH_TOKENS // batches.context)
            self.micro_batch = max(1, fitting // self.config.micro_batch_divisor)
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * _schedule(step, self.config.steps)
        tokens = batches.batch(step).tokens.to(self.device, non_blocking=True)
        loss = self._accumulate_within_memory(tokens)
        if step + 1 == self.config.steps:
            self.gradients = gradient_stats(self.model)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), CLIP_NORM)
        if not (math.isfinite(loss) and math.isfinite(float(norm))):
            raise TrainingDiverged(f"{self.config.name}: loss or gradient is not finite at step {step + 1}")
        self.optimiser.step()
        return loss / math.log(2)

    def _accumulate_within_memory(self, tokens: Tensor) -> float:
        try:
            return self._accumulate(tokens)
        except torch.OutOfMemoryError as error:
            size = self.micro_batch or 1
            if self.halved or size == 1:
                raise OutOfMemory(
                    f"{self.config.name}: {size} sequences of {tokens.shape[1] - 1} tokens do not fit"
                ) from error
        self.halved, self.micro_batch = True, size // 2
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return self._accumulate_within_memory(tokens)

    def _accumulate(self, tokens: Tensor) -> float:
        """Gradients of the batch's mean loss, in nats; accumulated over micro-batches."""
        self.optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for piece in torch.split(tokens, self.micro_batch or len(tokens)):
            with _mixed_precision(self.device):
                logits = self.model(piece[:, :-1])
            share = len(piece) / len(tokens)
            loss = F.cross_entropy(logits.float().flatten(0, 1), piece[:, 1:].flatten()) * share
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        return total


def _mixed_precision(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """bfloat16 products on GPUs; transforms stay in float32 (models/ops/fftconv.py)."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def _schedule(step: int, steps: int) -> float:
    warmup = max(1, round(WARMUP_SHARE * steps))
    if step < warmup:
        return (step + 1) / warmup
    return 1.0 - (1.0 - FINAL_RATE_SHARE) * (step - warmup) / max(1, steps - warmup)


def _optimiser(model: nn.Module, learning_rate: float) -> torch.optim.Optimizer:
    """AdamW; weight decay on matrices only, not on norms, biases, taps and the filters' modes."""
    matrices = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear | nn.Embedding)}
    decayed = [p for p in model.parameters() if id(p) in matrices]
    others = [p for p in model.parameters() if id(p) not in matrices]
    groups = [{"params": decayed, "weight_decay": WEIGHT_DECAY}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=BETAS, fused=True)

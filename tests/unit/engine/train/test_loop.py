"""The training loop: it learns, resumes bit by bit, and fails with the right error."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from synthos_api.errors import OutOfMemory, StorageUnavailable, TrainingDiverged
from synthos_engine.context import Preempted
from synthos_engine.models import build_model
from synthos_engine.train.batches import Batches
from synthos_engine.train.checkpoint import Checkpoint
from synthos_engine.train.corpus import Corpus
from synthos_engine.train.evaluate import Holdout, evaluate
from synthos_engine.train.loop import TrainConfig, Training, train
from synthos_engine.train.threads import cpu_limit, use_threads
from tests.unit.engine.stores import MemoryStore

STEPS = 12


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def batches() -> Batches:
    text = [b"the quick brown fox jumps over the lazy dog %d\n" % i for i in range(100)]
    return Batches(Corpus.of(text, range(100)), 4, 32, seed=1)


def model() -> nn.Module:
    torch.manual_seed(0)
    return build_model("nano-30k", vocab_size=256)


def config(steps: int = STEPS, checkpoint_seconds: float = 1e9) -> TrainConfig:
    return TrainConfig("tier 1, variant 2", steps, 0.01, checkpoint_seconds)


def ignore(_step: int, _loss: float) -> None:
    pass


def same_weights(a: nn.Module, b: nn.Module) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


class StopAfter:
    def __init__(self, steps: int) -> None:
        self.steps = steps

    def __call__(self, step: int, _loss: float) -> None:
        if step >= self.steps:
            raise Preempted


def stopped_at(steps: int, store: MemoryStore) -> None:
    with pytest.raises(Preempted):
        train(model(), batches(), config(), StopAfter(steps), Checkpoint(store, "v", "digest"))


def test_it_learns() -> None:
    trained = model()
    seen: list[int] = []
    training = train(trained, batches(), config(60), lambda step, _loss: seen.append(step))
    assert seen == list(range(1, 61))
    assert training.losses[0] > 7  # bits per byte; uniform is 8
    assert training.losses[-5:].mean() < 3
    holdout = Holdout(Corpus.of([b"the quick brown fox jumps over the lazy dog 200\n" * 3], [0]), 32)
    assert evaluate(trained, holdout).bits_per_byte < 3


@pytest.mark.parametrize("stop", [1, 5, STEPS - 1, STEPS])
def test_a_resumed_training_equals_an_uninterrupted_one_bit_by_bit(stop: int) -> None:
    whole = model()
    uninterrupted = train(whole, batches(), config(), ignore)
    store = MemoryStore()
    stopped_at(stop, store)
    resumed_model, seen = model(), []
    resumed = train(
        resumed_model, batches(), config(), lambda step, _loss: seen.append(step), Checkpoint(store, "v", "digest")
    )
    assert seen == list(range(stop + 1, STEPS + 1))
    assert same_weights(whole, resumed_model)
    assert np.array_equal(uninterrupted.losses, resumed.losses)
    assert uninterrupted.gradients == resumed.gradients


def test_a_finished_model_is_never_trained_again() -> None:
    store = MemoryStore()
    first_model, second_model = model(), model()
    first = train(first_model, batches(), config(), ignore, Checkpoint(store, "v", "digest"))
    second = train(second_model, batches(), config(), StopAfter(0), Checkpoint(store, "v", "digest"))
    assert same_weights(first_model, second_model)
    assert np.array_equal(first.losses, second.losses)
    assert first.gradients == second.gradients


def test_checkpoints_at_an_interval() -> None:
    written: list[str] = []
    train(model(), batches(), config(4, 0.0), ignore, Checkpoint(MemoryStore(written.append), "v", "digest"))
    assert [name for name in written if name.endswith("checkpoint.json")] == ["v/checkpoint.json"] * 4
    assert [name for name in written if name.endswith("safetensors")] == [
        f"v/state-{slot}.safetensors" for slot in (0, 1, 0, 1)
    ]


def resumed_from(store: MemoryStore, digest: str = "digest") -> int:
    """Steps that a training finds done."""
    state = Checkpoint(store, "v", digest).load(model())
    return 0 if state is None else len(state.losses)


def test_a_crash_while_saving_leaves_the_checkpoint_before() -> None:
    store = MemoryStore()
    stopped_at(3, store)

    def refuse_marker(name: str) -> None:
        if name.endswith(".json"):
            raise StorageUnavailable("gone")

    store.on_write = refuse_marker
    with pytest.raises(StorageUnavailable):
        train(model(), batches(), config(), StopAfter(6), Checkpoint(store, "v", "digest"))
    assert len([name for name in store.content if "state" in name]) == 2
    assert resumed_from(store) == 3


def test_a_damaged_or_foreign_checkpoint_does_not_exist() -> None:
    store = MemoryStore()
    stopped_at(3, store)
    assert resumed_from(store) == 3
    assert resumed_from(store, "another configuration") == 0
    store.content["v/state-0.safetensors"] = store.content["v/state-0.safetensors"][:-1]
    assert resumed_from(store) == 0
    store.content["v/checkpoint.json"] = b"{"
    assert resumed_from(store) == 0


class Broken(nn.Module):
    """Not finite from a given step on."""

    def __init__(self, inner: nn.Module, good_steps: int) -> None:
        super().__init__()
        self.inner, self.left = inner, good_steps

    def forward(self, tokens: Tensor) -> Tensor:
        self.left -= 1
        logits: Tensor = self.inner(tokens)
        return logits if self.left >= 0 else logits * math.nan


def test_a_loss_that_is_not_finite_names_model_and_step() -> None:
    with pytest.raises(TrainingDiverged, match=r"tier 1, variant 2: .* at step 4") as caught:
        train(Broken(model(), 3), batches(), config(), ignore)
    assert caught.value.code == 2001


class Small(nn.Module):
    """Has memory for so many sequences at once, as a GPU would."""

    def __init__(self, inner: nn.Module, sequences: int) -> None:
        super().__init__()
        self.inner, self.sequences = inner, sequences

    def forward(self, tokens: Tensor) -> Tensor:
        if len(tokens) > self.sequences:
            raise torch.OutOfMemoryError("CUDA out of memory")
        logits: Tensor = self.inner(tokens)
        return logits


def test_out_of_memory_halves_the_micro_batch_once() -> None:
    def losses(wrapped: nn.Module) -> Training:
        return train(wrapped, batches(), config(), ignore)

    np.testing.assert_allclose(losses(Small(model(), 2)).losses, losses(model()).losses, rtol=1e-3)
    with pytest.raises(OutOfMemory, match="tier 1, variant 2: 2 sequences of 32 tokens"):
        losses(Small(model(), 1))


def test_a_divisor_begins_with_a_smaller_micro_batch() -> None:
    """What the operator gives the attempt after one that was killed for its memory."""
    with pytest.raises(OutOfMemory):
        train(Small(model(), 1), batches(), config(), ignore)
    small = train(Small(model(), 1), batches(), replace(config(), micro_batch_divisor=4), ignore)
    np.testing.assert_allclose(small.losses, train(model(), batches(), config(), ignore).losses, rtol=1e-3)


def test_threads_follow_the_environment_within_the_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SYNTHOS_THREADS", raising=False)
    assert use_threads() == torch.get_num_threads() == 1
    monkeypatch.setenv("SYNTHOS_THREADS", "1000")
    assert use_threads() == cpu_limit() < 1000
    for content, limit in (("max 100000", cpu_limit()), ("50000 100000", 1), ("150000 100000", min(2, cpu_limit()))):
        quota = tmp_path / "cpu.max"
        quota.write_text(content)
        assert cpu_limit(quota) == limit

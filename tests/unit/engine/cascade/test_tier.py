"""A tier of tiny trainings, whole: results, progress, stop and continue."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import torch

from synthos_api.errors import StorageUnavailable, UsageError
from synthos_api.progress import Progress
from synthos_api.results import ModelResult, TierResult
from synthos_engine.cascade import tier as tier_module
from synthos_engine.cascade.tier import read_plan, run_tier
from synthos_engine.context import PhaseContext, Preempted
from tests.unit.engine.cascade.samples import config, sentences, store_with, tier
from tests.unit.engine.stores import MemoryStore

CANDIDATE, REFERENCE = sentences(600, 1), sentences(1500, 2)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHOS_THREADS", "1")


def context(*, reference: bool = True, steps: int = 8, variants: int = 2) -> PhaseContext:
    store = store_with(CANDIDATE, REFERENCE if reference else None)
    return PhaseContext(config([tier(1, steps, variants)], reference=reference), store)


def measured(result: TierResult) -> list[ModelResult]:
    """Without the one field that differs from run to run."""
    return [model.model_copy(update={"training_time_seconds": 0}) for model in result.models]


def test_every_variant_is_trained_and_scored_with_its_twin() -> None:
    made = context()
    result = run_tier(made)
    assert [(m.tier, m.variant, m.model_size) for m in result.models] == [(1, 1, 30146), (1, 2, 30146)]
    for model in result.models:
        paired = model.paired
        assert paired is not None
        assert paired.candidate_on_real is not None
        assert paired.reference_on_real is not None
        assert paired.relative_excess == pytest.approx(paired.candidate_on_real / paired.reference_on_real - 1)
        assert model.validation_loss == paired.candidate_on_real
        assert 0 < (paired.holdout_standard_error or 0) < 0.1
        assert len(model.loss_curve) == len(model.reference_loss_curve) == 8
        assert model.training_loss == model.loss_curve[-1] < model.loss_curve[0]
        assert model.spectral_metrics is not None
        assert (model.spectral_metrics.spectral_energy or 0) > 0
        assert model.gradient_stats is not None
        assert (model.gradient_stats.total_norm or 0) > 0
        assert model.training_rows > 100
    first, second = (m.paired for m in result.models)
    assert first != second  # another seed, other draws
    assert 0.3 < read_plan(made, 1).reference_share <= 0.5


def test_losses_by_row_add_up_to_the_result() -> None:
    made = context(variants=1)
    paired = run_tier(made).models[0].paired
    assert paired is not None
    table = pq.read_table(io.BytesIO(made.store.read_bytes("cascade/tier-1/variant-1/losses.parquet"))).to_pandas()
    for words, ours, theirs in (
        ("real", paired.candidate_on_real, paired.reference_on_real),
        ("candidate", paired.candidate_on_candidate, paired.reference_on_candidate),
    ):
        part = table[table.evaluated_on == words]
        assert part.candidate_bits.sum() / part.bytes.sum() == pytest.approx(ours)
        assert part.reference_bits.sum() / part.bytes.sum() == pytest.approx(theirs)
        texts = REFERENCE if words == "real" else CANDIDATE
        assert part.row.max() < len(texts)


def test_without_a_reference_the_candidate_is_trained_alone() -> None:
    result = run_tier(context(reference=False))
    for model in result.models:
        assert model.paired is None
        assert model.collapse_detected is None
        assert model.reference_loss_curve == []
        assert model.validation_loss is not None


def test_the_same_configuration_gives_the_same_result() -> None:
    assert measured(run_tier(context())) == measured(run_tier(context()))


def test_progress_never_goes_back_and_brings_every_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthos_engine.cascade.tracker.REPORT_SECONDS", 0)
    seen: list[Progress] = []
    result = run_tier(replace(context(), report=seen.append))
    percents = [progress.percent for progress in seen]
    assert percents == sorted(percents)
    assert percents[0] == 0
    assert percents[-1] == 100
    assert len(set(percents)) > 2 * 2 * 8  # every step of every model
    assert seen[-1].state == "done"
    assert seen[-1].results == result.models
    assert [p.models_completed for p in seen] == sorted(p.models_completed for p in seen)
    assert {p.models_total for p in seen} == {2}
    assert all(p.loss is not None for p in seen if p.step.endswith(("candidate", "reference")))
    assert any(p.eta_seconds for p in seen)


@pytest.mark.parametrize("stop_after", [3, 8, 12, 20, 30])
def test_stopped_and_continued_equals_uninterrupted(stop_after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the 32 steps: within the first model, at its end, within its twin, within and near the end of the second."""
    monkeypatch.setattr("synthos_engine.cascade.tracker.REPORT_SECONDS", 0)
    expected = measured(run_tier(context()))
    made, percents = context(), [0.0]
    steps = 0

    def stop_then(progress: Progress) -> None:
        nonlocal steps
        steps += progress.loss is not None
        percents.append(progress.percent)
        if steps == stop_after:
            made.stop.set()

    with pytest.raises(Preempted):
        run_tier(replace(made, report=stop_then))
    again: list[Progress] = []
    second = PhaseContext(made.config.model_copy(update={"attempt": 2}), made.store, again.append)
    assert measured(run_tier(second)) == expected
    trained_now = sum(p.loss is not None and "finished" not in p.step for p in again)
    assert trained_now <= 32 - stop_after + 2  # nothing but the rest


def test_a_finished_variant_is_never_trained_again() -> None:
    made = context()
    first = run_tier(made)
    steps: list[str] = []
    second = run_tier(replace(made, report=lambda p: steps.append(p.step)))
    assert second == first
    assert not [step for step in steps if step.endswith(("candidate", "reference"))]


def test_results_of_another_configuration_are_not_taken() -> None:
    made = context()
    first = run_tier(made)
    other = PhaseContext(made.config.model_copy(update={"seed": 5}), made.store)
    assert measured(run_tier(other)) != measured(first)


def test_several_devices_give_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = measured(run_tier(context(variants=3)))
    monkeypatch.setattr(tier_module, "devices", lambda: [torch.device("cpu")] * 2)
    names: set[str] = set()
    made = replace(context(variants=3), report=lambda _: names.add(threading.current_thread().name))
    assert measured(run_tier(made)) == expected
    assert len([name for name in names if name.startswith("variant")]) == 2


def test_one_models_error_stops_the_others_and_is_the_one_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier_module, "devices", lambda: [torch.device("cpu")] * 2)
    made = context(variants=2, steps=400)

    def fail(name: str) -> None:
        if name.startswith("cascade/tier-1/variant-2") and name.endswith("checkpoint.json"):
            raise StorageUnavailable("gone")

    assert isinstance(made.store, MemoryStore)
    made.store.on_write = fail
    with pytest.raises(StorageUnavailable):
        run_tier(made)
    assert not made.stop.is_set()


def test_what_cannot_be_trained_is_a_usage_error() -> None:
    made = context()
    for change, words in (
        ({"tier": 2}, "no tier 2"),
        ({"tiers": (tier(1).model_copy(update={"nodes": 2}),)}, "2 nodes"),
        ({"tiers": (tier(1).model_copy(update={"model_size": 7_000_000_000}),)}, "no model of about"),
        ({"architecture": "temporal_eigenstate"}, "not available yet"),
    ):
        with pytest.raises(UsageError, match=words):
            run_tier(replace(made, config=made.config.model_copy(update=change)))

"""Status to messages, as tables. What was not computed must stay unset."""

from __future__ import annotations

from typing import Any

import pytest

from synthos_api import errors
from synthos_api import results as api
from synthos_api.cost import planned_flops
from synthos_api.errors import ErrorInfo, SynthosError
from synthos_api.presets import NANO
from synthos_api.results import Judgement, ModelResult, PreScreenResult, ProfileResult
from synthos_operator.facade import translate
from synthos_operator.facade.objects import RunObject, Snapshot, TierObject
from synthos_operator.facade.pb import validation_pb2 as pb

from .fakes import NANO_MODELS, judgement, model, profile

Status = dict[str, Any]
TRAINING = {"phase": "Training", "progress": {"state": "training", "percent": 50, "currentVariant": 3}}


def snapshot(run: Status, *tiers: tuple[int, Status]) -> Snapshot:
    spec = {
        "datasetId": "ds",
        "validationId": "val",
        "dataset": {"uri": "s3://bucket/x"},
        "cascade": {"preset": "nano"},
    }
    raw = {"metadata": {"name": "run", "uid": "u"}, "spec": spec, "status": run}
    made = tuple(
        TierObject(
            {
                "metadata": {"name": f"run-{number}"},
                "spec": {**NANO[number - 1].to_kube(), "runName": "run"},
                "status": status,
            }
        )
        for number, status in tiers
    )
    return Snapshot(RunObject(raw), made)


@pytest.mark.parametrize(
    ("run", "tiers", "state"),
    [
        ({}, [], "pending"),
        ({"phase": "Pending"}, [], "pending"),
        ({"phase": "Profiling"}, [], "pending"),
        ({"phase": "Training"}, [(1, {})], "pending"),
        ({"phase": "Training"}, [(1, {"phase": "Waiting"})], "pending"),
        ({"phase": "Training"}, [(1, TRAINING)], "training"),
        ({"phase": "Training"}, [(1, {"phase": "Complete"}), (2, {"phase": "Waiting"})], "pending"),
        ({"phase": "Training"}, [(1, {"phase": "Complete"})], "training"),
        ({"phase": "Training"}, [(1, {"phase": "Training", "progress": {"state": "stalled"}})], "stalled"),
        ({"phase": "Training", "progress": {"state": "stalled"}}, [(1, TRAINING)], "stalled"),
        ({"phase": "Suspended"}, [(1, TRAINING)], "pending"),
        ({"phase": "Judging"}, [(1, {"phase": "Complete"})], "done"),
        ({"phase": "Complete"}, [], "done"),
        ({"phase": "Failed"}, [(1, TRAINING)], "done"),
        ({"phase": "Cancelled"}, [], "done"),
    ],
)
def test_state_is_one_of_the_four_words(run: Status, tiers: list[tuple[int, Status]], state: str) -> None:
    assert translate.progress(snapshot(run, *tiers)).state == state


def test_progress_of_a_run_with_nothing_yet() -> None:
    message = translate.progress(snapshot({}))
    assert message == pb.CascadeProgress(
        dataset_id="ds", validation_id="val", models_total=len(NANO_MODELS), state="pending"
    )


def test_progress_takes_the_tiers_for_the_moment_and_the_run_for_the_whole() -> None:
    run = {
        "phase": "Training",
        "progress": {
            "currentTier": 1,
            "modelsCompleted": 4,
            "progressPercent": 1.0,
            "currentLoss": 9.0,
            "estimatedCompletion": "2026-01-01T10:00:00Z",
            "etaSeconds": 3600.0,
        },
        "cost": {"usd": 12.5},
    }
    second = {
        "phase": "Training",
        "results": [model(2, 1)],
        "progress": {
            "currentVariant": 2,
            "percent": 50,
            "modelsCompleted": 1,
            "loss": 3.25,
            "gpuUtilization": {"0": 81.0, "2": 79.5},
            "state": "training",
        },
    }
    first = {"phase": "Complete", "results": [model(*key) for key in NANO_MODELS if key[0] == 1]}
    message = translate.progress(snapshot(run, (1, first), (2, second)))
    flops = [planned_flops(tier) for tier in NANO]
    assert (message.current_tier, message.current_variant, message.current_loss) == (2, 2, 3.25)
    assert (message.models_completed, message.models_total) == (NANO[0].variants + 1, len(NANO_MODELS))
    assert message.progress_percent == pytest.approx(100 * (flops[0] + flops[1] / 2) / sum(flops))
    assert dict(message.gpu_utilization) == {0: 81.0, 2: 79.5}
    assert (message.estimated_completion, message.eta_seconds) == ("2026-01-01T10:00:00Z", 3600.0)
    assert message.cost_usd == 12.5
    assert not message.HasField("result")


def test_percent_never_falls_below_the_runs_own() -> None:
    run = {"phase": "Training", "progress": {"progressPercent": 70.0}}
    assert translate.progress(snapshot(run, (1, TRAINING))).progress_percent == 70.0


@pytest.mark.parametrize(("phase", "percent"), [("Judging", 100.0), ("Complete", 100.0), ("Failed", 0.0)])
def test_percent_at_the_end(phase: str, percent: float) -> None:
    assert translate.progress(snapshot({"phase": phase})).progress_percent == percent


def test_a_cascade_that_the_pre_screen_spared() -> None:
    screened = {"pre_risk_score": 100, "should_proceed": False, "recommendation": "All rows are the same."}
    message = translate.progress(snapshot({"phase": "Complete", "preScreen": screened}))
    assert (message.state, message.progress_percent, message.error.code) == ("done", 0.0, 1000)
    assert "All rows are the same" in message.error.message


def test_unreadable_gpu_indices_are_left_out() -> None:
    status = {
        "phase": "Training",
        "progress": {"state": "training", "gpuUtilization": {"x": 1.0, "1": 2.0, str(2**31): 3.0}},
    }
    assert dict(translate.progress(snapshot({}, (1, status))).gpu_utilization) == {1: 2.0}


def test_a_result_message_is_never_taken_for_the_last() -> None:
    failed = {"phase": "Failed", "error": {"code": 2001, "message": "diverged"}}
    last = translate.progress(snapshot(failed))
    carrying = translate.with_result(last, ModelResult.model_validate(model(1, 1)))
    assert (carrying.state, carrying.HasField("error"), carrying.HasField("result")) == ("training", False, True)
    assert (last.state, last.HasField("error"), last.HasField("result")) == ("done", True, False)


def test_results_come_in_order_of_tier_and_variant() -> None:
    found = translate.results(
        snapshot({}, (1, {"results": [model(1, 2), model(1, 1)]}), (2, {"results": [model(2, 1)]}))
    )
    assert [(r.tier, r.variant) for r in found] == [(1, 1), (1, 2), (2, 1)]


def test_a_model_result_in_full_and_with_nothing() -> None:
    full = model(
        2,
        1,
        convergence_epoch=1,
        collapse_detected=True,
        spectral_metrics={"spectral_energy": 1.0, "spectral_entropy": 2.0},
        gradient_stats={"total_norm": 3.0, "grad_range": 4.0},
    )
    message = translate.model_result(ModelResult.model_validate(full))
    assert (message.tier, message.variant, message.model_size) == (2, 1, NANO[1].model_size)
    assert (message.training_loss, message.validation_loss, message.training_time_seconds) == (2.5, 2.75, 12.0)
    assert (message.convergence_epoch, message.collapse_detected) == (1, True)
    assert (message.spectral_metrics.spectral_entropy, message.gradient_stats.total_norm) == (2.0, 3.0)
    assert list(message.loss_curve) == [5.0, 3.0, 2.5]

    bare = translate.model_result(ModelResult(tier=1, variant=1, model_size=10))
    assert {field.name for field, _ in bare.ListFields()} == {"tier", "variant", "model_size"}


def test_a_profile_with_nothing_measured_leaves_everything_unset() -> None:
    bare = profile(metrics={}, clusters=[], sample_uri="", sampling_confidence=None)
    message = translate.diversity("ds", ProfileResult.model_validate(bare))
    assert {field.name for field, _ in message.ListFields()} == {"dataset_id", "metrics"}
    assert message.metrics == pb.DiversityMetrics()


def test_a_prescreen_without_a_score() -> None:
    message = translate.pre_screen("ds", PreScreenResult())
    assert {field.name for field, _ in message.ListFields()} == {"dataset_id", "should_proceed"}


def test_a_verdict_with_nothing_but_its_words() -> None:
    bare = Judgement(verdict="inconclusive", mode="no_reference", reason="No reference was given.")
    collapse = translate.collapse(bare)
    assert {field.name for field, _ in collapse.ListFields()} == {"severity", "verdict", "mechanism", "reason"}
    assert translate.localization(bare) == pb.LocalizationResponse()
    assert translate.recommendations(bare) == pb.RecommendationResponse()
    predictions = translate.predictions(bare)
    assert {field.name for field, _ in predictions.ListFields()} == {"error"}


EMPTY: dict[str, Any] = {"regions": [], "ablations": [], "recommendations": [], "combined_impact": None}


def test_a_collapse_without_regions_and_recommendations_does_not_read_as_nothing_wrong() -> None:
    found = Judgement.model_validate(judgement(**EMPTY))
    for message in (translate.localization(found), translate.recommendations(found)):
        assert [field.name for field, _ in message.ListFields()] == ["error"]
        assert (message.error.code, message.error.retryable) == (1000, False)
        assert "not computed by this version" in message.error.message


@pytest.mark.parametrize("verdict", ["clear", "inconclusive"])
def test_without_a_collapse_empty_lists_are_the_answer(verdict: str) -> None:
    found = Judgement.model_validate(judgement(verdict=verdict, **EMPTY))
    assert translate.localization(found) == pb.LocalizationResponse()
    assert translate.recommendations(found) == pb.RecommendationResponse()


@pytest.mark.parametrize("kept", ["regions", "ablations"])
def test_half_a_localization_is_one(kept: str) -> None:
    found = Judgement.model_validate(judgement(**{name: empty for name, empty in EMPTY.items() if name != kept}))
    assert not translate.localization(found).HasField("error")


def test_every_list_of_a_verdict_arrives_whole() -> None:
    found = Judgement.model_validate(judgement())
    assert len(translate.localization(found).regions) == len(found.regions)
    assert len(translate.recommendations(found).recommendations) == len(found.recommendations)
    assert [c.description for c in translate.collapse(found).root_causes] == ["few words"]


def test_the_largest_numbers_a_pod_may_tell_go_into_the_messages() -> None:
    numbers = ModelResult.model_validate(model(3, 1, model_size=2**53 - 1, convergence_epoch=api.INT32_MAX))
    assert translate.model_result(numbers).convergence_epoch == api.INT32_MAX
    found = judgement()
    found["regions"][0] |= {"row_start": 2**53 - 1, "row_end": 2**53 - 1}
    found["recommendations"][0]["priority"] = api.INT32_MAX
    found["recommendations"][0]["implementation"]["affected_rows"] = 2**53 - 1
    given = Judgement.model_validate(found)
    assert translate.localization(given).regions[0].row_end == 2**53 - 1
    assert translate.recommendations(given).recommendations[0].priority == api.INT32_MAX


def _subclasses(of: type[SynthosError]) -> list[type[SynthosError]]:
    ours = [of] if of.__module__ == errors.__name__ else []
    return [*ours, *(deeper for sub in of.__subclasses__() for deeper in _subclasses(sub))]


@pytest.mark.parametrize("kind", _subclasses(SynthosError))
def test_every_error_keeps_the_contracts_rules(kind: type[SynthosError]) -> None:
    message = translate.error(kind("what happened").at("s3://bucket/x", row=3))
    assert message.retryable == (2000 <= message.code < 5000)
    assert message.retryable == (message.retry_after_seconds > 0)
    assert message.message == "s3://bucket/x, row 3: what happened"


def test_a_retryable_error_always_says_when() -> None:
    assert translate.error(ErrorInfo(code=3000, message="x", retryable=True)).retry_after_seconds > 0
    assert translate.error(ErrorInfo(code=1000, message="x", retry_after_seconds=9)).retry_after_seconds == 0

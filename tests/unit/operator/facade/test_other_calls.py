"""AnalyzeDiversity, PreScreenRisk and the four calls that answer from a verdict."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest

from synthos_operator.facade.cluster import RUNS
from synthos_operator.facade.pb import validation_pb2 as pb

from .fakes import FakeCluster, profile, verdict

DATASET = pb.DiversityRequest(dataset_id="ds", s3_path="s3://bucket/data.csv", format=pb.CSV)
IDS: dict[str, Any] = {"dataset_id": "ds", "validation_id": "val-1"}


async def judged(cluster: FakeCluster, **more: Any) -> None:
    spec = {"datasetId": "ds", "validationId": "val-1", "dataset": {"uri": "s3://bucket/x"}, "through": "Verdict"}
    status = {"phase": "Complete", "verdict": verdict(**more)}
    await cluster.put(RUNS, {"metadata": {"name": "val-1"}, "spec": spec, "status": status})


async def only_run(cluster: FakeCluster) -> str:
    for _ in range(200):
        if names := cluster.names():
            (name,) = names
            return name
        await asyncio.sleep(0.02)
    raise AssertionError("no run was made")


# --- AnalyzeDiversity -------------------------------------------------------------------------


async def test_a_profile_is_waited_for_and_returned(engine: Any, cluster: FakeCluster) -> None:
    waiting = asyncio.ensure_future(engine.AnalyzeDiversity(DATASET, timeout=20))
    name = await only_run(cluster)
    assert cluster.run(name)["spec"]["through"] == "Profile"
    assert cluster.run(name)["spec"]["dataset"]["format"] == "CSV"
    await cluster.status(name, phase="Profiling")
    await cluster.status(name, phase="Complete", profile=profile())
    answer = await waiting
    assert answer.dataset_id == "ds"
    assert answer.sample_s3_path == "s3://artifacts/run/profile/sample.parquet"
    assert (answer.metrics.entropy, answer.metrics.gini_coefficient, answer.metrics.cluster_count) == (1.5, 0.25, 3)
    assert [(c.column_a, c.correlation) for c in answer.metrics.correlations] == [("x", -0.5)]
    assert [(c.size, list(c.centroid)) for c in answer.clusters] == [(600, [0.5, 1.5])]
    assert answer.sampling_confidence == 95
    assert not answer.HasField("error")


async def test_the_profile_is_returned_as_soon_as_it_is_there(engine: Any, cluster: FakeCluster) -> None:
    waiting = asyncio.ensure_future(engine.AnalyzeDiversity(DATASET, timeout=20))
    await cluster.status(await only_run(cluster), phase="Profiling", profile=profile())
    assert (await waiting).metrics.cluster_count == 3


async def test_after_the_deadline_the_run_goes_on_and_the_next_call_attaches(engine: Any, cluster: FakeCluster) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await engine.AnalyzeDiversity(DATASET, timeout=0.5)
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    await cluster.status(await only_run(cluster), phase="Complete", profile=profile())
    assert (await engine.AnalyzeDiversity(DATASET, timeout=20)).metrics.cluster_count == 3
    assert cluster.creates == 1


async def test_another_path_or_format_is_another_run(engine: Any, cluster: FakeCluster) -> None:
    for request in (
        DATASET,
        pb.DiversityRequest(dataset_id="ds", s3_path="s3://bucket/other.csv", format=pb.CSV),
        pb.DiversityRequest(dataset_id="ds", s3_path="s3://bucket/data.csv"),
    ):
        with pytest.raises(grpc.aio.AioRpcError):
            await engine.AnalyzeDiversity(request, timeout=0.3)
    assert len(cluster.names()) == 3


async def test_a_data_error_travels_in_the_response(engine: Any, cluster: FakeCluster) -> None:
    waiting = asyncio.ensure_future(engine.AnalyzeDiversity(DATASET, timeout=20))
    error = {"code": 1005, "message": "s3://bucket/data.csv, row 7: 3 fields instead of 4"}
    now = datetime.now(UTC).isoformat()
    await cluster.status(await only_run(cluster), phase="Failed", error=error, finishedAt=now)
    answer = await waiting
    assert (answer.error.code, answer.error.retryable, answer.error.retry_after_seconds) == (1005, False, 0)
    assert "row 7" in answer.error.message
    assert not answer.HasField("metrics")
    again = await engine.AnalyzeDiversity(DATASET, timeout=20)
    assert again.error.code == 1005
    assert cluster.creates == 1


async def test_a_failure_that_is_old_enough_is_tried_again(engine: Any, cluster: FakeCluster) -> None:
    with pytest.raises(grpc.aio.AioRpcError):
        await engine.AnalyzeDiversity(DATASET, timeout=0.3)
    name = await only_run(cluster)
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    error = {"code": 1001, "message": "s3://bucket/data.csv: not found"}
    await cluster.status(name, phase="Failed", error=error, finishedAt=long_ago)
    await asyncio.sleep(0.1)
    waiting = asyncio.ensure_future(engine.AnalyzeDiversity(DATASET, timeout=20))
    while len(cluster.names()) < 2:
        await asyncio.sleep(0.02)
    assert cluster.names() == {name, f"{name}-2"}
    await cluster.status(f"{name}-2", phase="Complete", profile=profile())
    assert not (await waiting).HasField("error")


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        (pb.DiversityRequest(s3_path="s3://bucket/x"), "dataset_id"),
        (pb.DiversityRequest(dataset_id="ds"), "s3_path"),
        (pb.DiversityRequest(dataset_id="ds", s3_path="bucket/x"), "s3_path"),
        (pb.DiversityRequest(dataset_id="ds", s3_path="s3://bucket/x", row_count=-1), "row_count"),
        (pb.DiversityRequest(dataset_id="ds", s3_path="s3://bucket/x", format=77), "format"),  # type: ignore[arg-type]
    ],
)
async def test_a_malformed_diversity_request(
    engine: Any, cluster: FakeCluster, request_: pb.DiversityRequest, named: str
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await engine.AnalyzeDiversity(request_)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert named in (refused.value.details() or "")
    assert cluster.creates == 0


# --- PreScreenRisk ----------------------------------------------------------------------------


async def test_prescreen_uses_the_datasets_profile_where_there_is_one(engine: Any, cluster: FakeCluster) -> None:
    spec = {"datasetId": "ds", "dataset": {"uri": "s3://bucket/x"}, "through": "Profile"}
    screened = {
        "pre_risk_score": 71,
        "matches": [{"signature_id": "text-duplicated-01", "similarity": 0.71}],
        "should_proceed": False,
        "recommendation": "deduplicate",
    }
    status = {"phase": "Complete", "profile": profile(), "preScreen": screened}
    await cluster.put(RUNS, {"metadata": {"name": "p"}, "spec": spec, "status": status})
    await asyncio.sleep(0.1)
    answer = await engine.PreScreenRisk(pb.PreScreenRequest(dataset_id="ds"))
    assert (answer.pre_risk_score, answer.should_proceed, answer.recommendation) == (71, False, "deduplicate")
    assert [m.signature_id for m in answer.matches] == ["text-duplicated-01"]


async def test_prescreen_matches_the_profile_itself_where_the_run_did_not(engine: Any, cluster: FakeCluster) -> None:
    spec = {"datasetId": "ds", "dataset": {"uri": "s3://bucket/x"}, "through": "Profile"}
    status = {"phase": "Complete", "profile": profile(duplicate_row_percentage=80.0)}
    await cluster.put(RUNS, {"metadata": {"name": "p"}, "spec": spec, "status": status})
    await asyncio.sleep(0.1)
    answer = await engine.PreScreenRisk(pb.PreScreenRequest(dataset_id="ds"))
    copies = next(match for match in answer.matches if match.signature_id == "any-duplicated-01")
    assert copies.collapse_type == "Type C"
    assert "cases" in copies.historical_outcome
    assert answer.pre_risk_score > 50
    assert answer.should_proceed


async def test_prescreen_of_the_given_metrics(engine: Any) -> None:
    metrics = pb.DiversityMetrics(entropy=0.1, cluster_count=16)
    answer = await engine.PreScreenRisk(pb.PreScreenRequest(dataset_id="new", diversity=metrics))
    assert answer.matches
    assert all(match.signature_id.startswith("any-") for match in answer.matches)
    assert 0 < answer.pre_risk_score < 100
    assert answer.should_proceed


async def test_prescreen_of_nothing_says_what_is_missing(engine: Any) -> None:
    answer = await engine.PreScreenRisk(pb.PreScreenRequest(dataset_id="new"))
    assert answer.error.code == 1009
    assert "AnalyzeDiversity" in answer.error.message


async def test_prescreen_refuses_impossible_metrics(engine: Any) -> None:
    metrics = pb.DiversityMetrics(entropy=-1, cluster_count=2)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await engine.PreScreenRisk(pb.PreScreenRequest(dataset_id="new", diversity=metrics))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "entropy" in (refused.value.details() or "")


# --- from a verdict ---------------------------------------------------------------------------


async def test_the_four_calls_answer_from_the_verdict(engine: Any, collapse_engine: Any, cluster: FakeCluster) -> None:
    await judged(cluster)
    predicted = await engine.GetPredictions(pb.PredictionRequest(**IDS))
    assert (predicted.predicted_accuracy, predicted.final_risk_score) == (0.61, 93)
    assert (predicted.confidence.lower_bound, predicted.confidence.confidence_level) == (0.55, 0.95)
    assert predicted.scaling.r_squared == 0.97
    detected = await collapse_engine.DetectCollapse(pb.CollapseRequest(**IDS))
    assert (detected.collapse_detected, detected.collapse_type, detected.severity) == (True, "Type B", "severe")
    assert (detected.verdict, detected.mechanism, detected.collapse_probability) == ("collapse", "narrowed", 0.93)
    assert [(d.dimension, d.score, d.passed) for d in detected.dimensions] == [("diversity retention", 0, False)]
    located = await collapse_engine.LocalizeProblems(pb.LocalizationRequest(**IDS))
    assert list(located.regions[0].affected_columns) == ["text"]
    assert located.ablations[0].hypothesis_confirmed
    advised = await collapse_engine.GenerateRecommendations(pb.RecommendationRequest(**IDS))
    assert advised.recommendations[0].implementation.affected_rows == 80
    assert advised.combined_impact.total_improvement == 73
    for answer in (predicted, detected, located, advised):
        assert (answer.dataset_id, answer.validation_id) == ("ds", "val-1")
        assert not answer.HasField("error")


async def test_a_verdict_is_waited_for(collapse_engine: Any, cluster: FakeCluster) -> None:
    await judged(cluster)
    run = cluster.run("val-1")
    await cluster.put(RUNS, {**run, "status": {"phase": "Judging"}})
    waiting = asyncio.ensure_future(collapse_engine.DetectCollapse(pb.CollapseRequest(**IDS), timeout=20))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await cluster.status("val-1", phase="Complete", verdict=verdict(verdict="clear", risk_score=4))
    assert (await waiting).verdict == "clear"


async def test_a_wait_never_outlives_the_caller(collapse_engine: Any, cluster: FakeCluster, facade: Any) -> None:
    await judged(cluster)
    await cluster.put(RUNS, {**cluster.run("val-1"), "status": {"phase": "Training"}})
    with pytest.raises(grpc.aio.AioRpcError) as late:
        await collapse_engine.DetectCollapse(pb.CollapseRequest(**IDS), timeout=0.4)
    assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    while facade.store._subscribers:
        await asyncio.sleep(0.02)


async def test_an_inconclusive_verdict_without_a_risk_is_no_zero_risk(
    engine: Any, collapse_engine: Any, cluster: FakeCluster
) -> None:
    await judged(
        cluster, verdict="inconclusive", risk_score=None, collapse_probability=None, reason="Give a reference."
    )
    detected = await collapse_engine.DetectCollapse(pb.CollapseRequest(**IDS))
    assert (detected.verdict, detected.collapse_detected, detected.reason) == (
        "inconclusive",
        False,
        "Give a reference.",
    )
    assert not detected.HasField("error")
    predicted = await engine.GetPredictions(pb.PredictionRequest(**IDS))
    assert predicted.error.code == 1000
    assert "Give a reference" in predicted.error.message
    assert predicted.scaling.a == 5.0


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ({"phase": "Failed", "error": {"code": 3001, "message": "out of memory", "retryable": True}}, 3001, "memory"),
        ({"phase": "Failed"}, 5000, "without giving a reason"),
        ({"phase": "Cancelled"}, 1009, "cancelled"),
        ({"phase": "Complete"}, 1009, "without a verdict"),
    ],
)
async def test_a_run_that_ended_without_a_verdict(
    collapse_engine: Any, cluster: FakeCluster, status: dict[str, Any], code: int, said: str
) -> None:
    await judged(cluster)
    await cluster.put(RUNS, {**cluster.run("val-1"), "status": status})
    answer = await collapse_engine.LocalizeProblems(pb.LocalizationRequest(**IDS), timeout=20)
    assert answer.error.code == code
    assert said in answer.error.message
    assert answer.error.retryable == (answer.error.retry_after_seconds > 0)


async def test_another_datasets_validation_is_not_told(collapse_engine: Any, cluster: FakeCluster) -> None:
    await judged(cluster)
    request = pb.CollapseRequest(dataset_id="mine", validation_id="val-1")
    answer = await collapse_engine.DetectCollapse(request)
    assert answer.error.code == 1009
    assert answer.verdict == ""
    assert "ds" not in answer.error.message.replace("dataset", "")


async def test_a_prediction_for_another_size_than_the_runs(engine: Any, cluster: FakeCluster) -> None:
    await judged(cluster)
    run = cluster.run("val-1")
    run["spec"]["cascade"] = {"targetModelSize": 7_000_000_000}
    await cluster.put(RUNS, run)
    answer = await engine.GetPredictions(pb.PredictionRequest(**IDS, target_model_size=13))
    assert answer.error.code == 1009
    assert "target_model_size 7000000000" in answer.error.message
    assert "predict" not in answer.error.message
    same = await engine.GetPredictions(pb.PredictionRequest(**IDS, target_model_size=7_000_000_000))
    assert not same.HasField("error")


# --- an unknown run ---------------------------------------------------------------------------


def flags(*collapsed: bool) -> list[pb.ModelResult]:
    return [pb.ModelResult(tier=1, variant=i + 1, collapse_detected=c) for i, c in enumerate(collapsed)]


async def test_collapse_from_flags_that_decide(collapse_engine: Any) -> None:
    answer = await collapse_engine.DetectCollapse(pb.CollapseRequest(**IDS, cascade_results=flags(True, True, False)))
    assert (answer.collapse_detected, answer.verdict) == (True, "collapse")
    assert "2 of 3" in answer.reason
    assert not answer.HasField("error")


@pytest.mark.parametrize("given", [(), (True,), (True, True), (False, False, False), (True, False, True, False)])
async def test_collapse_from_flags_that_do_not_decide(collapse_engine: Any, given: tuple[bool, ...]) -> None:
    answer = await collapse_engine.DetectCollapse(pb.CollapseRequest(**IDS, cascade_results=flags(*given)))
    assert answer.error.code == 1009
    assert "cascade_results" in answer.error.message
    assert answer.verdict == ""


async def test_predictions_of_an_unknown_run_say_what_is_missing(engine: Any) -> None:
    answer = await engine.GetPredictions(pb.PredictionRequest(**IDS, cascade_results=flags(False)))
    assert answer.error.code == 1009
    assert "reference" in answer.error.message


@pytest.mark.parametrize("method", ["LocalizeProblems", "GenerateRecommendations"])
async def test_an_unknown_run_has_no_problems_to_tell_of(collapse_engine: Any, method: str) -> None:
    message = pb.LocalizationRequest(**IDS) if method == "LocalizeProblems" else pb.RecommendationRequest(**IDS)
    answer = await getattr(collapse_engine, method)(message)
    assert answer.error.code == 1009
    assert "val-1" in answer.error.message


@pytest.mark.parametrize("ids", [{"validation_id": "v"}, {"dataset_id": "d"}])
async def test_ids_are_required(collapse_engine: Any, ids: dict[str, Any]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await collapse_engine.DetectCollapse(pb.CollapseRequest(**ids))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT

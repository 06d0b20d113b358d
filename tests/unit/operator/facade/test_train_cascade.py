"""TrainCascade on a real gRPC connection: at once, on change, heartbeats, results once, the end."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest

from synthos_api.presets import NANO
from synthos_operator.facade.cluster import RUNS
from synthos_operator.facade.pb import validation_pb2 as pb
from synthos_operator.facade.pb import validation_pb2_grpc as pb_grpc
from synthos_operator.facade.runs import Limits
from synthos_operator.facade.serve import Facade

from .conftest import QUICK, options
from .fakes import NANO_MODELS, FakeCluster, invalid, model

REQUEST = pb.CascadeRequest(
    dataset_id="ds",
    validation_id="val-1",
    sample_s3_path="s3://bucket/sample.parquet",
    config=pb.CascadeConfig(preset="nano"),
    reference_s3_path="s3://bucket/trusted.parquet",
)


async def rest(call: Any) -> list[pb.CascadeProgress]:
    seen = []
    while (message := await call.read()) is not grpc.aio.EOF:
        seen.append(message)
    return seen


async def until(call: Any, wanted: Any) -> list[pb.CascadeProgress]:
    """Messages up to and with the first that `wanted` holds for."""
    seen = []
    while True:
        message = await call.read()
        assert message is not grpc.aio.EOF, "the stream ended early"
        seen.append(message)
        if wanted(message):
            return seen


def keys(messages: list[pb.CascadeProgress]) -> list[tuple[int, int]]:
    return [(m.result.tier, m.result.variant) for m in messages if m.HasField("result")]


async def finish(cluster: FakeCluster, name: str = "val-1") -> None:
    for tier in range(1, len(NANO) + 1):
        results = [model(*key) for key in NANO_MODELS if key[0] == tier]
        await cluster.tier(name, tier, phase="Complete", results=results)
    await cluster.status(name, phase="Judging")


async def test_the_first_message_comes_before_the_operator_has_done_anything(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    first = await call.read()
    assert (first.dataset_id, first.validation_id, first.state) == ("ds", "val-1", "pending")
    assert (first.models_completed, first.models_total, first.progress_percent) == (0, len(NANO_MODELS), 0.0)
    assert not first.HasField("result")
    assert not first.HasField("error")
    call.cancel()


async def test_the_run_is_what_the_request_says(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    call.cancel()
    spec = cluster.run("val-1")["spec"]
    assert spec["datasetId"] == "ds"
    assert spec["validationId"] == "val-1"
    assert spec["dataset"] == {"uri": "s3://bucket/sample.parquet"}
    assert spec["reference"] == {"uri": "s3://bucket/trusted.parquet"}
    assert spec["through"] == "Verdict"
    assert spec["cascade"]["preset"] == "nano"


async def test_without_tiers_or_preset_it_is_the_eighteen_models(engine: Any) -> None:
    request = pb.CascadeRequest(dataset_id="ds", validation_id="plain", sample_s3_path="s3://bucket/x.parquet")
    call = engine.TrainCascade(request)
    assert (await call.read()).models_total == 18
    call.cancel()


async def test_a_silent_cascade_still_sends_heartbeats(engine: Any) -> None:
    call = engine.TrainCascade(REQUEST)
    messages = [await call.read() for _ in range(4)]
    assert all(message.state == "pending" for message in messages)
    call.cancel()


@pytest.mark.parametrize("limits", [QUICK._replace(heartbeat=60)])
async def test_a_change_is_sent_without_waiting_for_a_heartbeat(
    engine: Any, cluster: FakeCluster, limits: Limits
) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    await cluster.tier(
        "val-1",
        1,
        phase="Training",
        progress={"currentVariant": 2, "percent": 50, "loss": 3.5, "gpuUtilization": {"0": 80.0}, "state": "training"},
    )
    message = (await until(call, lambda m: m.state == "training"))[-1]
    assert (message.current_tier, message.current_variant, message.current_loss) == (1, 2, 3.5)
    assert dict(message.gpu_utilization) == {0: 80.0}
    assert 0 < message.progress_percent < 50
    call.cancel()


async def test_each_result_comes_once_and_the_stream_ends_with_the_cascade(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    await cluster.tier("val-1", 1, phase="Training", results=[model(1, 1)])
    seen = await until(call, lambda m: m.HasField("result"))
    await cluster.tier("val-1", 1, phase="Training", results=[model(1, 1), model(1, 2)])
    await finish(cluster)
    seen += await rest(call)
    assert keys(seen) == NANO_MODELS
    assert [m.state == "done" for m in seen] == [False] * (len(seen) - 1) + [True]
    last = seen[-1]
    assert (last.progress_percent, last.models_completed, last.HasField("error")) == (100.0, len(NANO_MODELS), False)
    percents = [m.progress_percent for m in seen]
    assert percents == sorted(percents)


async def test_who_reconnects_gets_every_result_again_and_no_second_run(engine: Any, cluster: FakeCluster) -> None:
    first = engine.TrainCascade(REQUEST)
    await first.read()
    await cluster.tier("val-1", 1, phase="Training", results=[model(1, 1)])
    await until(first, lambda m: m.HasField("result"))
    first.cancel()
    await cluster.tier("val-1", 1, phase="Training", results=[model(1, 1), model(1, 2)])
    await finish(cluster)
    assert len(keys(await rest(engine.TrainCascade(REQUEST)))) == len(NANO_MODELS)
    assert cluster.creates == 1


async def test_another_replica_answers_as_well(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    call.cancel()
    async with (
        Facade(options(), cluster, QUICK) as other,
        grpc.aio.insecure_channel(f"127.0.0.1:{other.port}") as channel,
    ):
        again = pb_grpc.ValidationEngineStub(channel).TrainCascade(REQUEST)
        assert (await again.read()).models_total == len(NANO_MODELS)
        again.cancel()
    assert cluster.creates == 1


async def test_two_callers_at_the_same_moment_share_one_run(engine: Any, cluster: FakeCluster) -> None:
    calls = [engine.TrainCascade(REQUEST) for _ in range(10)]
    firsts = await asyncio.gather(*(call.read() for call in calls))
    assert {m.models_total for m in firsts} == {len(NANO_MODELS)}
    assert cluster.names() == {"val-1"}
    for call in calls:
        call.cancel()


async def test_a_client_that_goes_away_cancels_nothing_and_frees_its_place(
    engine: Any, cluster: FakeCluster, facade: Facade
) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    call.cancel()
    for _ in range(200):
        if not facade.store._subscribers:
            break
        await asyncio.sleep(0.02)
    assert not facade.store._subscribers
    assert cluster.run("val-1")["spec"].get("cancel", False) is False


async def test_a_slow_client_delays_nobody_and_sees_the_latest_state(engine: Any, cluster: FakeCluster) -> None:
    slow = engine.TrainCascade(REQUEST)  # never read until the end
    quick = engine.TrainCascade(REQUEST)
    await quick.read()
    curve = [1.0] * 64
    for variant in range(1, 61):
        results = [model(1, v, loss_curve=curve) for v in range(1, variant + 1)]
        await cluster.tier("val-1", 1, phase="Training", results=results)
        await until(quick, lambda m, v=variant: m.HasField("result") and m.result.variant == v)
    await cluster.status("val-1", phase="Judging")
    assert (await rest(quick))[-1].state == "done"
    seen = await rest(slow)
    assert keys(seen) == [(1, variant) for variant in range(1, 61)]
    assert seen[-1].state == "done"


async def test_a_failed_run_ends_with_its_error_after_its_results(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    await cluster.tier("val-1", 1, phase="Failed", results=[model(1, 1)])
    info = {"code": 2001, "message": "diverged", "retryable": True, "retry_after_seconds": 30}
    await cluster.status("val-1", phase="Failed", error=info)
    seen = await rest(call)
    assert keys(seen) == [(1, 1)]
    assert [m.HasField("error") for m in seen] == [False] * (len(seen) - 1) + [True]
    error = seen[-1].error
    assert (error.code, error.retryable, error.retry_after_seconds) == (2001, True, 30)


async def test_a_cancelled_and_a_suspended_run(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    await cluster.tier("val-1", 1, phase="Training", progress={"state": "training"})
    await until(call, lambda m: m.state == "training")
    await cluster.status("val-1", phase="Suspended")
    await until(call, lambda m: m.state == "pending")
    await cluster.status("val-1", phase="Cancelled")
    last = (await rest(call))[-1]
    assert (last.state, last.error.code) == ("done", 1009)
    assert "cancelled" in last.error.message


async def test_a_deleted_run_ends_the_stream_and_its_namesake_is_not_taken_for_it(
    engine: Any, cluster: FakeCluster
) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    spec = cluster.run("val-1")["spec"]
    await cluster.delete(RUNS, "val-1")
    await cluster.put(RUNS, {"metadata": {"name": "val-1"}, "spec": spec})
    last = (await rest(call))[-1]
    assert last.error.code == 1009
    assert "deleted" in last.error.message


async def test_results_that_the_tier_watch_has_not_shown_yet_are_fetched(
    engine: Any, cluster: FakeCluster, facade: Facade
) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    facade.store._apply = _without_tiers(facade.store._apply)  # type: ignore[method-assign]
    await finish(cluster)
    tiers = [
        {"tier": t, "name": f"val-1-tier-{t}", "phase": "Complete", "modelsCompleted": n, "modelsTotal": n}
        for t, n in ((tier.tier, tier.variants) for tier in NANO)
    ]
    # One write, as the operator's: phase and roll-up change together.
    run = cluster.run("val-1")
    await cluster.put(RUNS, {**run, "status": {"phase": "Judging", "tiers": tiers}})
    second = await rest(engine.TrainCascade(REQUEST))
    assert len(keys(second)) == len(NANO_MODELS)
    call.cancel()


def _without_tiers(apply: Any) -> Any:
    def filtered(resource: Any, kind: str, raw: Any) -> None:
        if resource == RUNS:
            apply(resource, kind, raw)

    return filtered


async def test_an_existing_run_with_another_question_is_a_clear_error(engine: Any, cluster: FakeCluster) -> None:
    call = engine.TrainCascade(REQUEST)
    await call.read()
    call.cancel()
    other = pb.CascadeRequest()
    other.CopyFrom(REQUEST)
    other.sample_s3_path = "s3://bucket/secret-other.parquet"
    other.config.target_model_size = 10**9
    (message,) = await rest(engine.TrainCascade(other))
    assert message.error.code == 1009
    assert "dataset" in message.error.message
    assert "target_model_size" in message.error.message
    assert "s3://" not in message.error.message
    assert not message.error.retryable


async def test_a_run_made_with_kubectl_is_found_by_the_id_it_carries(engine: Any, cluster: FakeCluster) -> None:
    spec = {
        "datasetId": "ds",
        "validationId": "val-1",
        "dataset": {"uri": "s3://bucket/sample.parquet"},
        "reference": {"uri": "s3://bucket/trusted.parquet"},
        "cascade": {"preset": "nano"},
    }
    await cluster.put(RUNS, {"metadata": {"name": "by-hand"}, "spec": spec})
    await asyncio.sleep(0.1)  # the watch, not the derived name, has to find it
    call = engine.TrainCascade(REQUEST)
    await call.read()
    call.cancel()
    assert cluster.creates == 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"dataset_id": ""}, "dataset_id"),
        ({"validation_id": ""}, "validation_id"),
        ({"validation_id": "x" * 254}, "validation_id"),
        ({"sample_s3_path": ""}, "sample_s3_path"),
        ({"sample_s3_path": "http://x/y"}, "sample_s3_path"),
        ({"reference_s3_path": "s3://"}, "reference_s3_path"),
        ({"config": pb.CascadeConfig(preset="huge")}, "preset"),
        ({"config": pb.CascadeConfig(target_architecture="transformer")}, "target_architecture"),
        ({"config": pb.CascadeConfig(vocab_size=3)}, "vocab_size"),
        ({"config": pb.CascadeConfig(target_model_size=-1)}, "target_model_size"),
        ({"config": pb.CascadeConfig(tiers=[pb.ModelTier(tier_number=4)])}, "tier_number"),
        ({"config": pb.CascadeConfig(tiers=[pb.ModelTier(tier_number=1, model_size=10**6)])}, "num_variants"),
        ({"config": pb.CascadeConfig(tiers=[pb.ModelTier(tier_number=1)] * 2)}, "tier_number"),
        ({"config": pb.CascadeConfig(preset="nano", tiers=[pb.ModelTier(tier_number=1)])}, "preset"),
    ],
)
async def test_a_malformed_request_is_refused_and_makes_nothing(
    engine: Any, cluster: FakeCluster, change: dict[str, Any], named: str
) -> None:
    fields = {"dataset_id": "ds", "validation_id": "v", "sample_s3_path": "s3://bucket/x", **change}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rest(engine.TrainCascade(pb.CascadeRequest(**fields)))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert named in (refused.value.details() or "")
    assert cluster.creates == 0


async def test_what_the_api_server_refuses_is_the_callers_mistake(engine: Any, cluster: FakeCluster) -> None:
    cluster.refuse_create = invalid("spec.cascade: give either preset or tiers, not both")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await rest(engine.TrainCascade(REQUEST))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert "preset" in (refused.value.details() or "")


async def test_tiers_in_full_with_the_specifications_gpus_where_unset(engine: Any, cluster: FakeCluster) -> None:
    tiers = [
        pb.ModelTier(tier_number=1, model_size=76_000_000, num_variants=10, training_rows=2_000_000),
        pb.ModelTier(tier_number=2, model_size=10**6, num_variants=1, training_rows=5, gpus=1, batch_size=8, nodes=2),
    ]
    request = pb.CascadeRequest(
        dataset_id="ds", validation_id="own", sample_s3_path="s3://bucket/x", config=pb.CascadeConfig(tiers=tiers)
    )
    call = engine.TrainCascade(request)
    assert (await call.read()).models_total == 11
    call.cancel()
    first, second = cluster.run("own")["spec"]["cascade"]["tiers"]
    assert (first["gpus"], first["batchSize"], first["nodes"]) == (2, 256, 1)
    assert (second["gpus"], second["batchSize"], second["nodes"]) == (1, 8, 2)

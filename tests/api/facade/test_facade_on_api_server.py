"""The facade in front of a real kube-apiserver; status is set by hand, as the operator would set it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hack.localcluster.api import Cluster, ClusterError
from synthos_operator.facade.pb import validation_pb2 as pb
from synthos_operator.facade.pb import validation_pb2_grpc as pb_grpc
from tests.api.facade.conftest import Operator, Process
from tests.unit.operator.facade.fakes import NANO_MODELS, model, profile, verdict

pytestmark = pytest.mark.cluster

CASCADE = pb.CascadeRequest(
    dataset_id="ds",
    validation_id="val_1",
    sample_s3_path="s3://bucket/sample.parquet",
    reference_s3_path="s3://bucket/trusted.parquet",
    config=pb.CascadeConfig(preset="nano"),
)
RUN = "val-1-"
"""How the name of CASCADE's run begins; the id is no DNS label, so a hash follows."""


async def train_all(operator: Operator) -> None:
    await operator.status(RUN, phase="Training")
    for tier in (1, 2, 3):
        await operator.tier(RUN, tier, phase="Training", progress={"state": "training", "percent": 50, "loss": 3.0})
        results = [model(*key) for key in NANO_MODELS if key[0] == tier]
        await operator.tier(RUN, tier, phase="Complete", results=results)
    await operator.status(RUN, phase="Judging")


async def test_a_validation_from_the_first_call_to_the_recommendations(
    start: Callable[..., Process], operator: Operator
) -> None:
    facade = start()
    async with grpc.aio.insecure_channel(facade.target) as channel:
        engine, collapse_engine = pb_grpc.ValidationEngineStub(channel), pb_grpc.CollapseEngineStub(channel)
        call = engine.TrainCascade(CASCADE)
        first = await call.read()
        assert (first.models_total, first.state) == (len(NANO_MODELS), "pending")
        training = asyncio.create_task(train_all(operator))
        seen = [first]
        while (message := await call.read()) is not grpc.aio.EOF:
            seen.append(message)
        await training
        results = [(m.result.tier, m.result.variant) for m in seen if m.HasField("result")]
        assert results == NANO_MODELS
        assert (seen[-1].state, seen[-1].progress_percent) == ("done", 100.0)

        ids: dict[str, Any] = {"dataset_id": "ds", "validation_id": "val_1"}
        waiting = asyncio.create_task(_unary(collapse_engine.DetectCollapse(pb.CollapseRequest(**ids), timeout=60)))
        await operator.status(RUN, phase="Complete", verdict=verdict())
        detected = await waiting
        assert (detected.verdict, detected.collapse_type) == ("collapse", "Type B")
        predicted = await engine.GetPredictions(pb.PredictionRequest(**ids), timeout=30)
        assert predicted.final_risk_score == 93
        located = await collapse_engine.LocalizeProblems(pb.LocalizationRequest(**ids), timeout=30)
        assert [(r.row_start, r.row_end) for r in located.regions] == [(10, 90)]
        advised = await collapse_engine.GenerateRecommendations(pb.RecommendationRequest(**ids), timeout=30)
        assert advised.recommendations[0].impact.improvement == 73


async def _unary(call: Any) -> Any:
    return await call


async def _to_the_end(call: Any) -> None:
    while await call.read() is not grpc.aio.EOF:
        pass


async def test_a_profile_is_attached_to_after_the_deadline(start: Callable[..., Process], operator: Operator) -> None:
    facade = start()
    request = pb.DiversityRequest(dataset_id="Data Set", s3_path="s3://bucket/data.csv", format=pb.CSV)
    async with grpc.aio.insecure_channel(facade.target) as channel:
        engine = pb_grpc.ValidationEngineStub(channel)
        await channel.channel_ready()
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await engine.AnalyzeDiversity(request, timeout=3)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        run = await operator.run("data-set-profile-")
        assert run["spec"]["through"] == "Profile"
        assert run["spec"]["dataset"] == {"uri": "s3://bucket/data.csv", "format": "CSV"}
        await operator.status("data-set-profile-", phase="Complete", profile=profile())
        answer = await engine.AnalyzeDiversity(request, timeout=60)
        assert answer.metrics.cluster_count == 3
        assert answer.sample_s3_path.startswith("s3://")
        screened = await engine.PreScreenRisk(pb.PreScreenRequest(dataset_id="Data Set"), timeout=30)
        assert screened.should_proceed


async def test_health_follows_the_api_server_and_sigterm_ends_in_order(
    start: Callable[..., Process], operator: Operator
) -> None:
    facade = start("--no-mtls", "--probe-port", "0")
    probe = f"http://127.0.0.1:{facade.told['probe_port']}"
    async with grpc.aio.insecure_channel(facade.target) as channel:
        await channel.channel_ready()
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "validation.ValidationEngine", "validation.CollapseEngine"):
            watch = health.Watch(health_pb2.HealthCheckRequest(service=service))
            while (await watch.read()).status != health_pb2.HealthCheckResponse.SERVING:
                pass
            watch.cancel()
        assert urllib.request.urlopen(f"{probe}/readyz", timeout=10).status == 200
        assert urllib.request.urlopen(f"{probe}/healthz", timeout=10).status == 200
        call = pb_grpc.ValidationEngineStub(channel).TrainCascade(CASCADE)
        await call.read()
        ended = asyncio.create_task(asyncio.to_thread(facade.end))
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await _to_the_end(call)
        assert told.value.code() == grpc.StatusCode.UNAVAILABLE
        assert await ended == 0
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{probe}/healthz", timeout=5)


async def test_without_an_api_server_calls_are_unavailable_and_health_says_so(
    start: Callable[..., Process], restricted_kubeconfig: Path, tmp_path: Path
) -> None:
    settings = yaml.safe_load(restricted_kubeconfig.read_text(encoding="utf-8"))
    settings["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    nowhere = tmp_path / "nowhere.kubeconfig"
    nowhere.write_text(yaml.safe_dump(settings), encoding="utf-8")
    facade = start("--no-mtls", "--probe-port", "0", kubeconfig=nowhere)
    async with grpc.aio.insecure_channel(facade.target) as channel:
        request = pb.PreScreenRequest(dataset_id="ds")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await pb_grpc.ValidationEngineStub(channel).PreScreenRisk(request, timeout=60)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert health.status == health_pb2.HealthCheckResponse.NOT_SERVING
    with pytest.raises(urllib.error.HTTPError) as unready:
        urllib.request.urlopen(f"http://127.0.0.1:{facade.told['probe_port']}/readyz", timeout=10)
    assert unready.value.code == 503
    assert facade.end() == 0


async def test_the_client_for_people_trains_and_shows_the_verdict(
    start: Callable[..., Process], operator: Operator
) -> None:
    facade = start()
    client = [sys.executable, "-m", "synthos_operator.facade.client", "--target", facade.target, "--no-mtls"]
    ids = ["--dataset-id", "ds", "--validation-id", "val_1"]
    train = ["train", *ids, "--sample", "s3://bucket/sample.parquet", "--preset", "nano"]
    running = await asyncio.create_subprocess_exec(*client, *train, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await train_all(operator)
    output, complaint = await running.communicate()
    assert running.returncode == 0, complaint.decode()
    lines = output.decode().splitlines()
    assert sum(line.startswith("tier ") for line in lines) == len(NANO_MODELS)
    assert lines[-1] == "the cascade is over"
    assert any("100.0 %" in line for line in lines)
    assert "\x1b" not in output.decode()  # plain lines where there is no terminal

    await operator.status(RUN, phase="Complete", verdict=verdict())
    shown = await asyncio.create_subprocess_exec(*client, "result", *ids, stdout=subprocess.PIPE)
    output, _ = await shown.communicate()
    assert shown.returncode == 0
    assert "verdict: COLLAPSE" in output.decode()
    assert "rows 10-90: narrowed" in output.decode()

    unknown = await asyncio.create_subprocess_exec(
        *client, "result", "--validation-id", "nobody", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    _, complaint = await unknown.communicate()
    assert unknown.returncode == 1
    assert complaint.decode().startswith("error 1009: ")


def kill_api_server(control_plane: Cluster) -> None:
    """SIGKILL, and wait until the supervisor's new one answers."""
    assert control_plane.state is not None
    recorded = json.loads((control_plane.state / "pid" / "kube-apiserver").read_text(encoding="utf-8"))
    os.kill(recorded["pid"], signal.SIGKILL)
    for _ in range(300):
        try:
            control_plane.run_kubectl("get", "--raw", "/readyz")
        except ClusterError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the API server did not come back")


async def test_a_stream_outlives_a_killed_api_server(
    start: Callable[..., Process], operator: Operator, control_plane: Cluster
) -> None:
    facade = start()
    async with grpc.aio.insecure_channel(facade.target) as channel:
        call = pb_grpc.ValidationEngineStub(channel).TrainCascade(CASCADE)
        await call.read()
        await operator.tier(RUN, 1, phase="Training", results=[model(1, 1)])
        while not (await call.read()).HasField("result"):
            pass
        await asyncio.to_thread(kill_api_server, control_plane)
        await train_all(operator)
        seen = []
        while (message := await call.read()) is not grpc.aio.EOF:
            seen.append(message)
        assert len([m for m in seen if m.HasField("result")]) == len(NANO_MODELS) - 1
        assert seen[-1].state == "done"
    assert any(line["message"] == "watch lost" for line in facade.lines)

"""What surrounds the calls: limits, health, probes, reflection, shutdown, unexpected failures, options."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from synthos_api.errors import UsageError
from synthos_operator.facade import logs
from synthos_operator.facade import options as options_module
from synthos_operator.facade.pb import validation_pb2 as pb
from synthos_operator.facade.pb import validation_pb2_grpc as pb_grpc
from synthos_operator.facade.serve import SERVICES, Facade

from .conftest import QUICK, options
from .fakes import FakeCluster, model

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
SCREEN = pb.PreScreenRequest(dataset_id="ds", diversity=pb.DiversityMetrics(entropy=1, cluster_count=2))


def cascade(validation_id: str) -> pb.CascadeRequest:
    return pb.CascadeRequest(
        dataset_id="ds",
        validation_id=validation_id,
        sample_s3_path="s3://bucket/x",
        config=pb.CascadeConfig(preset="nano"),
    )


async def health_becomes(channel: grpc.aio.Channel, wanted: int, service: str = "") -> None:
    stub = health_pb2_grpc.HealthStub(channel)
    for _ in range(500):
        answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
        if answer.status == wanted:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"the health of {service!r} never became {wanted}")


# --- health and the API server ----------------------------------------------------------------


async def test_health_of_every_service(channel: grpc.aio.Channel) -> None:
    for service in ("", *SERVICES):
        await health_becomes(channel, SERVING, service)
    assert set(SERVICES) == {"validation.ValidationEngine", "validation.CollapseEngine"}


async def test_a_replica_without_the_api_server_is_not_serving_and_recovers(
    facade: Facade, channel: grpc.aio.Channel, engine: Any, cluster: FakeCluster
) -> None:
    await health_becomes(channel, SERVING)
    stream = engine.TrainCascade(cascade("v"))
    await stream.read()
    await cluster.set_down(True)
    await health_becomes(channel, NOT_SERVING)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await engine.PreScreenRisk(SCREEN)
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await _to_the_end(stream)
    assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
    await cluster.set_down(False)
    await health_becomes(channel, SERVING)
    assert (await engine.PreScreenRisk(SCREEN)).should_proceed


async def _to_the_end(stream: Any) -> None:
    while await stream.read() is not grpc.aio.EOF:
        pass


async def test_a_failed_create_is_unavailable_at_once(facade: Facade, engine: Any, cluster: FakeCluster) -> None:
    await facade.store.wait_synced()
    cluster.down = True
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _to_the_end(engine.TrainCascade(cascade("v")))
    assert refused.value.code() == grpc.StatusCode.UNAVAILABLE


async def test_probes_tell_readiness_and_liveness_apart(cluster: FakeCluster) -> None:
    async with Facade(options(probe_port=0), cluster, QUICK) as replica:
        address = f"http://127.0.0.1:{replica.probe_port}"
        async with aiohttp.ClientSession() as session:

            async def status(path: str) -> int:
                async with session.get(f"{address}{path}") as answer:
                    return answer.status

            async def becomes(path: str, wanted: int) -> None:
                while await status(path) != wanted:
                    await asyncio.sleep(0.02)

            await becomes("/readyz", 200)
            await cluster.set_down(True)
            await becomes("/readyz", 503)
            assert await status("/healthz") == 200
            assert await status("/metrics") == 404


# --- limits -----------------------------------------------------------------------------------


async def test_too_many_streams_and_a_place_that_is_freed(cluster: FakeCluster) -> None:
    async with (
        Facade(options(max_streams=2), cluster, QUICK) as replica,
        grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as channel,
    ):
        engine = pb_grpc.ValidationEngineStub(channel)
        open_streams = [engine.TrainCascade(cascade(f"v-{number}")) for number in range(2)]
        for stream in open_streams:
            await stream.read()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await engine.TrainCascade(cascade("v-3")).read()
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await engine.PreScreenRisk(SCREEN)).should_proceed  # other calls have their own limit
        assert cluster.names() == {"v-0", "v-1"}
        open_streams[0].cancel()
        for _ in range(200):
            again = engine.TrainCascade(cascade("v-3"))
            try:
                await again.read()
                break
            except grpc.aio.AioRpcError:
                await asyncio.sleep(0.02)
        assert "v-3" in cluster.names()


async def test_too_many_waiting_calls(cluster: FakeCluster) -> None:
    async with (
        Facade(options(max_calls=1), cluster, QUICK) as replica,
        grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as channel,
    ):
        engine = pb_grpc.ValidationEngineStub(channel)
        request = pb.DiversityRequest(dataset_id="ds", s3_path="s3://bucket/x")
        waiting = asyncio.ensure_future(engine.AnalyzeDiversity(request, timeout=20))
        while not cluster.names():
            await asyncio.sleep(0.02)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await engine.PreScreenRisk(SCREEN)
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        await health_becomes(channel, SERVING)  # health is answered at any load
        waiting.cancel()


async def test_a_message_beyond_the_limit_is_refused(engine: Any) -> None:
    curve = [1.0] * 3_000_000
    request = pb.CollapseRequest(dataset_id="d", validation_id="v", cascade_results=[pb.ModelResult(loss_curve=curve)])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await engine.GetPredictions(pb.PredictionRequest.FromString(request.SerializeToString()))
    assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


# --- failures of ours -------------------------------------------------------------------------


async def test_an_unexpected_failure_is_internal_and_tells_nothing(
    facade: Facade, engine: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(facade.runs, "profiled", broken)
    with caplog.at_level(logging.ERROR), pytest.raises(grpc.aio.AioRpcError) as told:
        await engine.PreScreenRisk(SCREEN)
    assert told.value.code() == grpc.StatusCode.INTERNAL
    assert told.value.details() == "internal error"
    assert "hunter2" in caplog.text  # but the log has it all


def test_a_log_line_is_json_with_its_fields() -> None:
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "call ended", "method": "/a/B"})
    line = json.loads(logs.JsonFormatter().format(record))
    assert (line["message"], line["level"], line["method"]) == ("call ended", "info", "/a/B")


# --- reflection -------------------------------------------------------------------------------


async def test_a_client_without_generated_code_runs_a_cascade(facade: Facade, cluster: FakeCluster) -> None:
    await facade.store.wait_synced()
    seen = await asyncio.to_thread(_by_reflection, f"127.0.0.1:{facade.port}", cluster, asyncio.get_running_loop())
    assert [m["state"] for m in seen][-1] == "done"
    assert [(m["result"]["tier"], m["result"]["variant"]) for m in seen if "result" in m] == [(1, 1), (1, 2)]


def _by_reflection(target: str, cluster: FakeCluster, loop: asyncio.AbstractEventLoop) -> list[dict[str, Any]]:
    """Like grpcurl: everything it knows of the service it has from the server. Synchronous, hence a thread."""

    def operator(work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(20)

    with grpc.insecure_channel(target) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert {*SERVICES, "grpc.health.v1.Health"} <= set(database.get_services())
        service = DescriptorPool(database).FindServiceByName("validation.ValidationEngine")
        method = service.methods_by_name["TrainCascade"]
        body = {
            "dataset_id": "ds",
            "validation_id": "reflected",
            "sample_s3_path": "s3://bucket/x",
            "config": {"preset": "nano"},
        }
        request: Any = ParseDict(body, GetMessageClass(method.input_type)())
        call: Any = channel.unary_stream(
            "/validation.ValidationEngine/TrainCascade",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        seen: list[dict[str, Any]] = []
        for message in call(request, timeout=20):
            if not seen:
                operator(cluster.tier("reflected", 1, phase="Complete", results=[model(1, 1), model(1, 2)]))
                operator(cluster.status("reflected", phase="Judging"))
            seen.append(MessageToDict(message, preserving_proto_field_name=True))
        return seen


# --- the end ----------------------------------------------------------------------------------


async def test_stopping_ends_waits_as_unavailable(cluster: FakeCluster) -> None:
    async with Facade(options(), cluster, QUICK._replace(heartbeat=60)) as replica:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as channel:
            stream = pb_grpc.ValidationEngineStub(channel).TrainCascade(cascade("v"))
            await stream.read()
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            while (await watch.read()).status != SERVING:
                pass
            stopping = asyncio.ensure_future(replica.stop())
            assert (await watch.read()).status == NOT_SERVING
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await _to_the_end(stream)
            assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
            await stopping
        assert cluster.watching == 0


async def test_every_interface_is_the_default(cluster: FakeCluster) -> None:
    plain = options_module.parse(["--no-mtls", "--port", "0", "--probe-port", "0", "--namespace", "default"])
    async with Facade(plain, cluster, QUICK) as replica:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{replica.port}") as channel:
            await health_becomes(channel, SERVING)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://localhost:{replica.probe_port}/healthz") as answer,
        ):
            assert answer.status == 200


async def test_a_port_in_use_is_a_usage_error(facade: Facade, cluster: FakeCluster) -> None:
    with pytest.raises(UsageError, match=str(facade.port)):
        async with Facade(options(port=facade.port), cluster, QUICK):
            pass


# --- the command line -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--use-mtls", "--no-mtls"],
        ["--no-mtls", "--port", "70000"],
        ["--no-mtls", "--max-streams", "0"],
        ["--no-mtls", "--allowed-client-name", "backend"],
        ["--no-mtls", "--unknown"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        options_module.parse(arguments)
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_documented_command_lines() -> None:
    secure = options_module.parse(["--port", "50051", "--use-mtls", "--cert-dir", "/etc/synthos/certs"])
    assert (secure.port, secure.cert_dir) == (50051, Path("/etc/synthos/certs"))
    plain = options_module.parse(["--no-mtls", "--namespace", "demo"])
    assert (plain.port, plain.cert_dir, plain.namespace) == (50051, None, "demo")
    assert options_module.parse(["--no-mtls", "--host", "::1"]).host == "[::1]"
    named = options_module.parse(["--use-mtls", "--allowed-client-name=a", "--allowed-client-name=b"])
    assert named.allowed_client_names == {"a", "b"}


def test_certificates_that_are_not_there_end_the_process_with_a_message(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "x",
            }
        ),
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "synthos_operator.facade", "--use-mtls", "--cert-dir", str(tmp_path), "--port", "0"],
        env={"KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "ca.crt" in done.stderr
    assert "Traceback" not in done.stderr

"""A dataset that cannot be read: the same error in the run's condition, on the wire, and in the exit of the CLI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hack.deploy import BUCKET, Deployment
from hack.runs import Runs, condition, phase
from synthos_operator.facade.client import open_channel
from synthos_operator.facade.pb import validation_pb2, validation_pb2_grpc
from tests.e2e.support import eventually

SECONDS = 120
BAD = {
    "missing.parquet": (None, 1001),
    "empty.csv": (b"", 1004),
    "noise.bin": (bytes(range(256)) * 8, 1003),
    "broken.jsonl": (b'{"text": "a"}\n{"text": "b"}\n{"text": "c\n', 1005),
}


@pytest.fixture(scope="module")
def truncated(data: Path) -> bytes:
    whole = (data / "healthy.parquet").read_bytes()
    return whole[: len(whole) // 2]


def put(deployment: Deployment, file: str, content: bytes | None) -> str:
    if content is not None:
        deployment.s3_client().put_object(Bucket=BUCKET, Key=f"bad/{file}", Body=content)
    return f"s3://{BUCKET}/bad/{file}"


def on_the_wire(deployment: Deployment, name: str, uri: str) -> tuple[int, str]:
    """The error of TrainCascade for the run that has failed already."""
    request = validation_pb2.CascadeRequest(
        dataset_id=name, validation_id=name, sample_s3_path=uri, config=validation_pb2.CascadeConfig(preset="nano")
    )
    with deployment.forward_facade() as target, open_channel(target, deployment.certificates) as channel:
        stub = validation_pb2_grpc.ValidationEngineStub(channel)
        last = list(stub.TrainCascade(request, timeout=60))[-1]
    return last.error.code, last.error.message


def by_the_cli(deployment: Deployment, uri: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "synthos"), "validate", uri, "--json", "--out", str(folder)],
        env={**deployment.cluster.environment(), **deployment.s3.environment()},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    error = json.loads(done.stdout)["error"]
    return error["code"], error["message"]


@pytest.mark.parametrize("file", [*BAD, "truncated.parquet"])
def test_bad_data_fails_the_same_way_everywhere(
    deployment: Deployment, runs: Runs, truncated: bytes, name: str, file: str, tmp_path: Path
) -> None:
    content, code = BAD.get(file, (truncated, 1005))
    uri = put(deployment, file, content)
    runs.create(name, {"datasetId": name, "validationId": name, "dataset": {"uri": uri}, "cascade": {"preset": "nano"}})
    run = runs.wait_finished(name, SECONDS)
    assert phase(run) == "Failed"
    failed = condition(run, "Failed")
    assert failed is not None
    assert failed["status"] == "True"
    assert str(code) in failed["message"]
    assert uri in failed["message"]
    error = run["status"]["error"]
    assert error["code"] == code
    assert on_the_wire(deployment, name, uri) == (code, error["message"])
    assert by_the_cli(deployment, uri, tmp_path) == (code, error["message"])


def test_a_file_that_may_not_be_read_is_forbidden(runs: Runs, name: str) -> None:
    """The pod's user may not read this file of its own image."""
    runs.create(name, {"dataset": {"uri": "file:///etc/shadow"}, "cascade": {"preset": "nano"}})
    run = runs.wait_finished(name, SECONDS)
    assert run["status"]["error"]["code"] == 1002
    assert "/etc/shadow" in run["status"]["error"]["message"]
    assert not run["status"]["error"]["retryable"]


def test_the_place_of_a_broken_line_is_told(deployment: Deployment, runs: Runs, name: str) -> None:
    uri = put(deployment, "place.jsonl", b'{"text": "a"}\n' * 40 + b'{"text": \n')
    runs.create(name, {"dataset": {"uri": uri}, "cascade": {"preset": "nano"}})
    run = runs.wait_finished(name, SECONDS)
    assert "row 40" in run["status"]["error"]["message"]
    events = eventually(lambda: runs.events(name), 20, "events of the run")
    assert any("1005" in event["message"] for event in events)

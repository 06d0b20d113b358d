"""For every test of the engine: a real S3 server on loopback, and a first rung whose networks train shortly."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from synthos_engine.cascade import network_readings
from synthos_engine.data.s3 import s3_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_bucket_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def short_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the steps: what the networks add to the verdict is CollapseBench's to measure."""
    monkeypatch.setattr(network_readings, "MOST_STEPS", 40)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Credentials and nothing else from AWS's environment."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture
def s3(s3_server: str, s3_environment: pytest.MonkeyPatch) -> S3Client:
    s3_environment.setenv("AWS_ENDPOINT_URL", s3_server)
    return s3_client()


@pytest.fixture
def bucket(s3: S3Client) -> str:
    name = f"bucket-{next(_bucket_numbers)}"
    s3.create_bucket(Bucket=name)
    return name

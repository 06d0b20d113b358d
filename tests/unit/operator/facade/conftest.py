"""A replica of the facade in this process, on loopback, in front of a namespace in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio

from synthos_operator.facade.options import Options
from synthos_operator.facade.pb import validation_pb2_grpc as pb_grpc
from synthos_operator.facade.runs import Limits
from synthos_operator.facade.serve import Facade

from .fakes import FakeCluster


def options(**changes: Any) -> Options:
    plain = Options(
        host="127.0.0.1",
        port=0,
        probe_port=None,
        cert_dir=None,
        allowed_client_names=frozenset(),
        namespace="default",
        max_streams=64,
        max_calls=64,
    )
    return plain._replace(**changes)


QUICK = Limits(heartbeat=0.2, longest_wait=30, down_after=0.3, sync_wait=1.0)


@pytest_asyncio.fixture
async def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def limits() -> Limits:
    return QUICK


@pytest_asyncio.fixture
async def facade(cluster: FakeCluster, limits: Limits) -> AsyncIterator[Facade]:
    async with Facade(options(), cluster, limits) as replica:
        yield replica


@pytest_asyncio.fixture
async def channel(facade: Facade) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{facade.port}") as opened:
        yield opened


@pytest.fixture
def engine(channel: grpc.aio.Channel) -> Any:
    return pb_grpc.ValidationEngineStub(channel)


@pytest.fixture
def collapse_engine(channel: grpc.aio.Channel) -> Any:
    return pb_grpc.CollapseEngineStub(channel)

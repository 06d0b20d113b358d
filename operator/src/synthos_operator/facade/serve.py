"""Assembly, start and stop of the facade."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any, Final, Self

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from synthos_api.errors import UsageError
from synthos_operator.kube.client import KubeClient

from .cluster import Cluster, NamespacedCluster
from .guard import Admission, Guard
from .options import Options
from .pb import validation_pb2 as pb
from .pb import validation_pb2_grpc as pb_grpc
from .probes import Probes
from .runs import Limits, Runs
from .server import CollapseEngine, ValidationEngine
from .store import Store
from .tls import Rotating

log = logging.getLogger(__name__)

SERVICES: Final = tuple(service.full_name for service in pb.DESCRIPTOR.services_by_name.values())
GRACE_SECONDS: Final = 5.0
HEALTH_CHECK_SECONDS: Final = 1.0
MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""The largest honest request: 18 results with their curves, and a localization, are far below it."""

CHANNEL_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_concurrent_streams", 2048),
    # A dead client is found within half a minute, also behind a NAT that forgets idle connections.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Clients may ping as often, while the defaults would cut them off.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
    # Two processes on one port would share calls silently; the second shall fail instead.
    ("grpc.so_reuseport", 0),
)


class Facade:
    """One replica: the store, the server, and the health of both. Used with `async with`.

    A server that nobody stops keeps its threads, and with them the process.
    """

    def __init__(self, options: Options, cluster: Cluster, limits: Limits | None = None) -> None:
        self._options = options
        self._limits = limits or Limits()
        self.store = Store(cluster)
        self.runs = Runs(self.store, cluster, self._limits)
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined] # not in its __all__
        self._server = self._make_server()
        self._probes = Probes(lambda: self.serving)
        self.serving = False
        self._tasks: list[asyncio.Task[None]] = []
        self.port = 0
        self.probe_port = 0

    def _make_server(self) -> Any:
        options = self._options
        admission = Admission(options.max_streams, options.max_calls, options.allowed_client_names)
        server = grpc.aio.server(interceptors=[Guard(admission)], options=CHANNEL_OPTIONS)
        pb_grpc.add_ValidationEngineServicer_to_server(ValidationEngine(self.runs), server)
        pb_grpc.add_CollapseEngineServicer_to_server(CollapseEngine(self.runs), server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = (*SERVICES, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, server)
        return server

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen and begin to watch. Raises UsageError when a port or a certificate cannot be used."""
        options = self._options
        await self._set_health(serving=False)
        credentials = Rotating(options.cert_dir).credentials() if options.cert_dir else None
        self.port = _listen(self._server, options.host, options.port, credentials)
        if options.probe_port is not None:
            self.probe_port = await self._probes.start(options.host, options.probe_port)
        await self._server.start()
        self._tasks = [asyncio.create_task(self.store.run()), asyncio.create_task(self._watch_health())]
        ports = {"port": self.port, "probe_port": self.probe_port or None}
        log.info("listening", extra={**ports, "mtls": bool(credentials), "namespace": options.namespace})

    async def failed(self) -> None:
        """Return only by raising: a background task that ended is a defect."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        raise RuntimeError("a background task of the facade ended")

    async def stop(self) -> None:
        """NOT_SERVING first, then end the waits (their clients call another replica), then the server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.serving = False
        await self._health.enter_graceful_shutdown()
        self.store.close()
        await self._server.stop(GRACE_SECONDS)
        await self._probes.stop()
        log.info("stopped")

    async def _watch_health(self) -> None:
        while True:
            now = self.store.synced and self.store.down_seconds() <= self._limits.down_after
            if now != self.serving:
                await self._set_health(serving=now)
                log.log(logging.INFO if now else logging.WARNING, "health changed", extra={"serving": now})
            await asyncio.sleep(HEALTH_CHECK_SECONDS)

    async def _set_health(self, *, serving: bool) -> None:
        self.serving = serving
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for service in ("", *SERVICES):
            await self._health.set(service, status)


def _listen(server: Any, host: str, port: int, credentials: grpc.ServerCredentials | None) -> int:
    address = f"{host}:{port}"
    try:
        bound = server.add_secure_port(address, credentials) if credentials else server.add_insecure_port(address)
    except RuntimeError as error:
        raise UsageError(f"cannot listen on {address}: {error}") from error
    if not bound:
        raise UsageError(f"cannot listen on {address}")
    return int(bound)


async def serve(options: Options) -> None:
    """Run until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with (
        await KubeClient.connect() as client,
        Facade(options, NamespacedCluster(client, options.namespace)) as facade,
    ):
        failed = asyncio.create_task(facade.failed())
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({failed, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if failed.done():
                failed.result()
        finally:
            failed.cancel()
            stopped.cancel()

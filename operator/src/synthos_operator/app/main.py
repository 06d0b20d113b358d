"""Start-up and shutdown of the operator process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import uuid
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthos_operator.config import OperatorConfig
from synthos_operator.kube.client import RUNS, ApiError, KubeClient
from synthos_operator.kube.executor import Executor
from synthos_operator.kube.gather import ApiReader
from synthos_operator.kube.lease import Lease
from synthos_operator.kube.progress import ProgressPuller

from .controller import Controller, Workers
from .health import Health
from .watching import Watching

log = logging.getLogger(__name__)
NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
STOP_SECONDS = 10
API_RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class Options:
    """`namespaces` None means all."""

    config: OperatorConfig
    namespaces: list[str] | None
    health_host: str
    health_port: int


def own_namespace() -> str:
    """Of this pod; `default` outside a cluster."""
    if given := os.environ.get("POD_NAMESPACE"):
        return given
    with contextlib.suppress(OSError):
        return NAMESPACE_FILE.read_text(encoding="utf-8").strip()
    return "default"


async def operate(options: Options) -> int:
    """Run until SIGTERM (exit status 0), or until the lease, the watches or the workers are lost (1)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    health = Health(options.health_host, options.health_port)
    await health.start()
    try:
        async with await KubeClient.connect() as client:
            return await _lead(client, options, health, stop)
    finally:
        await health.stop()


async def _lead(client: KubeClient, options: Options, health: Health, stop: asyncio.Event) -> int:
    settings = options.config.lease
    lease = Lease(
        client,
        settings,
        namespace=settings.namespace or own_namespace(),
        identity=f"{os.environ.get('POD_NAME') or socket.gethostname()}_{uuid.uuid4().hex[:8]}",
    )
    if not await _unless(stop, _api_answers(client, options.namespaces)) or not await _unless(stop, lease.acquire()):
        return 0
    health.leading = True
    holding = asyncio.create_task(lease.hold())
    working = asyncio.create_task(_work(client, options, stop))
    await asyncio.wait([holding, working], return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        # Another replica may lead by now. Leave at once: not one more write.
        log.critical("lease lost, leaving")
        os._exit(1)
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    await lease.release()
    return await working


async def _work(client: KubeClient, options: Options, stop: asyncio.Event) -> int:
    """Watch and reconcile until told to stop (0), or until the watches or the workers end by themselves (1).

    A leader without either would do nothing and keep the lease from a replica that could.
    """
    config = options.config
    executor, puller = Executor(client), ProgressPuller(config.timing, config.progress_port)
    controller = Controller(client, ApiReader(client), puller, config, executor)
    workers = Workers(controller, client, config, options.namespaces, executor=executor, puller=puller)
    watching = Watching(workers.queue.add, options.namespaces, asyncio.get_running_loop())
    watching.start()
    running = asyncio.create_task(workers.run())
    log.info("started", extra={"namespaces": options.namespaces or "all"})
    try:
        ended = await _unless(stop, _either(watching.ended, running))
    finally:
        watching.stop()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(watching.join, STOP_SECONDS)
        await puller.close()
    if not ended:
        return 0
    if watching.ended.is_set():
        log.critical("the watches ended", extra={"problem": repr(watching.problem)})
    else:
        log.critical("the workers ended", exc_info=running.exception())
    return 1


async def _either(event: asyncio.Event, task: asyncio.Task[None]) -> None:
    """Until the event is set or the task has ended, however; the task is left as it is."""
    setting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait([setting, task], return_when=asyncio.FIRST_COMPLETED)
    finally:
        setting.cancel()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Whether `work` ended before `stop` was set; it is cancelled otherwise."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    task.result()
    return True


async def _api_answers(client: KubeClient, namespaces: list[str] | None) -> None:
    """Wait until ValidationRuns can be listed: an operator that starts before its CRDs would watch nothing."""
    while True:
        try:
            for namespace in namespaces if namespaces is not None else [None]:
                await client.list(RUNS, namespace)
        except ApiError as error:
            log.warning("ValidationRuns cannot be listed yet", extra={"problem": str(error)})
            await asyncio.sleep(API_RETRY_SECONDS)
        else:
            return

"""One look at one run: gather, reconcile, carry out. And the workers that do so for all runs."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from synthos_operator.config import OperatorConfig
from synthos_operator.kube.client import RUNS, ApiError, Conflict, KubeClient, Unavailable
from synthos_operator.kube.executor import Executor
from synthos_operator.kube.gather import Reader, Reports, gather
from synthos_operator.kube.progress import ProgressPuller
from synthos_operator.reconcile.reconcile import reconcile

from .queue import WorkQueue

log = logging.getLogger(__name__)
FORGET_AFTER = timedelta(minutes=10)


class RunKey(NamedTuple):
    namespace: str
    name: str


class Controller:
    """Drives runs. Holds no state that a restart would miss: only throttles and the last progress answers."""

    def __init__(
        self, client: KubeClient, reader: Reader, reports: Reports, config: OperatorConfig, executor: Executor
    ) -> None:
        self._client = client
        self._reader = reader
        self._reports = reports
        self._config = config
        self._executor = executor

    async def look(self, key: RunKey, now: datetime | None = None) -> float | None:
        """Bring one run forward; seconds until the next look is due, None if only an event can change anything.

        Raises ApiError when the pass could not be finished; repeating it is always safe.
        """
        now = now or datetime.now(UTC)
        gathered = await gather(
            self._reader,
            self._reports,
            self._config,
            namespace=key.namespace,
            name=key.name,
            written=self._executor.written,
            now=now,
        )
        if gathered is None:
            return None
        plan = reconcile(gathered.observed, now)
        obstacles = await self._executor.act(plan, gathered.observed.run)
        if obstacles:
            observed = replace(gathered.observed, foreign=tuple(obstacles.foreign), refused=tuple(obstacles.refused))
            gathered = replace(gathered, observed=observed)
            plan = reconcile(observed, now)
            await self._executor.act(plan, observed.run)
        await self._executor.write(plan, gathered, now)
        return plan.requeue_after


class Workers:
    """`config.workers` looks at a time, each run by one worker only; all runs again at every resync."""

    def __init__(
        self,
        controller: Controller,
        client: KubeClient,
        config: OperatorConfig,
        namespaces: list[str] | None,
        *,
        executor: Executor | None = None,
        puller: ProgressPuller | None = None,
    ) -> None:
        self.queue: WorkQueue[RunKey] = WorkQueue()
        self._controller = controller
        self._client = client
        self._config = config
        self._namespaces = namespaces
        self._executor = executor
        self._puller = puller

    async def run(self) -> None:
        """Until cancelled; a look under way is then finished first. Raises what a worker died of: none ever should."""
        stopping = asyncio.Event()
        tasks = [asyncio.create_task(self._work(stopping)) for _ in range(self._config.workers)]
        tasks.append(asyncio.create_task(self._resync_forever()))
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            stopping.set()
            self.queue.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def resync(self) -> None:
        """Queue every run. What a missed event hid, is found here."""
        for namespace in self._namespaces if self._namespaces is not None else [None]:
            runs, _ = await self._client.list(RUNS, namespace)
            for run in runs:
                self.queue.add(RunKey(run["metadata"]["namespace"], run["metadata"]["name"]))

    async def _resync_forever(self) -> None:
        while True:
            try:
                await self.resync()
            except ApiError as error:
                log.warning("resync failed", extra={"problem": str(error)})
            except Exception:  # one pass is not worth the loop: without it, missed events stay missed
                log.exception("resync failed")
            past = datetime.now(UTC) - FORGET_AFTER
            for memory in (self._executor, self._puller):
                if memory is not None:
                    memory.forget_before(past)
            await asyncio.sleep(self._config.timing.resync_seconds)

    async def _work(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            key = await self.queue.take()
            look = asyncio.create_task(self._look(key))
            try:
                await asyncio.shield(look)
            except asyncio.CancelledError:
                await asyncio.wait([look], timeout=5)
                raise

    async def _look(self, key: RunKey) -> None:
        try:
            after = await self._controller.look(key)
        except (Conflict, Unavailable) as error:
            delay = self.queue.failed(key)
            log.info("look again", extra={"run": "/".join(key), "problem": str(error), "seconds": delay})
        except Exception:
            delay = self.queue.failed(key)
            log.exception("look failed", extra={"run": "/".join(key), "seconds": delay})
        else:
            self.queue.done(key, again_after=after)

"""What the calls have in common: make sure of a run, find one, follow one, wait for something of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from synthos_api.errors import ErrorInfo, ResourceError, SynthosError, UsageError
from synthos_api.v1alpha1 import ValidationRunSpec
from synthos_operator.kube.client import AlreadyExists, ApiError
from synthos_operator.kube.client import Unavailable as KubeUnavailable

from .cluster import RUNS, TIERS, Cluster
from .failures import InvalidRequest, OutOfTime, Unavailable
from .names import validation_run_name
from .objects import RunObject, Snapshot, TierObject
from .requests import check_same
from .store import Store

T = TypeVar("T")

MAX_REPEATS = 1000
REPEAT_AFTER_SECONDS = 60
"""How long a failed profile answers for itself; after it an identical call starts another one."""


class Limits(NamedTuple):
    """Seconds."""

    heartbeat: float = 5.0
    """Longest silence of a stream; half of what the contract allows, so that a busy moment does not break it."""

    longest_wait: float = 3600.0
    """Of a call without a deadline."""

    down_after: float = 30.0
    """Calls fail as UNAVAILABLE when the API server has been out of reach for longer."""

    sync_wait: float = 10.0
    """How long a call waits for a replica that has just started."""


class RunFailed(SynthosError):
    """A run ended in an error, which is passed on as it is."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(info.message)
        self.info = info


class Runs:
    """Reads from the store's cache; only `ensure` writes, and only a cache miss asks the API server."""

    def __init__(self, store: Store, cluster: Cluster, limits: Limits | None = None) -> None:
        self._store = store
        self._cluster = cluster
        self.limits = limits or Limits()

    async def ready(self) -> None:
        """Raise Unavailable unless this replica's view is complete and current."""
        if self._store.closing.is_set():
            raise Unavailable("this replica is shutting down; call again")
        if not self._store.synced:
            try:
                async with asyncio.timeout(self.limits.sync_wait):
                    await self._store.wait_synced()
            except TimeoutError:
                raise Unavailable("the Kubernetes API cannot be reached") from None
        if self._store.down_seconds() > self.limits.down_after:
            raise Unavailable("the Kubernetes API cannot be reached")

    # --- finding -----------------------------------------------------------------------------

    async def named(self, name: str) -> RunObject | None:
        """The run of that name; a cache miss is checked with the API server, as the cache may lag."""
        if run := self._store.run_named(name):
            return run
        with _reaching():
            raw = await self._cluster.get(RUNS, name)
        return RunObject(raw) if raw else None

    async def of_validation(self, validation_id: str) -> RunObject | None:
        """The run of a validation id: by its derived name, else one made with kubectl that carries the id."""
        run = self._store.run_named(validation_run_name(validation_id))
        if run and run.validation_id == validation_id:
            return run
        carrying = (r for r in self._store.runs() if r.validation_id == validation_id)
        if first := min(carrying, key=lambda r: (r.created, r.name), default=None):
            return first
        run = await self.named(validation_run_name(validation_id))
        return run if run and run.validation_id == validation_id else None

    def profiled(self, dataset_id: str) -> RunObject | None:
        """The newest run of the dataset that has a profile."""
        found = (run for run in self._store.runs() if run.dataset_id == dataset_id and run.has_profile)
        return max(found, key=lambda run: (run.created, run.name), default=None)

    # --- making ------------------------------------------------------------------------------

    async def ensure(self, name: str, spec: ValidationRunSpec) -> RunObject:
        """The run of that name, created if there is none.

        Raises UsageError (1009) when it exists and answers another question, InvalidRequest when the API
        server's rules refuse the spec, ResourceError (3000) at a quota, Unavailable.
        """
        existing = await self.named(name)
        if existing is None:
            try:
                return RunObject(await self._create(name, spec))
            except AlreadyExists:  # another replica, or the same caller twice, was faster
                existing = await self.named(name)
        if existing is None:
            raise Unavailable("the run was deleted while it was being created; call again")
        check_same(spec, existing)
        return existing

    async def ensure_again(self, name_of: Callable[[int], str], spec: ValidationRunSpec) -> RunObject:
        """Like `ensure`, but a failure that is old enough to try again is followed by a numbered new run.

        For runs whose name the caller cannot choose: nothing deletes them here, so without this one
        missing dataset would be missing for ever. All replicas count alike, from what they see.
        """
        for number in range(1, MAX_REPEATS + 1):
            run = await self.ensure(name_of(number), spec)
            if not _may_be_repeated(run, datetime.now(UTC)):
                break
        return run

    async def _create(self, name: str, spec: ValidationRunSpec) -> dict[str, object]:
        with _reaching():
            try:
                return await self._cluster.create_run(name, spec.to_kube())
            except ApiError as error:
                if error.status == 422:
                    raise InvalidRequest(error.message) from error
                if error.status == 403 and "exceeded quota" in error.message:
                    raise ResourceError("the namespace's quota allows no further ValidationRun") from error
                raise

    # --- following ---------------------------------------------------------------------------

    async def follow(self, run: RunObject) -> AsyncGenerator[Snapshot]:
        """The run and its tiers: at once, after every change, and at least every `heartbeat` seconds.

        Changes that come faster than they are consumed are merged; the latest state is never missed.
        Raises UsageError when the run is deleted, Unavailable on shutdown or loss of the API server.
        """
        with self._store.subscribe(run.name) as changed:
            while True:
                changed.clear()
                await self.ready()
                yield self._store.snapshot(await self._current(run))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self.limits.heartbeat):
                        await changed.wait()

    async def _current(self, run: RunObject) -> RunObject:
        latest = await self.named(run.name)
        if latest is None or (run.uid and latest.uid != run.uid):
            raise UsageError(f"the run {run.name} was deleted")
        return latest

    async def complete(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot of a finished cascade, with tiers fetched where the cache lags behind the run's."""
        tiers = {tier.name: tier for tier in snapshot.tiers}
        for summary in snapshot.run.status.tiers:
            known = tiers.get(summary.name)
            if known is None or len(known.status.results) < summary.models_completed:
                with _reaching():
                    raw = await self._cluster.get(TIERS, summary.name)
                if raw:
                    tiers[summary.name] = TierObject(raw)
        return Snapshot(snapshot.run, tuple(sorted(tiers.values(), key=lambda tier: tier.tier)))

    async def wait(self, run: RunObject, wanted: Callable[[Snapshot], T | None], remaining: float | None) -> T:
        """The first value of `wanted` that is not None. Raises OutOfTime when the caller's time is over."""
        limit = min(self.limits.longest_wait, remaining if remaining is not None else self.limits.longest_wait)
        try:
            async with asyncio.timeout(limit), contextlib.aclosing(self.follow(run)) as snapshots:
                async for snapshot in snapshots:
                    value = wanted(snapshot)
                    if value is not None:
                        return value
        except TimeoutError:
            raise OutOfTime(f"the run {run.name} goes on; call again to wait for it") from None
        raise AssertionError("follow() ends only by raising")


def _may_be_repeated(run: RunObject, now: datetime) -> bool:
    """Whether the run failed, and long enough ago that its callers had time to see the error."""
    status = run.status
    if status.phase != "Failed" or not status.finished_at:
        return False
    wait = max(REPEAT_AFTER_SECONDS, status.error.retry_after_seconds if status.error else 0)
    return (now - datetime.fromisoformat(status.finished_at)).total_seconds() > wait


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    """Around a request: an API server that does not answer is the caller's UNAVAILABLE."""
    try:
        yield
    except KubeUnavailable as error:
        raise Unavailable("the Kubernetes API cannot be reached") from error

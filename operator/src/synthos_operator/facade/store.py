"""One list-and-watch per kind and replica, the cache it feeds, and the calls that wait on it.

Subscribers get no events, only "look again": whoever is slow sees the latest state when it looks,
holds no queue, and delays nobody. The order is the one that makes lists and watches lossless: list,
then watch from the list's resource version; 410 Gone or any failure: list again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synthos_operator.kube.client import ApiError, Gone

from .cluster import RUNS, TIERS, Cluster, Resource
from .objects import KubeObject, RunObject, Snapshot, TierObject

log = logging.getLogger(__name__)

SHORT_WATCH_SECONDS = 1.0
"""A watch that ends sooner counts as failed: opening it again at once would be a busy loop."""


class Backoff(NamedTuple):
    """Seconds between attempts to reach the API server: doubling, with jitter."""

    first: float = 0.2
    longest: float = 15.0

    def delay(self, failures: int) -> float:
        bound: float = min(self.longest, self.first * 2 ** min(failures, 16))
        return bound * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing


class Store:
    """The replica's view of the namespace. `run()` keeps it current; the rest only reads it."""

    def __init__(self, cluster: Cluster, backoff: Backoff | None = None) -> None:
        self._cluster = cluster
        self._backoff = backoff or Backoff()
        self._runs: dict[str, RunObject] = {}
        self._tiers: dict[str, TierObject] = {}
        self._tiers_of: dict[str, set[str]] = defaultdict(set)
        self._subscribers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._synced = {RUNS: asyncio.Event(), TIERS: asyncio.Event()}
        self._lost_at: dict[Resource, float | None] = {RUNS: None, TIERS: None}
        self.closing = asyncio.Event()

    # --- reading -----------------------------------------------------------------------------

    @property
    def synced(self) -> bool:
        return all(event.is_set() for event in self._synced.values())

    async def wait_synced(self) -> None:
        for event in self._synced.values():
            await event.wait()

    def down_seconds(self) -> float:
        """Since when there has been no contact with the API server; 0 while there is."""
        lost = [at for at in self._lost_at.values() if at is not None]
        return asyncio.get_running_loop().time() - min(lost) if lost else 0.0

    def run_named(self, name: str) -> RunObject | None:
        return self._runs.get(name)

    def runs(self) -> Iterator[RunObject]:
        return iter(tuple(self._runs.values()))

    def snapshot(self, run: RunObject) -> Snapshot:
        """`run` with those tiers that its operator made for it (a namesake's are left out)."""
        tiers = (self._tiers[name] for name in self._tiers_of.get(run.name, ()))
        return Snapshot(run, tuple(sorted((t for t in tiers if _owned_by(t, run)), key=lambda t: t.tier)))

    @contextlib.contextmanager
    def subscribe(self, run_name: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the run or one of its tiers changed; the reader clears it."""
        changed = asyncio.Event()
        self._subscribers[run_name].add(changed)
        try:
            yield changed
        finally:
            self._subscribers[run_name].discard(changed)
            if not self._subscribers[run_name]:
                del self._subscribers[run_name]

    def close(self) -> None:
        """Wake everybody; who waits sees `closing`."""
        self.closing.set()
        for name in tuple(self._subscribers):
            self._notify(name)

    # --- keeping current ---------------------------------------------------------------------

    async def run(self) -> None:
        """Watch both kinds until cancelled."""
        async with asyncio.TaskGroup() as group:
            for resource in (RUNS, TIERS):
                group.create_task(self._follow(resource), name=f"watch {resource.plural}")

    async def _follow(self, resource: Resource) -> None:
        failures, version = 0, ""
        while True:
            try:
                if not version:
                    items, version = await self._cluster.list(resource)
                    self._replace(resource, items)
                self._connected(resource)
                opened_at = asyncio.get_running_loop().time()
                async for event in self._cluster.watch(resource, version):
                    version = str(event.object["metadata"]["resourceVersion"])
                    self._apply(resource, event.type, event.object)
                lasted = asyncio.get_running_loop().time() - opened_at
                failures = 0 if lasted >= SHORT_WATCH_SECONDS else failures + 1
            except Gone:
                version, failures = "", failures + 1
                log.info("resource version expired, listing again", extra={"resource": resource.plural})
            except ApiError as error:
                version, failures = "", failures + 1
                self._disconnected(resource)
                level = logging.WARNING if failures in (1, 10) else logging.DEBUG
                log.log(level, "watch lost", extra={"resource": resource.plural, "reason": str(error)})
            if failures:
                await asyncio.sleep(self._backoff.delay(failures))

    def _connected(self, resource: Resource) -> None:
        self._lost_at[resource] = None
        self._synced[resource].set()

    def _disconnected(self, resource: Resource) -> None:
        if self._lost_at[resource] is None:
            self._lost_at[resource] = asyncio.get_running_loop().time()

    def _replace(self, resource: Resource, items: Sequence[Mapping[str, Any]]) -> None:
        known: Mapping[str, KubeObject] = self._runs if resource == RUNS else self._tiers
        gone = set(known) - {str(item["metadata"]["name"]) for item in items}
        for name in gone:
            self._apply(resource, "DELETED", known[name].raw)
        for item in items:
            self._apply(resource, "MODIFIED", item)

    def _apply(self, resource: Resource, kind: str, raw: Mapping[str, Any]) -> None:
        if kind == "BOOKMARK":
            return
        if resource == RUNS:
            run = RunObject(raw)
            if kind == "DELETED":
                self._runs.pop(run.name, None)
            else:
                self._runs[run.name] = run
            self._notify(run.name)
        else:
            tier = TierObject(raw)
            if kind == "DELETED":
                self._tiers.pop(tier.name, None)
                self._tiers_of[tier.run_name].discard(tier.name)
                if not self._tiers_of[tier.run_name]:
                    del self._tiers_of[tier.run_name]
            else:
                self._tiers[tier.name] = tier
                self._tiers_of[tier.run_name].add(tier.name)
            self._notify(tier.run_name)

    def _notify(self, run_name: str) -> None:
        for changed in self._subscribers.get(run_name, ()):
            changed.set()


def _owned_by(tier: TierObject, run: RunObject) -> bool:
    owners = tier.raw["metadata"].get("ownerReferences") or []
    return any(owner.get("uid") == run.uid for owner in owners)

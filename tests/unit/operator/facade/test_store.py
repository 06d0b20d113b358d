"""The shared watch: one per kind whatever the number of clients, lossless over 410 and lost connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from synthos_operator.facade.cluster import RUNS, TIERS
from synthos_operator.facade.store import Backoff, Store

from .fakes import FakeCluster

SPEC = {"dataset": {"uri": "s3://bucket/x"}}


@pytest_asyncio.fixture
async def store(cluster: FakeCluster) -> AsyncIterator[Store]:
    watched = Store(cluster, Backoff(first=0.01, longest=0.05))
    task = asyncio.create_task(watched.run())
    await watched.wait_synced()
    yield watched
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def becomes(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never became true")


def phase(store: Store, name: str) -> str | None:
    run = store.run_named(name)
    return run.status.phase if run else None


async def test_what_was_there_before_and_what_comes_later(cluster: FakeCluster, store: Store) -> None:
    await cluster.put(RUNS, {"metadata": {"name": "a"}, "spec": SPEC})
    await becomes(lambda: store.run_named("a") is not None)
    await cluster.status("a", phase="Training")
    await becomes(lambda: phase(store, "a") == "Training")
    await cluster.delete(RUNS, "a")
    await becomes(lambda: store.run_named("a") is None)


async def test_expired_history_is_listed_again_and_deletions_in_between_are_seen(
    cluster: FakeCluster, store: Store
) -> None:
    for name in ("kept", "removed"):
        await cluster.put(RUNS, {"metadata": {"name": name}, "spec": SPEC})
    await cluster.tier("kept", 1, phase="Training")
    await becomes(lambda: store.run_named("removed") is not None and bool(store._tiers_of))
    await becomes(lambda: cluster.watching == 2)
    with store.subscribe("removed") as changed:
        cluster.lose("removed")
        await cluster.forget_history()
        await asyncio.wait_for(changed.wait(), 5)
    await becomes(lambda: store.run_named("removed") is None)
    assert store.run_named("kept") is not None
    await becomes(lambda: cluster.watching == 2)


async def test_a_lost_connection_is_counted_and_made_up_for(cluster: FakeCluster, store: Store) -> None:
    await cluster.put(RUNS, {"metadata": {"name": "a"}, "spec": SPEC})
    await becomes(lambda: store.run_named("a") is not None)
    assert store.down_seconds() == 0
    await cluster.set_down(True)
    await becomes(lambda: store.down_seconds() > 0.1)
    assert store.run_named("a") is not None
    await cluster.set_down(False)
    await cluster.status("a", phase="Training")
    await becomes(lambda: phase(store, "a") == "Training" and store.down_seconds() == 0)


async def test_one_watch_per_kind_for_any_number_of_subscribers(cluster: FakeCluster, store: Store) -> None:
    await cluster.put(RUNS, {"metadata": {"name": "a"}, "spec": SPEC})
    events = [store.subscribe("a") for _ in range(100)]
    changed = [event.__enter__() for event in events]
    await cluster.status("a", phase="Training")
    await asyncio.gather(*(asyncio.wait_for(event.wait(), 5) for event in changed))
    assert (cluster.watching, cluster.lists) == (2, 2)
    for event in events:
        event.__exit__(None, None, None)
    assert not store._subscribers


async def test_tiers_belong_to_the_run_with_their_owners_uid(cluster: FakeCluster, store: Store) -> None:
    await cluster.put(RUNS, {"metadata": {"name": "a"}, "spec": SPEC})
    await cluster.tier("a", 2, phase="Training")
    await cluster.tier("a", 1, phase="Training")
    await becomes(lambda: len(store._tiers) == 2)
    old = store.run_named("a")
    assert old is not None
    assert [tier.tier for tier in store.snapshot(old).tiers] == [1, 2]
    await cluster.delete(RUNS, "a")
    await cluster.put(RUNS, {"metadata": {"name": "a"}, "spec": SPEC})
    await becomes(lambda: (run := store.run_named("a")) is not None and run.uid != old.uid)
    new = store.run_named("a")
    assert new is not None
    assert store.snapshot(new).tiers == ()
    await cluster.delete(TIERS, "a-tier-1")
    await cluster.delete(TIERS, "a-tier-2")
    await becomes(lambda: not store._tiers and not store._tiers_of)


@pytest.mark.parametrize("failures", [0, 1, 5, 100])
def test_backoff_grows_and_is_bounded(failures: int) -> None:
    backoff = Backoff(first=0.2, longest=15)
    bound = min(15, 0.2 * 2 ** min(failures, 16))
    assert bound / 2 <= backoff.delay(failures) <= bound

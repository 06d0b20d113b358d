"""Leader election on a real Lease object."""

from __future__ import annotations

import asyncio

from synthos_operator.config import LeaseSettings
from synthos_operator.kube.client import LEASES, KubeClient
from synthos_operator.kube.lease import Lease

SETTINGS = LeaseSettings(name="op", duration_seconds=2, renew_deadline_seconds=1, retry_period_seconds=0.05)


class Clock:
    """Time as the candidate sees it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def candidate(client: KubeClient, namespace: str, identity: str, clock: Clock) -> Lease:
    return Lease(client, SETTINGS, namespace=namespace, identity=identity, clock=clock)


async def spec(client: KubeClient, namespace: str) -> dict[str, object]:
    found: dict[str, object] = (await client.get(LEASES, namespace, "op"))["spec"]
    return found


async def test_only_one_candidate_leads(client: KubeClient, namespace: str) -> None:
    clock = Clock()
    first, second = (candidate(client, namespace, name, clock) for name in ("first", "second"))
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert (await spec(client, namespace))["holderIdentity"] == "first"
    await first.release()
    await waiting
    assert (await spec(client, namespace))["holderIdentity"] == "second"
    assert (await spec(client, namespace))["leaseTransitions"] == 2


async def test_a_leader_that_died_is_succeeded_once_its_lease_has_not_been_renewed_for_its_duration(
    client: KubeClient, namespace: str
) -> None:
    clock = Clock()
    first, second = (candidate(client, namespace, name, clock) for name in ("first", "second"))
    await first.acquire()
    waiting = asyncio.create_task(second.acquire())
    await asyncio.sleep(0.2)
    clock.now += 1.9
    await asyncio.sleep(0.2)
    assert not waiting.done()
    clock.now += 0.2
    await waiting
    assert (await spec(client, namespace))["holderIdentity"] == "second"


async def test_holding_ends_when_another_candidate_took_over(client: KubeClient, namespace: str) -> None:
    clock = Clock()
    first = candidate(client, namespace, "first", clock)
    await first.acquire()
    holding = asyncio.create_task(first.hold())
    await asyncio.sleep(0.2)
    assert not holding.done()
    while True:  # the holder's own renewal may be quicker
        lease = await client.get(LEASES, namespace, "op")
        body = {**lease, "spec": {**lease["spec"], "holderIdentity": "second", "leaseDurationSeconds": 1000}}
        try:
            await client.replace(LEASES, namespace, "op", body)
            break
        except Exception:  # noqa: BLE001
            continue
    await asyncio.wait_for(holding, 60)


async def test_a_holder_cut_off_from_the_api_gives_up_within_its_deadline() -> None:
    from kubernetes.aio.client import Configuration

    configuration = Configuration()
    configuration.host = "http://127.0.0.1:1"
    clock = Clock()
    async with KubeClient(configuration) as client:
        lease = candidate(client, "ns", "first", clock)
        holding = asyncio.create_task(lease.hold())
        await asyncio.sleep(0.2)
        assert not holding.done()
        clock.now += 1.1
        await asyncio.wait_for(holding, 60)

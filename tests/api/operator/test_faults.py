"""Every write of a lifecycle fails once: before it reaches the API server, and after, with the reply lost.

The operator is restarted each time, as if the failure had killed it. The end must be the same, with no
second Job for an attempt and no event told twice.
"""

from __future__ import annotations

from typing import Any

import pytest

from hack.localcluster.api import Cluster as ControlPlane
from synthos_operator.kube.client import EVENTS, KubeClient, KubeObject, Unavailable

from .cluster import Cluster

STEPS = ("profile", "tier-1")
SPEC: dict[str, Any] = {
    "through": "Cascade",
    "cascade": {"tiers": [{"tier": 1, "modelSize": 1000, "variants": 2, "trainingRows": 10, "gpus": 2}]},
}
WRITES = 15
"""Of the lifecycle below without a fault: 1 tier, 2 Jobs, 6 events, 6 statuses."""


class Killed(Exception):
    """Stands for the end of the process."""


class FaultyClient(KubeClient):
    """Fails the `at`-th write of the operator; what the test itself writes is not counted."""

    at = 0
    reply_lost = False
    counted = 0
    counting = False

    async def _call(self, method: str, path: str, query: Any = None, body: KubeObject | None = None) -> KubeObject:
        if method == "GET" or not self.counting:
            return await super()._call(method, path, query, body)
        self.counted += 1
        if self.counted != self.at:
            return await super()._call(method, path, query, body)
        if self.reply_lost:
            await super()._call(method, path, query, body)
        raise Killed


class FaultyCluster(Cluster):
    async def look(self, name: str = "demo") -> float | None:
        assert isinstance(self.client, FaultyClient)
        self.client.counting = True
        try:
            return await super().look(name)
        except Killed:
            self.restart()  # which looks at every run first
            return await super().look(name)
        finally:
            self.client.counting = False


async def lifecycle(cluster: Cluster) -> None:
    await cluster.create_run(**SPEC)
    await cluster.through(*STEPS)


async def test_the_number_of_writes_is_what_the_faults_below_go_through(
    control_plane: ControlPlane, cluster: Cluster
) -> None:
    async with await FaultyClient.connect(str(control_plane.kubeconfig)) as client:
        await lifecycle(FaultyCluster(client, cluster.namespace))
        assert client.counted == WRITES


@pytest.mark.parametrize("reply_lost", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, WRITES + 1))
async def test_a_failure_at_any_write_changes_nothing_in_the_end(
    control_plane: ControlPlane, cluster: Cluster, at: int, reply_lost: bool
) -> None:
    async with await FaultyClient.connect(str(control_plane.kubeconfig)) as client:
        client.at, client.reply_lost = at, reply_lost
        faulty = FaultyCluster(client, cluster.namespace)
        await lifecycle(faulty)
        assert client.counted >= at
        assert (await faulty.status())["phase"] == "Complete"
        assert await faulty.jobs() == ["profile 1", "tier-1 1"]
        reasons = sorted(event["reason"] for event in await faulty.all(EVENTS))
        assert len(reasons) == len(set(reasons))


async def test_a_stale_status_write_is_refused_and_done_again(cluster: Cluster) -> None:
    """Two operators at once, as for a moment after a lost lease: the slower one's write does not count."""
    from datetime import UTC, datetime

    from synthos_operator.kube.client import Conflict
    from synthos_operator.kube.executor import Executor
    from synthos_operator.kube.gather import ApiReader, gather
    from synthos_operator.kube.progress import ProgressPuller
    from synthos_operator.reconcile.reconcile import reconcile

    await cluster.create_run()
    now = datetime.now(UTC)
    puller = ProgressPuller(cluster.config.timing, 8080)
    gathered = await gather(
        ApiReader(cluster.client),
        puller,
        cluster.config,
        namespace=cluster.namespace,
        name="demo",
        written={},
        now=now,
    )
    assert gathered is not None
    plan = reconcile(gathered.observed, now)
    await cluster.settle()
    with pytest.raises(Conflict):
        await Executor(cluster.client).write(plan, gathered, now)
    assert await cluster.jobs() == ["profile 1"]


async def test_an_api_server_that_is_away_is_an_error_that_is_worth_repeating() -> None:
    from kubernetes.aio.client import Configuration

    configuration = Configuration()
    configuration.host = "http://127.0.0.1:1"
    async with KubeClient(configuration) as client:
        with pytest.raises(Unavailable):
            await client.list(EVENTS)

"""Whole lifecycles of a run on a real API server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from synthos_api.errors import POD_EXIT_DATA, POD_EXIT_MODEL, POD_EXIT_PREEMPTED, ErrorInfo
from synthos_operator.config import Retry
from synthos_operator.kube.client import EVENTS, JOBS, PODS, RUNS, SERVICES, TIERS, Conflict
from synthos_operator.specs import names

from .cluster import Cluster

STEPS = ("profile", "tier-1", "tier-2", "verdict")
ONE_EACH = sorted(f"{step} 1" for step in STEPS)
DATA_ERROR = ErrorInfo(code=1005, message="s3://data/set.csv, row 17: 3 fields instead of 2")
DIVERGED = ErrorInfo(code=2001, message="tier 1 variant 2: loss is not finite", retryable=True)


async def test_success_from_acceptance_to_verdict(cluster: Cluster) -> None:
    await cluster.create_run()
    await cluster.through(*STEPS)
    status = await cluster.status()
    assert status["phase"] == "Complete"
    assert status["verdict"]["verdict"] == "clear"
    assert status["observedGeneration"] == 1
    assert (await cluster.condition("Complete"))["status"] == "True"
    assert await cluster.jobs() == ONE_EACH
    assert [tier["status"]["phase"] for tier in await cluster.tiers()] == ["Complete", "Complete"]
    assert len((await cluster.tiers())[0]["status"]["results"]) == 2


async def test_everything_belongs_to_the_run(cluster: Cluster) -> None:
    run = await cluster.create_run()
    await cluster.through(*STEPS)
    tiers = {tier["spec"]["tier"]: tier["metadata"] for tier in await cluster.tiers()}
    owners = {}
    for job in await cluster.all(JOBS):
        reference = job["metadata"]["ownerReferences"][0]
        assert reference["controller"] is True
        assert reference["blockOwnerDeletion"] is False
        owners[job["metadata"]["labels"]["synthos.dev/step"]] = reference["uid"]
    assert owners == {
        "profile": run["metadata"]["uid"],
        "tier-1": tiers[1]["uid"],
        "tier-2": tiers[2]["uid"],
        "verdict": run["metadata"]["uid"],
    }
    assert all(tier["ownerReferences"][0]["uid"] == run["metadata"]["uid"] for tier in tiers.values())


async def test_a_data_error_fails_the_run(cluster: Cluster) -> None:
    await cluster.create_run()
    await cluster.settle()
    await cluster.fail("profile", DATA_ERROR, POD_EXIT_DATA)
    await cluster.settle()
    failed = await cluster.condition("Failed")
    assert (failed["status"], failed["reason"]) == ("True", "DataError")
    assert "1005" in failed["message"]
    assert "row 17" in failed["message"]
    assert (await cluster.status())["error"]["code"] == 1005
    assert await cluster.jobs() == ["profile 1"]


async def test_retry_then_success(cluster: Cluster) -> None:
    # Times have whole seconds, so a pause of one could be over before the first look at it is.
    cluster = replace(cluster, config=cluster.config.model_copy(update={"retry": Retry(base_seconds=3)}))
    await cluster.create_run()
    await cluster.through("profile")
    await cluster.fail("tier-1", DIVERGED, POD_EXIT_MODEL)
    await cluster.settle()
    assert await cluster.jobs() == ["profile 1", "tier-1 1"]
    await asyncio.sleep(3.1)
    await cluster.settle()
    assert await cluster.jobs() == ["profile 1", "tier-1 1", "tier-1 2"]
    await cluster.through("tier-1", "tier-2", "verdict")
    assert (await cluster.status())["phase"] == "Complete"
    assert await cluster.jobs() == sorted([*ONE_EACH, "tier-1 2"])


async def test_suspend_and_resume(cluster: Cluster) -> None:
    await cluster.create_run()
    await cluster.through("profile")
    await cluster.start_pod("tier-1")
    await cluster.settle()
    await cluster.change_run(suspend=True)
    await cluster.settle()
    job = (await cluster.job("tier-1"))["metadata"]
    assert job["finalizers"] == ["foregroundDeletion"]
    assert job["deletionTimestamp"]
    assert (await cluster.condition("Suspended"))["status"] == "True"
    await cluster.change_run(suspend=False)
    await cluster.settle()
    assert await cluster.jobs() == ["profile 1", "tier-1 1"]  # the pod of attempt 1 has not ended
    await cluster.finish_deletions()
    await cluster.settle()
    assert await cluster.jobs() == ["profile 1", "tier-1 2"]
    assert (await cluster.condition("Suspended"))["status"] == "False"
    await cluster.through("tier-1", "tier-2", "verdict")
    assert (await cluster.status())["phase"] == "Complete"


async def test_cancel(cluster: Cluster) -> None:
    await cluster.create_run()
    await cluster.through("profile")
    await cluster.change_run(cancel=True)
    await cluster.settle()
    await cluster.finish_deletions()
    assert (await cluster.status())["phase"] == "Cancelled"
    assert await cluster.jobs() == ["profile 1"]


async def test_deadline(cluster: Cluster) -> None:
    await cluster.create_run(deadlineSeconds=60)
    await cluster.settle()
    run = await cluster.run()
    run["status"]["startedAt"] = "2020-01-01T00:00:00Z"
    await cluster.client.replace_status(RUNS, cluster.namespace, "demo", run)
    await cluster.settle()
    failed = await cluster.condition("Failed")
    assert (failed["status"], failed["reason"]) == ("True", "TimeoutError")
    assert (await cluster.status())["error"]["code"] == 4001
    await cluster.finish_deletions()
    assert await cluster.jobs() == []


async def test_ttl_deletes_the_finished_run(cluster: Cluster) -> None:
    await cluster.create_run(through="Profile", ttlSecondsAfterFinished=0)
    await cluster.settle()
    await cluster.succeed("profile")
    await cluster.settle()
    assert await cluster.all(RUNS) == []


async def test_a_foreign_job_of_our_name_is_reported_and_left_alone(cluster: Cluster) -> None:
    run = await cluster.create_run()
    name = names.job_name(run="demo", run_uid=run["metadata"]["uid"], step="profile", attempt=1)
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "web", "image": "web:1"}]}}
    foreign = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template}}
    before = await cluster.client.create(JOBS, cluster.namespace, foreign)
    await cluster.settle()
    failed = await cluster.condition("Failed")
    assert (failed["status"], failed["reason"]) == ("True", "InternalError")
    assert "5001" in failed["message"]
    assert name in failed["message"]
    after = await cluster.client.get(JOBS, cluster.namespace, name)
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


async def test_a_tier_deleted_by_hand_comes_back_and_its_old_job_is_no_stranger(cluster: Cluster) -> None:
    await cluster.create_run()
    await cluster.through("profile")
    await cluster.start_pod("tier-1")
    await cluster.settle()
    tier = (await cluster.tiers())[0]["metadata"]
    await cluster.client.delete(TIERS, cluster.namespace, tier["name"])
    await cluster.settle()
    assert await cluster.jobs() == ["profile 1", "tier-1 1"]  # its pod runs, so nothing else starts
    await cluster.end("tier-1", POD_EXIT_PREEMPTED)
    with pytest.raises(Conflict):  # the old tier's Job still has the name, until the garbage collector came
        await cluster.settle()
    assert (await cluster.status())["phase"] == "Training"
    await cluster.client.delete(JOBS, cluster.namespace, (await cluster.job("tier-1"))["metadata"]["name"])
    await cluster.finish_deletions()
    await cluster.through("tier-1", "tier-2", "verdict")
    assert (await cluster.status())["phase"] == "Complete"


async def test_a_job_under_a_quota_waits_and_starts_when_there_is_room(cluster: Cluster) -> None:
    from synthos_operator.kube.client import Resource

    quotas = Resource("", "v1", "resourcequotas", "ResourceQuota")
    quota: dict[str, Any] = {"metadata": {"name": "none"}, "spec": {"hard": {"count/jobs.batch": "0"}}}
    made = await cluster.client.create(quotas, cluster.namespace, quota)
    # No quota controller runs here: its first count is written by hand.
    status = {"hard": quota["spec"]["hard"], "used": {"count/jobs.batch": "0"}}
    await cluster.client.replace_status(quotas, cluster.namespace, "none", {**made, "status": status})
    await cluster.create_run()
    assert await cluster.look() is not None
    assert await cluster.jobs() == []
    running = await cluster.condition("Running")
    assert "exceeded quota" in running["message"]
    assert (await cluster.status())["profileAttempt"]["attempt"] == 0
    await cluster.client.delete(quotas, cluster.namespace, "none")
    await eventually_settles(cluster)
    assert await cluster.jobs() == ["profile 1"]


async def eventually_settles(cluster: Cluster) -> None:
    """Admission reads quotas through a cache of its own, which follows a moment later."""
    for _ in range(100):
        await cluster.look()
        if await cluster.jobs():
            return
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("killed_after", range(len(STEPS) + 1))
async def test_an_operator_killed_in_any_phase_and_restarted_makes_no_second_job(
    cluster: Cluster, killed_after: int
) -> None:
    await cluster.create_run()
    await cluster.through(*STEPS[:killed_after])
    cluster.restart()
    await cluster.through(*STEPS[killed_after:])
    assert (await cluster.status())["phase"] == "Complete"
    assert await cluster.jobs() == ONE_EACH
    events = [event["reason"] for event in await cluster.all(EVENTS)]
    assert len(events) == 10
    assert sorted(set(events)) == sorted(
        {
            "Accepted",
            "ProfileStarted",
            "ProfileDone",
            "TierStarted",
            "TierDone",
            "VerdictStarted",
            "VerdictDone",
            "VerdictReached",
        }
    )


async def test_a_lost_status_is_found_again_without_a_second_job(cluster: Cluster) -> None:
    await cluster.create_run()
    await cluster.through("profile", "tier-1")
    for resource, items in ((RUNS, [await cluster.run()]), (TIERS, await cluster.tiers())):
        for item in items:
            await cluster.client.replace_status(
                resource, cluster.namespace, item["metadata"]["name"], {**item, "status": {}}
            )
    cluster.restart()
    await cluster.through("tier-2", "verdict")
    assert (await cluster.status())["phase"] == "Complete"
    assert await cluster.jobs() == ONE_EACH


async def test_a_run_costs_a_constant_number_of_writes_and_a_quiet_resync_none(cluster: Cluster) -> None:
    await cluster.create_run()
    start = cluster.client.writes
    hand = 0

    async def counted(step: str) -> None:
        nonlocal hand
        before = cluster.client.writes
        await cluster.succeed(step)
        hand += cluster.client.writes - before
        await cluster.settle()

    await cluster.settle()
    for step in STEPS:
        await counted(step)
    # 2 tiers, 4 Jobs, 10 events, and statuses: of the run at each transition, of a tier when it appears,
    # starts and ends. 27 when written; the room is for GPU time crossing a second's boundary.
    assert cluster.client.writes - start - hand <= WRITE_BUDGET
    quiet = cluster.client.writes
    await cluster.look()
    cluster.restart()
    await cluster.look()
    assert cluster.client.writes == quiet


WRITE_BUDGET = 30


async def test_a_tier_on_several_nodes_is_an_indexed_job_with_its_service(cluster: Cluster) -> None:
    """That the API server takes the objects; no such tier has ever trained."""
    tier = {"tier": 1, "modelSize": 1000, "variants": 1, "trainingRows": 10, "gpus": 4, "nodes": 2}
    await cluster.create_run(cascade={"tiers": [tier]})
    await cluster.through("profile")
    job = await cluster.job("tier-1")
    assert (job["spec"]["completionMode"], job["spec"]["completions"], job["spec"]["parallelism"]) == ("Indexed", 2, 2)
    service = (await cluster.all(SERVICES))[0]
    assert service["metadata"]["name"] == job["spec"]["template"]["spec"]["subdomain"] == job["metadata"]["name"]


async def test_two_runs_with_long_and_equal_beginnings_do_not_meet(cluster: Cluster) -> None:
    for end in ("a", "b"):
        name = f"{'x' * 200}.{end}"
        await cluster.create_run(name)
        await cluster.settle(name)
    assert await cluster.jobs() == ["profile 1", "profile 1"]


async def test_pods_carry_no_token_and_satisfy_pod_security_restricted(cluster: Cluster) -> None:
    from synthos_operator.kube.client import Resource

    namespaces = Resource("", "v1", "namespaces", "Namespace")
    space: dict[str, Any] = await cluster.client.get(namespaces, None, cluster.namespace)
    space["metadata"]["labels"] |= {"pod-security.kubernetes.io/enforce": "restricted"}
    path_namespace: Any = None
    await cluster.client.replace(namespaces, path_namespace, cluster.namespace, space)
    await cluster.create_run()
    await cluster.through("profile")
    await cluster.start_pod("tier-1")  # refused by admission if it were not restricted
    for pod in await cluster.all(PODS):
        assert pod["spec"]["automountServiceAccountToken"] is False
        assert not any("projected" in volume for volume in pod["spec"]["volumes"])

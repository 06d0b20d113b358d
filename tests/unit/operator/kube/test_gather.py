"""What counts as a run's own: Jobs by their owner, pods by their labels, also when their Job is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from synthos_operator.kube.client import JOBS, PODS, Resource
from synthos_operator.kube.gather import gather
from synthos_operator.reconcile.observed import Pod, Report
from synthos_operator.specs import labels
from tests.unit.operator.reconcile.world import CONFIG

NOW = datetime(2025, 11, 1, tzinfo=UTC)
MARKS = {labels.RUN_UID: "run-uid", labels.STEP: "tier-1", labels.ATTEMPT: "1"}


def owned(name: str, owner: str) -> dict[str, Any]:
    owners = [{"kind": "Any", "name": "any", "uid": owner, "controller": True}] if owner else []
    return {"metadata": {"name": name, "namespace": "ns", "uid": name, "labels": MARKS, "ownerReferences": owners}}


class Reader:
    """One run with a Job of its own, somebody else's Job with its labels, and pods of all sorts."""

    async def run(self, namespace: str, name: str) -> dict[str, Any]:
        metadata = {"name": name, "namespace": namespace, "uid": "run-uid"}
        return {"metadata": metadata, "spec": {"dataset": {"uri": "s3://data/set.csv"}}}

    async def of_run(self, resource: Resource, namespace: str, run_uid: str) -> list[dict[str, Any]]:
        if resource is JOBS:
            return [owned("job", "run-uid"), owned("strangers", "elsewhere")]
        return [owned("of-job", "job"), owned("of-gone", "gone"), owned("orphan", "")] if resource is PODS else []


class Reports:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def pull(self, pods: Sequence[Pod], now: datetime) -> Mapping[str, Report]:
        self.asked = [pod.meta.name for pod in pods]
        return {}


async def test_pods_of_a_job_that_is_gone_are_seen_and_not_asked() -> None:
    reports = Reports()
    gathered = await gather(Reader(), reports, CONFIG, namespace="ns", name="demo", written={}, now=NOW)
    assert gathered is not None
    observed = gathered.observed
    assert [job.meta.name for job in observed.jobs] == ["job"]
    assert [(pod.meta.name, pod.step) for pod in observed.pods] == [
        ("of-job", "tier-1"),
        ("of-gone", "tier-1"),
        ("orphan", "tier-1"),
    ]
    assert reports.asked == ["of-job"]

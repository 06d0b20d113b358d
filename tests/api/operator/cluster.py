"""The operator's parts on a real API server, and a hand that plays Job controller, scheduler and kubelet.

What is left out: nothing schedules or runs pods here, so Jobs and pods are ended by writing their
status, as the control plane would. The API server validates every object for real.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from synthos_api.errors import ErrorInfo
from synthos_api.phases import PhaseOutcome, encode_outcome
from synthos_operator.app.controller import Controller, RunKey
from synthos_operator.config import OperatorConfig
from synthos_operator.kube.client import JOBS, PODS, RUNS, TIERS, KubeClient, NotFound, Resource
from synthos_operator.kube.executor import Executor
from synthos_operator.kube.gather import ApiReader
from synthos_operator.kube.progress import ProgressPuller
from synthos_operator.reconcile.reconcile import reconcile  # noqa: F401 - what is being tested
from synthos_operator.specs import labels
from tests.unit.operator.reconcile.world import result_of, tier_specs

CONFIG = OperatorConfig.model_validate(
    {
        "artifactsUri": "s3://artifacts/runs",
        "trainer": {"image": "trainer:1"},
        # Nothing answers at the pods' addresses here: do not wait for it, and let no clock decide a test.
        "timing": {"progressTimeoutSeconds": 0.2, "progressWriteSeconds": 0},
        "retry": {"baseSeconds": 0},
    }
)


def stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Cluster:
    client: KubeClient
    namespace: str
    config: OperatorConfig = CONFIG
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.operator = self.new_operator()

    # --- the operator -------------------------------------------------------------------------

    def new_operator(self) -> Controller:
        """As after a start of the process: nothing in memory."""
        puller = ProgressPuller(self.config.timing, self.config.progress_port)
        return Controller(self.client, ApiReader(self.client), puller, self.config, Executor(self.client))

    def restart(self) -> None:
        self.operator = self.new_operator()

    async def look(self, name: str = "demo") -> float | None:
        return await self.operator.look(RunKey(self.namespace, name))

    async def settle(self, name: str = "demo") -> None:
        """Look until a look writes nothing."""
        for _ in range(10):
            before = self.client.writes
            await self.look(name)
            if self.client.writes == before:
                return
        raise AssertionError("the operator never comes to rest")

    # --- users --------------------------------------------------------------------------------

    async def create_run(self, name: str = "demo", **spec: Any) -> dict[str, Any]:
        body = {
            "apiVersion": RUNS.api_version,
            "kind": RUNS.kind,
            "metadata": {"name": name},
            "spec": {"dataset": {"uri": "s3://data/set.csv"}, "cascade": {"tiers": tier_specs(2, 3)}, **spec},
        }
        return await self.client.create(RUNS, self.namespace, body)

    async def change_run(self, name: str = "demo", **spec: Any) -> None:
        run = await self.client.get(RUNS, self.namespace, name)
        await self.client.replace(RUNS, self.namespace, name, {**run, "spec": {**run["spec"], **spec}})

    async def run(self, name: str = "demo") -> dict[str, Any]:
        return await self.client.get(RUNS, self.namespace, name)

    async def status(self, name: str = "demo") -> dict[str, Any]:
        status: dict[str, Any] = (await self.run(name)).get("status") or {}
        return status

    async def condition(self, kind: str, name: str = "demo") -> dict[str, Any]:
        conditions = (await self.status(name))["conditions"]
        return next((item for item in conditions if item["type"] == kind), {})

    async def jobs(self) -> list[str]:
        """`step attempt` of every Job, oldest first."""
        items = await self.all(JOBS)
        items.sort(key=lambda job: int(job["metadata"]["resourceVersion"]))
        marks = [job["metadata"].get("labels") or {} for job in items]
        return sorted(f"{mark.get(labels.STEP)} {mark.get(labels.ATTEMPT)}" for mark in marks)

    async def all(self, resource: Resource) -> list[dict[str, Any]]:
        items, _ = await self.client.list(resource, self.namespace)
        return items

    async def tiers(self) -> list[dict[str, Any]]:
        return sorted(await self.all(TIERS), key=lambda tier: int(tier["spec"]["tier"]))

    # --- the control plane's part -------------------------------------------------------------

    async def job(self, step: str) -> dict[str, Any]:
        jobs = [job for job in await self.all(JOBS) if job["metadata"]["labels"].get(labels.STEP) == step]
        return max(jobs, key=lambda job: int(job["metadata"]["labels"][labels.ATTEMPT]))

    async def make_pod(self, step: str, *, node: str | None = "node1") -> dict[str, Any]:
        """A pod of the step's newest Job, as the Job controller makes it."""
        job = await self.job(step)
        template = job["spec"]["template"]
        meta = job["metadata"]
        owner = {"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"], "controller": True}
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{meta['name']}-{next(self._numbers)}",
                "labels": template["metadata"]["labels"],
                "ownerReferences": [owner],
            },
            "spec": {**template["spec"], **({"nodeName": node} if node else {})},
        }
        return await self.client.create(PODS, self.namespace, body)

    async def start_pod(self, step: str) -> dict[str, Any]:
        pod = await self.make_pod(step)
        return await self.set_pod(pod, "Running", {"running": {"startedAt": stamp()}})

    async def set_pod(self, pod: dict[str, Any], phase: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
        container = {
            "name": "trainer",
            "image": "trainer:1",
            "imageID": "x",
            "ready": False,
            "restartCount": 0,
            "state": state,
        }
        bound = {"type": "PodScheduled", "status": "True", "lastTransitionTime": stamp()}
        status = {"phase": phase, "startTime": stamp(), "conditions": [bound], "containerStatuses": [container], **more}
        name = pod["metadata"]["name"]
        current = await self.client.get(PODS, self.namespace, name)
        return await self.client.replace_status(PODS, self.namespace, name, {**current, "status": status})

    async def end(self, step: str, exit_code: int, message: str = "") -> None:
        """The step's pod (made where there is none) and its Job end."""
        job = await self.job(step)
        uid = job["metadata"]["uid"]
        pods = [pod for pod in await self.all(PODS) if pod["metadata"]["ownerReferences"][0]["uid"] == uid]
        pod = pods[-1] if pods else await self.start_pod(step)
        good = exit_code == 0
        terminated = {
            "exitCode": exit_code,
            "message": message,
            "reason": "Completed" if good else "Error",
            "startedAt": stamp(),
            "finishedAt": stamp(),
        }
        await self.set_pod(pod, "Succeeded" if good else "Failed", {"terminated": terminated})
        await self.end_job(job, good)

    async def end_job(self, job: dict[str, Any], good: bool) -> None:
        """Conditions in the order in which the API server's validation wants them."""
        reason = "CompletionsReached" if good else "PodFailurePolicy"
        first, last = ("SuccessCriteriaMet", "Complete") if good else ("FailureTarget", "Failed")
        conditions = [
            {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": stamp(), "lastProbeTime": stamp()}
            for kind in (first, last)
        ]
        status: dict[str, Any] = {"startTime": stamp(), "conditions": conditions}
        status |= {"succeeded": 1, "completionTime": stamp()} if good else {"failed": 1}
        name = job["metadata"]["name"]
        current = await self.client.get(JOBS, self.namespace, name)
        await self.client.replace_status(JOBS, self.namespace, name, {**current, "status": status})

    async def succeed(self, step: str, **outcome: Any) -> None:
        await self.end(step, 0, encode_outcome(PhaseOutcome(**(outcome or result_of(step)))))

    async def fail(self, step: str, error: ErrorInfo, exit_code: int) -> None:
        await self.end(step, exit_code, encode_outcome(PhaseOutcome(error=error)))

    async def through(self, *steps: str) -> None:
        await self.settle()
        for step in steps:
            await self.succeed(step)
            await self.settle()

    async def finish_deletions(self) -> None:
        """What kubelet and garbage collector would do: deleted Jobs' pods end and go, then those Jobs."""
        jobs = await self.all(JOBS)
        alive = {job["metadata"]["uid"] for job in jobs if "deletionTimestamp" not in job["metadata"]}
        for pod in await self.all(PODS):
            if pod["metadata"]["ownerReferences"][0]["uid"] not in alive:
                await self._gone(pod["metadata"]["name"])
        for job in jobs:
            if job["metadata"]["uid"] not in alive:
                job["metadata"]["finalizers"] = []
                await self.client.replace(JOBS, self.namespace, job["metadata"]["name"], job)

    async def _gone(self, pod: str) -> None:
        """Without a grace period, as the kubelet confirms that a pod has ended."""
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
        with contextlib.suppress(NotFound):
            await self.client._call("DELETE", PODS.path(self.namespace, pod), body=body)

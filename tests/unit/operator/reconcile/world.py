"""A cluster made of frozen views: carries out Plans, and lets a test play Job controller and kubelet.

Statuses take the way through JSON that they take through the API server, so that a difference which
only that way makes (a float, an omitted null) would show as a plan that never becomes empty.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from synthos_api.errors import ErrorInfo
from synthos_api.phases import PhaseConfig, PhaseOutcome, encode_outcome
from synthos_api.progress import Progress
from synthos_api.results import (
    DiversityMetrics,
    Judgement,
    ModelResult,
    PreScreenResult,
    ProfileResult,
    TierResult,
    VerdictResult,
)
from synthos_api.v1alpha1 import (
    CascadeTierSpec,
    CascadeTierStatus,
    Condition,
    ValidationRunSpec,
    ValidationRunStatus,
)
from synthos_operator.config import OperatorConfig
from synthos_operator.reconcile.conditions import find
from synthos_operator.reconcile.observed import Job, Meta, Observed, Pod, Report, Run, Termination, Tier
from synthos_operator.reconcile.plan import Action, CreateJob, CreateService, CreateTier, DeleteJob, Plan
from synthos_operator.reconcile.reconcile import reconcile
from synthos_operator.specs import labels

START = datetime(2025, 11, 1, 12, 0, 0, tzinfo=UTC)
CONFIG = OperatorConfig.model_validate({"artifactsUri": "s3://artifacts/runs", "trainer": {"image": "trainer:1"}})
JUDGEMENT = Judgement(verdict="clear", risk_score=12, mode="with_reference", reason="no excess loss")


def tier_specs(*gpus: int) -> list[dict[str, Any]]:
    return [
        {"tier": n, "modelSize": 1000 * n, "variants": 2, "trainingRows": 100, "batchSize": 10, "steps": 5, "gpus": g}
        for n, g in enumerate(gpus, start=1)
    ]


@dataclass
class World:
    spec: dict[str, Any] = field(default_factory=dict)
    now: datetime = START
    config: OperatorConfig = CONFIG

    def __post_init__(self) -> None:
        self._ids = itertools.count(1)
        spec = {"dataset": {"uri": "s3://data/set.csv"}, "cascade": {"tiers": tier_specs(2, 3)}, **self.spec}
        self.run = Run(
            meta=Meta(namespace="ns", name="demo", uid="run-uid", created=self.now),
            spec=ValidationRunSpec.model_validate(spec),
            status=ValidationRunStatus(),
        )
        self.tiers: dict[str, Tier] = {}
        self.jobs: dict[str, Job] = {}
        self.pods: dict[str, Pod] = {}
        self.bodies: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, Report] = {}
        self.written: dict[str, datetime] = {}
        self.events: list[str] = []
        self.writes = 0

    # --- the operator's side ------------------------------------------------------------------

    def observed(self) -> Observed:
        return Observed(
            run=self.run,
            config=self.config,
            tiers=tuple(self.tiers.values()),
            jobs=tuple(self.jobs.values()),
            pods=tuple(self.pods.values()),
            reports=dict(self.reports),
            written=dict(self.written),
        )

    def plan(self) -> Plan:
        return reconcile(self.observed(), self.now)

    def step(self) -> list[str]:
        """Carry out one plan; its actions in words."""
        plan = self.plan()
        for action in plan.actions:
            self._do(action)
        for uid, status in plan.tier_statuses.items():
            name = next(name for name, tier in self.tiers.items() if tier.meta.uid == uid)
            written = CascadeTierStatus.model_validate(through_json(status.to_kube()))
            self.tiers[name] = replace(self.tiers[name], status=written)
            self.written[uid] = self.now
            self.writes += 1
        if plan.run_status is not None:
            written_run = ValidationRunStatus.model_validate(through_json(plan.run_status.to_kube()))
            self.run = replace(self.run, status=written_run)
            self.written[self.run.meta.uid] = self.now
            self.writes += 1
        self.events += [event.reason for event in plan.events]
        return [self.words(action) for action in plan.actions]

    def settle(self) -> list[str]:
        """Plans until the next one is empty; all their actions. Fails when that does not come about."""
        done: list[str] = []
        for _ in range(10):
            if self.plan().empty:
                return done
            done += self.step()
        raise AssertionError(f"the plan never becomes empty: {self.plan()}")

    def _do(self, action: Action) -> None:
        if isinstance(action, CreateTier):
            spec = CascadeTierSpec.model_validate(action.body["spec"])
            self.tiers[action.name] = Tier(self._meta(action.name), spec, CascadeTierStatus())
        elif isinstance(action, CreateJob):
            assert action.name not in self.jobs, "a second Job for the same attempt"
            marks = action.body["metadata"]["labels"]
            self.jobs[action.name] = Job(
                self._meta(action.name), step=marks[labels.STEP], attempt=int(marks[labels.ATTEMPT])
            )
            self.bodies[action.name] = action.body
        elif isinstance(action, DeleteJob):
            job = self.jobs[action.name]
            assert job.meta.uid == action.uid
            self._delete_pods(job)
            if any(pod.job_uid == job.meta.uid for pod in self.pods.values()):  # deletion in the foreground
                self.jobs[action.name] = replace(job, meta=replace(job.meta, deleting=True))
            else:
                del self.jobs[action.name]

    def _delete_pods(self, job: Job) -> None:
        """Pods on a node have their grace period, the others go at once."""
        for name, pod in list(self.pods.items()):
            if pod.job_uid == job.meta.uid and pod.scheduled and not pod.ended:
                self.pods[name] = replace(pod, meta=replace(pod.meta, deleting=True))
            elif pod.job_uid == job.meta.uid:
                del self.pods[name]

    def _meta(self, name: str) -> Meta:
        return Meta(namespace="ns", name=name, uid=f"uid-{next(self._ids)}", created=self.now)

    def words(self, action: Action) -> str:
        name = type(action).__name__
        if isinstance(action, CreateJob | CreateService):
            marks = action.body["metadata"]["labels"]
            return f"{name} {marks[labels.STEP]} {marks[labels.ATTEMPT]}"
        if isinstance(action, CreateTier):
            return f"{name} {action.body['spec']['tier']}"
        return f"{name} {action.name.rsplit('-', 1)[0].removeprefix('demo-')}"

    # --- the cluster's side -------------------------------------------------------------------

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def change_spec(self, **changes: Any) -> None:
        assert self.run.spec is not None
        spec = ValidationRunSpec.model_validate({**self.run.spec.to_kube(), **changes})
        meta = replace(self.run.meta, generation=self.run.meta.generation + 1)
        self.run = replace(self.run, spec=spec, meta=meta)

    def job(self, step: str) -> Job:
        """The newest Job of a step."""
        return max((job for job in self.jobs.values() if job.step == step), key=lambda job: job.attempt)

    def pod(self, step: str) -> Pod:
        return next(pod for pod in self.pods.values() if pod.job_uid == self.job(step).meta.uid)

    def config_of(self, step: str) -> PhaseConfig:
        container = self.bodies[self.job(step).meta.name]["spec"]["template"]["spec"]["containers"][0]
        return PhaseConfig.model_validate_json(container["env"][0]["value"])

    def schedule(self, step: str, **pod: Any) -> None:
        """A pod for the newest Job of the step, not started yet."""
        name = f"{self.job(step).meta.name}-pod"
        values = {"phase": "Pending", "scheduled": True, "scheduled_at": self.now, "ip": "10.0.0.1", **pod}
        self.pods[name] = Pod(meta=self._meta(name), job_uid=self.job(step).meta.uid, step=step, **values)

    def change_pod(self, step: str, **changes: Any) -> None:
        pod = self.pod(step)
        self.pods[pod.meta.name] = replace(pod, **changes)

    def start(self, step: str) -> None:
        self.schedule(step)
        self.change_pod(step, phase="Running", started_at=self.now)

    def delete_job(self, step: str) -> None:
        """As kubectl does it: the Job is gone at once, a pod of it ends in its own time."""
        job = self.job(step)
        self._delete_pods(job)
        del self.jobs[job.meta.name]

    def let_pods_end(self) -> None:
        """What was deleted is gone: the kubelet has ended the pods, the garbage collector removes their Jobs."""
        self.pods = {name: pod for name, pod in self.pods.items() if not pod.meta.deleting}
        self.jobs = {name: job for name, job in self.jobs.items() if not job.meta.deleting}

    def report(self, step: str, progress: Progress | None, *, answered: bool = True) -> None:
        self.reports[self.pod(step).meta.uid] = Report(progress, self.now if answered else None, self.now)

    def end(self, step: str, exit_code: int, message: str = "", reason: str = "") -> None:
        """The step's container ends, and the Job controller draws the conclusion."""
        job = self.job(step)
        good = exit_code == 0
        termination = Termination(exit_code, reason or ("Completed" if good else "Error"), message, None, self.now)
        self.change_pod(step, phase="Succeeded" if good else "Failed", termination=termination, started_at=None)
        self.jobs[job.meta.name] = replace(
            job, complete=good, failed=not good, reason="" if good else "PodFailurePolicy", finished=self.now
        )

    def succeed(self, step: str, **outcome: Any) -> None:
        if not any(pod.job_uid == self.job(step).meta.uid for pod in self.pods.values()):
            self.start(step)
        self.end(step, 0, encode_outcome(PhaseOutcome(**(outcome or result_of(step)))))

    def fail(self, step: str, error: ErrorInfo, exit_code: int) -> None:
        if not any(pod.job_uid == self.job(step).meta.uid for pod in self.pods.values()):
            self.start(step)
        self.end(step, exit_code, encode_outcome(PhaseOutcome(error=error)))

    def through(self, *steps: str) -> World:
        """Settle, and let these steps succeed one after another."""
        self.settle()
        for step in steps:
            self.succeed(step)
            self.settle()
        return self

    # --- reading ------------------------------------------------------------------------------

    def condition(self, kind: str, tier: int | None = None) -> Condition | None:
        status: Any = self.run.status if tier is None else self.tier(tier).status
        return find(status.conditions, kind)

    def tier(self, number: int) -> Tier:
        return next(tier for tier in self.tiers.values() if tier.spec.tier == number)


def through_json(value: dict[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(json.dumps(value))
    return decoded


def model(tier: int, variant: int, points: int = 4) -> ModelResult:
    return ModelResult(tier=tier, variant=variant, model_size=1000, training_loss=2.0, loss_curve=[3.0] * points)


def result_of(step: str) -> dict[str, Any]:
    if step == "profile":
        metrics = DiversityMetrics(entropy=1.0)
        profile = ProfileResult(format="CSV", total_rows=5, columns=2, size_bytes=10, metrics=metrics)
        return {"profile": profile, "pre_screen": PreScreenResult(pre_risk_score=5)}
    if step == "verdict":
        return {"verdict": VerdictResult(judgement=JUDGEMENT, verdict_uri="s3://a/v.json", report_uri="s3://a/r.html")}
    number = int(step.removeprefix("tier-"))
    return {"tier": TierResult(tier=number, models=[model(number, 1), model(number, 2)])}


ALL_STEPS = ("profile", "tier-1", "tier-2", "verdict")

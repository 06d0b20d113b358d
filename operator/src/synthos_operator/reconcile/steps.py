"""The steps of a run (profile, each tier, verdict) as they stand now, read from Jobs and pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from synthos_api.phases import PhaseOutcome
from synthos_api.presets import tiers_of
from synthos_api.progress import PhaseName
from synthos_api.v1alpha1 import PhaseAttempt, TierSpec, ValidationRunSpec
from synthos_operator.specs.names import step_name
from synthos_operator.specs.owners import Owner

from .endings import Failure, Success, ending
from .observed import Job, Observed, Pod, Report, Tier
from .retry import after_failure, after_interruption
from .times import parse_or_none, stamp


@dataclass(frozen=True)
class Step:
    """`attempt` is what status should say; `outcome` is there when the attempt was found to have succeeded.

    `pods` are the pods of all attempts, of Jobs that are gone too: they hold GPUs and write checkpoints
    until they end. `pod` is the newest of the present attempt's Job; only such a pod is believed.
    """

    key: str
    phase: PhaseName
    gpus: int
    attempt: PhaseAttempt
    nodes: int = 1
    spec: TierSpec | None = None
    tier: Tier | None = None
    owner: Owner | None = None
    outcome: PhaseOutcome | None = None
    job: Job | None = None
    pod: Pod | None = None
    jobs: tuple[Job, ...] = ()
    pods: tuple[Pod, ...] = ()
    report: Report | None = None

    @property
    def number(self) -> int | None:
        return self.spec.tier if self.spec else None

    @property
    def words(self) -> str:
        return f"tier {self.spec.tier}" if self.spec else self.phase.lower()

    @property
    def succeeded(self) -> bool:
        return self.attempt.state == "Succeeded"

    @property
    def failed(self) -> bool:
        """For good: no further attempt follows."""
        return self.attempt.state == "Failed" and self.attempt.retry_at is None

    @property
    def live_jobs(self) -> tuple[Job, ...]:
        return tuple(job for job in self.jobs if not job.ended and not job.meta.deleting)

    @property
    def busy(self) -> bool:
        """Some pod or Job of an attempt has not ended, though it may be on its way: no other attempt may start."""
        return bool(self.live_pods) or any(not job.ended for job in self.jobs)

    @property
    def live_pods(self) -> tuple[Pod, ...]:
        return tuple(pod for pod in self.pods if not pod.ended)


def steps_of(observed: Observed, now: datetime) -> tuple[Step, ...]:
    """Every step the specification describes, in order, whether or not it will be needed."""
    spec = observed.run.spec
    if spec is None:
        return ()
    status, trainer = observed.run.status, observed.config.trainer
    specs = tiers_of(spec.cascade)
    steps = [
        Step(
            key=step_name("Profile", None),
            phase="Profile",
            gpus=0,
            attempt=status.profile_attempt,
            owner=observed.run.owner,
        )
    ]
    for tier_spec in specs:
        tier = next((tier for tier in observed.tiers if tier.spec.tier == tier_spec.tier), None)
        steps.append(
            Step(
                key=step_name("Cascade", tier_spec.tier),
                phase="Cascade",
                gpus=tier_spec.gpus,
                nodes=tier_spec.nodes,
                attempt=tier.status.attempt if tier else PhaseAttempt(),
                spec=tier_spec,
                tier=tier,
                owner=tier.owner if tier else None,
            )
        )
    # A cascade that asks for no GPU is meant for a cluster without: its verdict asks for none either.
    steps.append(
        Step(
            key=step_name("Verdict", None),
            phase="Verdict",
            gpus=min(trainer.verdict_gpus, max(tier.gpus for tier in specs)),
            attempt=status.verdict_attempt,
            owner=observed.run.owner,
        )
    )
    return tuple(_as_it_stands(step, observed, spec, now) for step in steps)


def _as_it_stands(step: Step, observed: Observed, spec: ValidationRunSpec, now: datetime) -> Step:
    jobs = tuple(sorted((job for job in observed.jobs if job.step == step.key), key=lambda job: job.attempt))
    pods = tuple(sorted((p for p in observed.pods if p.step == step.key), key=lambda p: (p.meta.created, p.meta.name)))
    attempt = _recovered(step.attempt, jobs)
    job = next((job for job in jobs if job.attempt == attempt.attempt), None)
    mine = [pod for pod in pods if job is not None and pod.job_uid == job.meta.uid]
    outcome = None
    if attempt.attempt and attempt.state in ("Pending", "Running"):
        attempt, outcome = _progressed(step, attempt, job, mine, observed, spec, now)
    attempt = accounted(attempt, pods, gpus=step.gpus, now=now)
    pod = mine[-1] if mine else None
    return Step(
        key=step.key,
        phase=step.phase,
        gpus=step.gpus,
        nodes=step.nodes,
        spec=step.spec,
        tier=step.tier,
        owner=step.owner,
        attempt=attempt,
        outcome=outcome,
        job=job,
        pod=pod,
        jobs=jobs,
        pods=pods,
        report=observed.reports.get(pod.meta.uid) if pod else None,
    )


def _recovered(written: PhaseAttempt, jobs: Sequence[Job]) -> PhaseAttempt:
    """The attempt of the newest Job, where status lags behind it or was lost: numbers are never reused."""
    if not jobs or jobs[-1].attempt <= written.attempt:
        return written
    newest = jobs[-1]
    return written.model_copy(
        update={
            "attempt": newest.attempt,
            "job_name": newest.meta.name,
            "state": "Pending",
            "failures": max(written.failures, sum(job.failed for job in jobs[:-1])),
            "started_at": stamp(newest.meta.created),
            "finished_at": None,
            "retry_at": None,
        }
    )


def _progressed(
    step: Step,
    attempt: PhaseAttempt,
    job: Job | None,
    pods: Sequence[Pod],
    observed: Observed,
    spec: ValidationRunSpec,
    now: datetime,
) -> tuple[PhaseAttempt, PhaseOutcome | None]:
    """What became of an attempt that was last seen under way."""
    retry = observed.config.retry
    if job is None or (job.meta.deleting and not job.ended):
        return after_interruption(attempt, f"{step.words}: its Job was deleted", retry=retry, now=now), None
    if not job.ended:
        # A pod that has just ended is still "running" until the Job says how: no flicker in between.
        state = "Running" if pods and (pods[-1].running or pods[-1].ended or pods[-1].termination) else "Pending"
        return attempt.model_copy(update={"state": state}), None
    end = ending(job, pods, phase=step.phase, tier=step.number, what=step.words)
    if isinstance(end, Success):
        finished = job.finished or now
        return attempt.model_copy(
            update={"state": "Succeeded", "finished_at": stamp(finished), "retry_at": None, "error": None}
        ), end.outcome
    if isinstance(end, Failure):
        return after_failure(attempt, end.error, max_attempts=spec.max_attempts, retry=retry, now=now), None
    return after_interruption(attempt, end.message, retry=retry, now=now), None


def accounted(attempt: PhaseAttempt, pods: Sequence[Pod], *, gpus: int, now: datetime) -> PhaseAttempt:
    """Add the GPU time since the last accounting: from a pod's scheduling until its end it holds its GPUs.

    Counted piece by piece, because pods that were evicted vanish from the API and their time must not.
    """
    since = parse_or_none(attempt.accounted_at)
    seconds = sum(_held(pod, since, now) for pod in pods)
    if not gpus or seconds <= 0:
        return attempt
    return attempt.model_copy(update={"gpu_seconds": attempt.gpu_seconds + gpus * seconds, "accounted_at": stamp(now)})


def _held(pod: Pod, since: datetime | None, now: datetime) -> float:
    start = pod.scheduled_at
    if start is None:
        return 0.0
    end = now
    if pod.termination is not None and pod.termination.finished is not None:
        end = pod.termination.finished
    elif pod.ended:
        end = start
    start = max(start, since) if since else start
    return max(0.0, (min(end, now) - start).total_seconds())

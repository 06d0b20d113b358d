"""From a decision to actions, and to what they make of each step's attempt."""

from __future__ import annotations

import math
from dataclasses import replace

from synthos_api.phases import PhaseConfig
from synthos_api.presets import tiers_of, vocabulary_of
from synthos_api.v1alpha1 import PhaseAttempt
from synthos_operator.specs.job import build_job
from synthos_operator.specs.labels import job_labels
from synthos_operator.specs.names import artifacts_uri, job_name, tier_name
from synthos_operator.specs.tier import build_service, build_tier

from .plan import Action, CreateJob, CreateService, CreateTier, DeleteJob
from .policies import Decision
from .situation import Situation
from .steps import Step
from .times import parse_or_none, stamp

DEADLINE_SLACK_SECONDS = 60
"""The Job's own deadline is a safety net for the operator's absence; the operator's comes first.

It is frozen at creation: where the run's has been raised since, the Job ends as interrupted (endings.py).
"""


def advance(situation: Situation, decision: Decision) -> tuple[tuple[Action, ...], tuple[Step, ...]]:
    """The actions, and the steps as they are once the actions are done."""
    if decision.kind != "Run":
        return _stop(situation)
    actions: list[Action] = [*_missing_tiers(situation), *_leftovers(situation)]
    steps = []
    for step in situation.steps:
        if step is situation.current and may_start(step, situation):
            attempt = _next_attempt(step, situation)
            actions += _creation(step, attempt, situation)
            step = replace(step, attempt=attempt)
        steps.append(step)
    return tuple(actions), tuple(steps)


def may_start(step: Step, situation: Situation) -> bool:
    """A new attempt may start: none is under way, the pause is over, everything before it has ended."""
    attempt = step.attempt
    if step.owner is None or step.busy or step.failed or situation.observed.refused:
        return False
    if attempt.attempt == 0 or attempt.state == "Stopped":
        return True
    retry_at = parse_or_none(attempt.retry_at)
    return attempt.state == "Failed" and (retry_at is None or retry_at <= situation.now)


def _stop(situation: Situation) -> tuple[tuple[Action, ...], tuple[Step, ...]]:
    actions: list[Action] = []
    steps = []
    for step in situation.steps:
        actions += [DeleteJob(job.meta.name, job.meta.uid) for job in step.live_jobs]
        if step.attempt.attempt and step.attempt.state in ("Pending", "Running"):
            update = {"state": "Stopped", "finished_at": stamp(situation.now)}
            step = replace(step, attempt=step.attempt.model_copy(update=update))
        steps.append(step)
    return tuple(actions), tuple(steps)


def _leftovers(situation: Situation) -> list[Action]:
    """Jobs that should have ended: of an attempt that is over, left by a crash between two writes."""
    return [
        DeleteJob(job.meta.name, job.meta.uid)
        for step in situation.steps
        for job in step.live_jobs
        if job.attempt < step.attempt.attempt or step.attempt.state in ("Stopped", "Failed", "Succeeded")
    ]


def _missing_tiers(situation: Situation) -> list[Action]:
    """All CascadeTiers at once, as soon as the profile is there and a cascade is wanted."""
    run = situation.observed.run
    if not situation.profile.succeeded or situation.observed.refused:
        return []
    actions: list[Action] = []
    for step in situation.needed:
        if step.spec is not None and step.tier is None:
            body = build_tier(
                namespace=run.meta.namespace, run=run.meta.name, run_uid=run.meta.uid, owner=run.owner, tier=step.spec
            )
            name = tier_name(run=run.meta.name, run_uid=run.meta.uid, tier=step.spec.tier)
            actions.append(CreateTier(name, body))
    return actions


def _next_attempt(step: Step, situation: Situation) -> PhaseAttempt:
    run, number = situation.observed.run, step.attempt.attempt + 1
    return step.attempt.model_copy(
        update={
            "attempt": number,
            "job_name": job_name(run=run.meta.name, run_uid=run.meta.uid, step=step.key, attempt=number),
            "state": "Pending",
            "started_at": stamp(situation.now),
            "finished_at": None,
            "retry_at": None,
        }
    )


def _creation(step: Step, attempt: PhaseAttempt, situation: Situation) -> list[Action]:
    run, config = situation.observed.run, situation.observed.config
    if step.owner is None:  # excluded by may_start; keeps the types honest
        return []
    job = build_job(
        namespace=run.meta.namespace,
        run=run.meta.name,
        run_uid=run.meta.uid,
        step=step.key,
        owner=step.owner,
        phase=phase_config(step, attempt, situation),
        trainer=config.trainer,
        progress_port=config.progress_port,
        gpus=step.gpus,
        nodes=step.nodes,
        active_deadline_seconds=max(1, math.ceil(situation.remaining_seconds)) + DEADLINE_SLACK_SECONDS,
    )
    name = str(job["metadata"]["name"])
    actions: list[Action] = [CreateJob(name, job)]
    if step.nodes > 1:
        marks = job_labels(
            run=run.meta.name,
            run_uid=run.meta.uid,
            phase=step.phase,
            step=step.key,
            tier=step.number,
            attempt=attempt.attempt,
        )
        service = build_service(namespace=run.meta.namespace, name=name, job_labels=marks, owner=step.owner)
        actions.insert(0, CreateService(name, service))
    return actions


def artifacts_of(situation: Situation) -> str:
    """Kept once it is in status, so that a changed configuration does not tear a run's artifacts apart."""
    run = situation.observed.run
    return run.status.artifacts_uri or artifacts_uri(
        base=situation.observed.config.artifacts_uri,
        namespace=run.meta.namespace,
        run=run.meta.name,
        run_uid=run.meta.uid,
    )


def phase_config(step: Step, attempt: PhaseAttempt, situation: Situation) -> PhaseConfig:
    """What the pod is told; the same for every attempt but for its number and the micro-batch."""
    run, spec = situation.observed.run, situation.spec
    tiers = tiers_of(spec.cascade)
    return PhaseConfig(
        phase=step.phase,
        run=f"{run.meta.namespace}/{run.meta.name}"[:512],
        attempt=attempt.attempt,
        dataset=spec.dataset,
        reference=spec.reference,
        artifacts_uri=artifacts_of(situation),
        seed=spec.seed,
        architecture=spec.cascade.architecture,
        vocab_size=vocabulary_of(spec.cascade),
        target_model_size=spec.cascade.target_model_size,
        sample_rows=spec.sample_rows or max(tier.training_rows for tier in tiers),
        tiers=tiers,
        tier=step.number,
        stop_when_certain=spec.cascade.stop_when_certain,
        micro_batch_divisor=attempt.micro_batch_divisor,
    )

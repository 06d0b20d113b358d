"""`reconcile(observed, now) -> Plan`: the whole of deciding, without I/O, clock or client."""

from __future__ import annotations

from datetime import datetime, timedelta

from synthos_api.v1alpha1 import CascadeTierStatus

from .advance import advance
from .observed import Observed
from .plan import Action, DeleteJob, DeleteRun, Plan
from .policies import Decision, decide
from .situation import Situation, situation_of
from .status import rejected_status, run_status, tier_status
from .steps import Step
from .story import story
from .throttle import wait_before_write
from .times import parse_or_none
from .waiting import waiting_of

BLOCKED_SECONDS = 5.0
"""Until the next look at pods that must end before an attempt may start; their events come first, usually."""

REFUSED_SECONDS = 30.0
"""Until the next try to create what a quota or an admission rule refused."""


def reconcile(observed: Observed, now: datetime) -> Plan:
    """What to do next for a run. Idempotent: once the plan is carried out, the next plan is empty."""
    if observed.run.meta.deleting:
        return Plan()
    now = now.replace(microsecond=0)
    situation = situation_of(observed, now)
    if situation is None:
        return _rejected(observed, now)
    decision = decide(situation)
    if (due := _deletion_due(situation, decision)) is not None and due <= now:
        return Plan(actions=(DeleteRun(observed.run.meta.name, observed.run.meta.uid),))
    actions, steps = advance(situation, decision)
    return _written(situation, decision, actions, steps, due)


def _rejected(observed: Observed, now: datetime) -> Plan:
    run = observed.run
    status = rejected_status(run.status, generation=run.meta.generation, problem=run.spec_error, now=now)
    actions = tuple(
        DeleteJob(job.meta.name, job.meta.uid) for job in observed.jobs if not job.ended and not job.meta.deleting
    )
    return Plan(actions=actions, run_status=status if status != run.status else None)


def _written(
    situation: Situation, decision: Decision, actions: tuple[Action, ...], steps: tuple[Step, ...], due: datetime | None
) -> Plan:
    observed, now = situation.observed, situation.now
    interval = observed.config.timing.progress_write_seconds
    delays = []
    tiers: dict[str, CascadeTierStatus] = {}
    for step in steps:
        if step.tier is None:
            continue
        status = tier_status(step, step.tier, situation, decision)
        uid = step.tier.meta.uid
        delay = wait_before_write(
            step.tier.status, status, last_write=observed.written.get(uid), now=now, interval_seconds=interval
        )
        if delay == 0:
            tiers[uid] = status
        delays.append(delay)
    after = run_status(situation, decision, steps)
    delay = wait_before_write(
        observed.run.status,
        after,
        last_write=observed.written.get(observed.run.meta.uid),
        now=now,
        interval_seconds=interval,
    )
    delays.append(delay)
    run = after if delay == 0 else None
    waits = [delay for delay in delays if delay]
    return Plan(
        actions=actions,
        run_status=run,
        tier_statuses=tiers,
        events=story(situation, steps, run, tiers),
        requeue_after=_requeue_after(situation, decision, steps, waits, due),
    )


def _deletion_due(situation: Situation, decision: Decision) -> datetime | None:
    ttl = situation.spec.ttl_seconds_after_finished
    finished = parse_or_none(situation.observed.run.status.finished_at)
    if ttl is None or not decision.final or finished is None:
        return None
    return finished + timedelta(seconds=ttl)


def _requeue_after(
    situation: Situation, decision: Decision, steps: tuple[Step, ...], waits: list[float], due: datetime | None
) -> float | None:
    """The nearest moment at which time alone changes the answer."""
    now, timing = situation.now, situation.observed.config.timing
    moments = list(waits)
    if due is not None:
        moments.append((due - now).total_seconds())
    if any(pod.scheduled for step in steps for pod in step.live_pods):
        moments.append(timing.progress_poll_seconds)
    if decision.kind == "Run":
        moments.append(situation.remaining_seconds)
        moments += _current_step_moments(situation)
    return max(0.0, min(moments)) if moments else None


def _current_step_moments(situation: Situation) -> list[float]:
    step, now = situation.current, situation.now
    if step is None:
        return []
    moments = []
    retry_at = parse_or_none(step.attempt.retry_at)
    if retry_at is not None and retry_at > now:
        moments.append((retry_at - now).total_seconds())
    waiting = waiting_of(step, situation.observed)
    left = waiting.seconds_left(situation.spec.pending_deadline_seconds, now) if waiting else None
    if left is not None:
        moments.append(left)
    if situation.observed.refused:
        moments.append(REFUSED_SECONDS)
    elif step.busy and (step.attempt.attempt == 0 or step.attempt.state in ("Stopped", "Failed")):
        moments.append(BLOCKED_SECONDS)
    return moments

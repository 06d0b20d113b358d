"""The statuses that follow from a decision and the steps after its actions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from synthos_api.errors import UsageError, to_info
from synthos_api.results import ModelResult
from synthos_api.v1alpha1 import (
    CascadeTierStatus,
    Condition,
    RunPhase,
    TierPhase,
    TierProgress,
    TierSummary,
    ValidationRunStatus,
    VerdictStatus,
)

from .advance import artifacts_of
from .conditions import Conditions
from .observed import Tier
from .policies import Decision
from .progress import is_stalled, run_progress, tier_progress, tier_results
from .situation import Situation
from .steps import Step
from .times import stamp
from .waiting import waiting_of

_PHASE_OF_STEP: dict[str, RunPhase] = {"Profile": "Profiling", "Cascade": "Training", "Verdict": "Judging"}
_PHASE_OF_END: dict[str, RunPhase] = {
    "Suspend": "Suspended",
    "Cancel": "Cancelled",
    "Fail": "Failed",
    "Complete": "Complete",
}


def run_status(situation: Situation, decision: Decision, steps: Sequence[Step]) -> ValidationRunStatus:
    run, now = situation.observed.run, situation.now
    before = run.status
    tiers = [_tier_view(step, situation) for step in steps if step.spec is not None]
    current = next((step for step in steps if step.key in _keys(situation) and not step.succeeded), None)
    resumed = situation.present_suspension if decision.kind != "Suspend" else 0.0
    return before.model_copy(
        update={
            "observed_generation": run.meta.generation,
            "phase": _PHASE_OF_END.get(decision.kind) or (_PHASE_OF_STEP[current.phase] if current else "Pending"),
            "conditions": _run_conditions(situation, decision, current),
            "progress": run_progress(situation, steps, [progress for progress, _ in tiers]),
            "profile": _profile(steps[0], before),
            "pre_screen": situation.pre_screen,
            "profile_attempt": steps[0].attempt,
            "verdict_attempt": steps[-1].attempt,
            "tiers": [
                _summary(step, step.tier, progress, decision)
                for step, (progress, _) in zip([s for s in steps if s.spec is not None], tiers, strict=True)
                if step.tier is not None
            ],
            "verdict": _verdict(steps[-1], before),
            "cost": situation.cost,
            "artifacts_uri": artifacts_of(situation),
            "started_at": stamp(situation.started),
            "finished_at": (before.finished_at or stamp(now)) if decision.final else None,
            "suspended_seconds": 0.0 if situation.reopened else round(before.suspended_seconds + resumed, 0),
            "error": decision.error,
        }
    )


def _keys(situation: Situation) -> set[str]:
    return {step.key for step in situation.needed}


def _profile(step: Step, before: ValidationRunStatus) -> object:
    return step.outcome.profile if step.outcome is not None else before.profile


def _verdict(step: Step, before: ValidationRunStatus) -> VerdictStatus | None:
    if step.outcome is None or step.outcome.verdict is None:
        return before.verdict
    result = step.outcome.verdict
    return VerdictStatus(
        verdict=result.judgement.verdict,
        risk_score=result.judgement.risk_score,
        judgement=result.judgement,
        verdict_uri=result.verdict_uri,
        report_uri=result.report_uri,
    )


def _summary(step: Step, tier: Tier, progress: TierProgress, decision: Decision) -> TierSummary:
    return TierSummary(
        tier=step.number or 0,
        name=tier.meta.name,
        phase=tier_phase(step, decision),
        models_completed=progress.models_completed,
        models_total=progress.models_total,
    )


def _run_conditions(situation: Situation, decision: Decision, current: Step | None) -> list[Condition]:
    run, now = situation.observed.run, situation.now
    conditions = Conditions(run.status.conditions, now=now, generation=run.meta.generation)
    models = sum(step.spec.variants for step in situation.tiers if step.spec)
    conditions.set(
        "Accepted",
        True,
        "Accepted",
        f"{len(situation.tiers)} tiers with {models} models, through {situation.spec.through}",
    )
    if decision.kind == "Run":
        waiting = waiting_of(current, situation.observed) if current else None
        doing = current.words if current else "nothing"
        message = f"{doing}: {waiting.message}" if waiting else doing
        if current is not None and current.attempt.retry_at:
            message = f"{doing}: attempt {current.attempt.attempt + 1} starts at {current.attempt.retry_at}"
        conditions.set("Running", True, _PHASE_OF_STEP[current.phase] if current else "InProgress", message)
        conditions.clear("Suspended", "Resumed")
        conditions.clear("Complete", "Extended", f"continues through {situation.spec.through}")
        return conditions.result()
    conditions.set("Running", False, decision.reason, decision.message)
    kind = {"Suspend": "Suspended", "Cancel": "Cancelled", "Fail": "Failed", "Complete": "Complete"}[decision.kind]
    conditions.set(kind, True, decision.reason, decision.message)
    if kind != "Suspended":
        conditions.clear("Suspended", "Ended")
    if kind != "Complete":
        conditions.clear("Complete", decision.reason)
    return conditions.result()


# --- tiers ------------------------------------------------------------------------------------


def tier_phase(step: Step, decision: Decision) -> TierPhase:
    attempt = step.attempt
    if step.succeeded:
        return "Complete"
    if step.failed:
        return "Failed"
    if decision.kind in ("Cancel", "Fail"):
        return "Cancelled"
    if attempt.attempt == 0:
        return "Pending"
    if decision.kind == "Suspend":
        return "Suspended"
    return "Training" if attempt.state == "Running" else "Waiting"


def _tier_view(step: Step, situation: Situation) -> tuple[TierProgress, list[ModelResult]]:
    results = tier_results(step)
    stalled = is_stalled(step, situation.now, situation.observed.config.timing.stalled_after_seconds)
    return tier_progress(step, results, bool(stalled), situation.now), results


def tier_status(step: Step, tier: Tier, situation: Situation, decision: Decision) -> CascadeTierStatus:
    progress, results = _tier_view(step, situation)
    return tier.status.model_copy(
        update={
            "observed_generation": tier.meta.generation,
            "phase": tier_phase(step, decision),
            "conditions": _tier_conditions(step, tier, situation, decision),
            "attempt": step.attempt,
            "progress": progress,
            "results": results,
            "pod": step.pod.meta.name if step.pod else tier.status.pod,
            "error": step.attempt.error if not step.succeeded else None,
        }
    )


def _tier_conditions(step: Step, tier: Tier, situation: Situation, decision: Decision) -> list[Condition]:
    conditions = Conditions(tier.status.conditions, now=situation.now, generation=tier.meta.generation)
    conditions.set("Accepted", True, "Accepted", f"{tier.spec.variants} models of {tier.spec.model_size} parameters")
    running, reason, message = _running(step, situation, decision)
    conditions.set("Running", running, reason, message)
    _set_scheduled(conditions, step, situation, decision)
    after = situation.observed.config.timing.stalled_after_seconds
    if stalled := is_stalled(step, situation.now, after):
        conditions.set("Stalled", True, "NoProgress", stalled)
    else:
        conditions.clear("Stalled", "Progressing" if running else "NotRunning")
    if step.succeeded:
        conditions.set("Complete", True, "Trained", f"{tier.spec.variants} models trained")
    elif step.failed and step.attempt.error is not None:
        error = step.attempt.error
        conditions.set("Failed", True, "AttemptsExhausted", f"error {error.code}: {error.message}")
    return conditions.result()


def _running(step: Step, situation: Situation, decision: Decision) -> tuple[bool, str, str]:
    attempt = step.attempt
    if attempt.state == "Running":
        return True, "Training", f"attempt {attempt.attempt}"
    if step.succeeded:
        return False, "Complete", ""
    if decision.kind != "Run":
        return False, decision.reason, decision.message
    if attempt.retry_at and attempt.error:
        return (
            False,
            "BackOff",
            f"error {attempt.error.code}: {attempt.error.message}; next attempt at {attempt.retry_at}",
        )
    if step.key != getattr(situation.current, "key", None):
        return False, "NotItsTurn", "the step before it has not ended"
    waiting = waiting_of(step, situation.observed)
    return (False, waiting.reason, waiting.message) if waiting else (False, "Starting", "")


def _set_scheduled(conditions: Conditions, step: Step, situation: Situation, decision: Decision) -> None:
    attempt = step.attempt
    if decision.kind != "Run" or attempt.attempt == 0 or attempt.state not in ("Pending", "Running"):
        return
    waiting = waiting_of(step, situation.observed)
    if waiting is None:
        conditions.set("Scheduled", True, "Scheduled", "")
    elif waiting.scheduled is None:
        conditions.set("Scheduled", "Unknown", waiting.reason, waiting.message)
    else:
        message = "" if waiting.scheduled else waiting.message
        conditions.set("Scheduled", waiting.scheduled, "Scheduled" if waiting.scheduled else waiting.reason, message)


def rejected_status(
    before: ValidationRunStatus, *, generation: int, problem: str, now: datetime
) -> ValidationRunStatus:
    """Of a run whose specification the API let pass and our types refuse."""
    error = to_info(UsageError(f"the specification cannot be used: {problem}"))
    conditions = Conditions(before.conditions, now=now, generation=generation)
    conditions.set("Accepted", False, "InvalidSpec", error.message)
    conditions.set("Running", False, "InvalidSpec", "")
    conditions.set("Failed", True, "DataError", f"error {error.code}: {error.message}")
    return before.model_copy(
        update={
            "observed_generation": generation,
            "phase": "Failed",
            "conditions": conditions.result(),
            "finished_at": before.finished_at or stamp(now),
            "error": error,
        }
    )

"""When a changed status is worth a write: transitions at once, mere progress at intervals."""

from __future__ import annotations

from datetime import datetime

from synthos_api.v1alpha1 import CascadeTierStatus, CostStatus, PhaseAttempt, ValidationRunStatus

_NOT_NEWS: dict[str, object] = {"gpu_seconds": 0.0, "accounted_at": None}


def wait_before_write(
    before: ValidationRunStatus | CascadeTierStatus,
    after: ValidationRunStatus | CascadeTierStatus,
    *,
    last_write: datetime | None,
    now: datetime,
    interval_seconds: float,
) -> float | None:
    """Seconds until `after` is due; 0 for now, None when there is nothing to write."""
    if before == after:
        return None
    if last_write is None or _transitions(before) != _transitions(after):
        return 0.0
    return max(0.0, interval_seconds - (now - last_write).total_seconds())


def _transitions(status: ValidationRunStatus | CascadeTierStatus) -> object:
    """The status without what changes all the time while a pod runs, or waits.

    Of a condition its message is left out: the scheduler counts its nodes anew in each of its own.
    """
    conditions = [(condition.type, condition.status, condition.reason) for condition in status.conditions]
    quiet: dict[str, object] = {"conditions": []}
    if isinstance(status, CascadeTierStatus):
        progress = status.progress.__class__(state=status.progress.state)
        quiet |= {"progress": progress, "results": [], "attempt": _quiet(status.attempt)}
        return conditions, status.model_copy(update=quiet)
    return conditions, status.model_copy(
        update=quiet
        | {
            "progress": status.progress.__class__(state=status.progress.state),
            "cost": CostStatus(),
            "profile_attempt": _quiet(status.profile_attempt),
            "verdict_attempt": _quiet(status.verdict_attempt),
            "tiers": [tier.model_copy(update={"models_completed": 0}) for tier in status.tiers],
        }
    )


def _quiet(attempt: PhaseAttempt) -> PhaseAttempt:
    return attempt.model_copy(update=_NOT_NEWS)

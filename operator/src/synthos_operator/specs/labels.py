"""Labels and selectors: the only place that knows their keys."""

from __future__ import annotations

from .names import label_value

RUN = "synthos.dev/run"
RUN_UID = "synthos.dev/run-uid"
PHASE = "synthos.dev/phase"
STEP = "synthos.dev/step"
TIER = "synthos.dev/tier"
ATTEMPT = "synthos.dev/attempt"
MANAGED_BY = "app.kubernetes.io/managed-by"
MANAGER = "synthos-operator"
COMPONENT = "app.kubernetes.io/component"
TRAINER = "trainer"


def run_labels(*, run: str, run_uid: str) -> dict[str, str]:
    """On everything that belongs to a run."""
    return {
        "app.kubernetes.io/name": "synthos",
        MANAGED_BY: MANAGER,
        RUN: label_value(run),
        RUN_UID: run_uid,
    }


def tier_labels(*, run: str, run_uid: str, tier: int) -> dict[str, str]:
    return {**run_labels(run=run, run_uid=run_uid), TIER: str(tier)}


def job_labels(*, run: str, run_uid: str, phase: str, step: str, tier: int | None, attempt: int) -> dict[str, str]:
    """On a Job and its pods."""
    labels = {
        **run_labels(run=run, run_uid=run_uid),
        COMPONENT: TRAINER,
        PHASE: phase,
        STEP: step,
        ATTEMPT: str(attempt),
    }
    return labels if tier is None else {**labels, TIER: str(tier)}


def of_run(run_uid: str) -> str:
    """Selector of everything that belongs to a run."""
    return f"{RUN_UID}={run_uid}"


def managed() -> str:
    """Selector of everything this operator made."""
    return f"{MANAGED_BY}={MANAGER}"

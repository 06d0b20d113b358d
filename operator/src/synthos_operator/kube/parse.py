"""From objects of the API to the views that `reconcile` reads. Lenient: what is missing is absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from synthos_api.v1alpha1 import CascadeTierSpec, CascadeTierStatus, ValidationRunSpec, ValidationRunStatus
from synthos_operator.reconcile.observed import Job, Meta, Pod, Run, Termination, Tier
from synthos_operator.reconcile.times import parse_or_none
from synthos_operator.specs import labels
from synthos_operator.specs.job import CONTAINER

Raw = Mapping[str, Any]
_EPOCH = datetime.fromtimestamp(0, UTC)
_COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"


def meta(raw: Raw) -> Meta:
    data = raw["metadata"]
    return Meta(
        namespace=data.get("namespace", ""),
        name=data["name"],
        uid=data.get("uid", ""),
        created=parse_or_none(data.get("creationTimestamp")) or _EPOCH,
        generation=data.get("generation", 1),
        resource_version=data.get("resourceVersion", ""),
        deleting=bool(data.get("deletionTimestamp")),
    )


def controller_uid(raw: Raw) -> str:
    """UID of the controlling owner; empty without one."""
    owners = raw["metadata"].get("ownerReferences") or []
    return next((str(owner["uid"]) for owner in owners if owner.get("controller")), "")


def owner_words(raw: Raw) -> str:
    owners = raw["metadata"].get("ownerReferences") or []
    return ", ".join(f"{owner.get('kind')} {owner.get('name')} (UID {owner.get('uid')})" for owner in owners)


def run(raw: Raw) -> Run:
    """A status that does not fit our types counts as lost: everything in it can be found again."""
    try:
        status = ValidationRunStatus.model_validate(raw.get("status") or {})
    except ValidationError:
        status = ValidationRunStatus()
    try:
        spec, problem = ValidationRunSpec.model_validate(raw.get("spec") or {}), ""
    except ValidationError as error:
        spec, problem = None, "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
    return Run(meta=meta(raw), spec=spec, status=status, spec_error=problem)


def tier(raw: Raw) -> Tier | None:
    """None for an object that is no tier of ours, however it got its labels."""
    try:
        spec = CascadeTierSpec.model_validate(raw.get("spec") or {})
    except ValidationError:
        return None
    try:
        status = CascadeTierStatus.model_validate(raw.get("status") or {})
    except ValidationError:
        status = CascadeTierStatus()
    return Tier(meta=meta(raw), spec=spec, status=status)


def job(raw: Raw) -> Job | None:
    """None for a Job without the labels of an attempt."""
    marks = raw["metadata"].get("labels") or {}
    step, attempt = marks.get(labels.STEP, ""), marks.get(labels.ATTEMPT, "")
    if not step or not attempt.isdecimal():
        return None
    status = raw.get("status") or {}
    complete, failed = _condition(status, "Complete"), _condition(status, "Failed")
    end = complete or failed or {}
    return Job(
        meta=meta(raw),
        step=step,
        attempt=int(attempt),
        complete=complete is not None,
        failed=failed is not None and complete is None,
        reason=end.get("reason", ""),
        message=end.get("message", ""),
        suspended=bool((raw.get("spec") or {}).get("suspend")),
        finished=parse_or_none(status.get("completionTime") or end.get("lastTransitionTime")),
    )


def _condition(status: Raw, kind: str, value: str = "True") -> dict[str, Any] | None:
    conditions: Iterable[dict[str, Any]] = status.get("conditions") or []
    return next((item for item in conditions if item.get("type") == kind and item.get("status") == value), None)


def pod(raw: Raw) -> Pod:
    status = raw.get("status") or {}
    scheduled, unscheduled = _condition(status, "PodScheduled"), _condition(status, "PodScheduled", "False") or {}
    state = _container_state(status)
    waiting = state.get("waiting") or {}
    annotations = raw["metadata"].get("annotations") or {}
    index = str(annotations.get(_COMPLETION_INDEX, "0"))
    # A pod bound without the condition (static tests, simulated nodes) holds its GPUs from its start.
    bound_at = (scheduled or {}).get("lastTransitionTime") or status.get("startTime")
    return Pod(
        meta=meta(raw),
        job_uid=controller_uid(raw),
        step=(raw["metadata"].get("labels") or {}).get(labels.STEP, ""),
        phase=status.get("phase", "Pending"),
        ip=status.get("podIP", ""),
        index=int(index) if index.isdecimal() else 0,
        scheduled=bool((raw.get("spec") or {}).get("nodeName")),
        scheduled_at=parse_or_none(bound_at) if (raw.get("spec") or {}).get("nodeName") else None,
        unscheduled_reason=unscheduled.get("reason", ""),
        unscheduled_message=unscheduled.get("message", ""),
        started_at=parse_or_none((state.get("running") or {}).get("startedAt")),
        waiting_reason=waiting.get("reason", ""),
        waiting_message=waiting.get("message", ""),
        termination=_termination(state),
        reason=status.get("reason", ""),
        message=status.get("message", ""),
    )


def _container_state(status: Raw) -> dict[str, Any]:
    for container in status.get("containerStatuses") or []:
        if container.get("name") == CONTAINER:
            state: dict[str, Any] = container.get("state") or {}
            return state
    return {}


def _termination(state: Raw) -> Termination | None:
    end = state.get("terminated")
    if not end:
        return None
    return Termination(
        exit_code=int(end.get("exitCode", -1)),
        reason=end.get("reason", ""),
        message=end.get("message", ""),
        started=parse_or_none(end.get("startedAt")),
        finished=parse_or_none(end.get("finishedAt")),
    )

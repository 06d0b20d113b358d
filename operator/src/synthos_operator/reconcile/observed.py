"""Everything `reconcile` knows: one frozen snapshot. Absent objects are None or missing from a tuple."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from synthos_api.progress import Progress
from synthos_api.v1alpha1 import (
    RUN_KIND,
    TIER_KIND,
    CascadeTierSpec,
    CascadeTierStatus,
    ValidationRunSpec,
    ValidationRunStatus,
)
from synthos_operator.config import OperatorConfig
from synthos_operator.specs.owners import Owner


@dataclass(frozen=True)
class Meta:
    namespace: str
    name: str
    uid: str
    created: datetime
    generation: int = 1
    resource_version: str = ""
    deleting: bool = False


@dataclass(frozen=True)
class Run:
    """`spec` is None when the API let pass what our types refuse; `spec_error` says why."""

    meta: Meta
    spec: ValidationRunSpec | None
    status: ValidationRunStatus
    spec_error: str = ""

    @property
    def owner(self) -> Owner:
        return Owner(kind=RUN_KIND, name=self.meta.name, uid=self.meta.uid)


@dataclass(frozen=True)
class Tier:
    meta: Meta
    spec: CascadeTierSpec
    status: CascadeTierStatus

    @property
    def owner(self) -> Owner:
        return Owner(kind=TIER_KIND, name=self.meta.name, uid=self.meta.uid)


@dataclass(frozen=True)
class Job:
    """`complete` and `failed` mirror the conditions, which the Job controller sets once all pods have ended."""

    meta: Meta
    step: str
    attempt: int
    complete: bool = False
    failed: bool = False
    reason: str = ""
    message: str = ""
    suspended: bool = False
    finished: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.complete or self.failed


@dataclass(frozen=True)
class Termination:
    exit_code: int
    reason: str = ""
    message: str = ""
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(frozen=True)
class Pod:
    """A pod of one of our Jobs, which may be gone already, and the state of its trainer container."""

    meta: Meta
    job_uid: str
    step: str
    phase: str
    ip: str = ""
    index: int = 0
    scheduled: bool = False
    scheduled_at: datetime | None = None
    unscheduled_reason: str = ""
    unscheduled_message: str = ""
    started_at: datetime | None = None
    waiting_reason: str = ""
    waiting_message: str = ""
    termination: Termination | None = None
    reason: str = ""
    message: str = ""

    @property
    def ended(self) -> bool:
        return self.phase in ("Succeeded", "Failed")

    @property
    def running(self) -> bool:
        return self.started_at is not None and not self.ended and self.termination is None


@dataclass(frozen=True)
class Report:
    """What pulling a pod's progress gave last: the newest valid answer, and when it came."""

    progress: Progress | None
    answered_at: datetime | None
    asked_since: datetime
    problem: str = ""


@dataclass(frozen=True)
class ForeignObject:
    """An object with one of our names that belongs to somebody else."""

    kind: str
    name: str
    owner: str


@dataclass(frozen=True)
class RefusedObject:
    """An object the API server would not create (admission, quota, validation)."""

    kind: str
    name: str
    message: str


@dataclass(frozen=True)
class Observed:
    run: Run
    config: OperatorConfig
    tiers: tuple[Tier, ...] = ()
    jobs: tuple[Job, ...] = ()
    pods: tuple[Pod, ...] = ()
    reports: Mapping[str, Report] = field(default_factory=dict)
    """By pod UID."""
    written: Mapping[str, datetime] = field(default_factory=dict)
    """When this process last wrote the status of an object, by its UID."""
    foreign: tuple[ForeignObject, ...] = ()
    refused: tuple[RefusedObject, ...] = ()

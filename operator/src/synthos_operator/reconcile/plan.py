"""What `reconcile` wants done: actions first, then statuses, then events, then a look later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from synthos_api.v1alpha1 import CascadeTierStatus, ValidationRunStatus
from synthos_operator.config import KubeObject


@dataclass(frozen=True)
class CreateTier:
    name: str
    body: KubeObject


@dataclass(frozen=True)
class CreateService:
    name: str
    body: KubeObject


@dataclass(frozen=True)
class CreateJob:
    name: str
    body: KubeObject


@dataclass(frozen=True)
class DeleteJob:
    name: str
    uid: str


@dataclass(frozen=True)
class DeleteRun:
    name: str
    uid: str


Action = CreateTier | CreateService | CreateJob | DeleteJob | DeleteRun


@dataclass(frozen=True)
class Event:
    """Something to tell about the run; `subject` and `attempt` keep apart what may happen more than once."""

    reason: str
    message: str
    kind: Literal["Normal", "Warning"] = "Normal"
    subject: str = "run"
    attempt: str = ""
    order: int = 0
    """Place in the story, for events of the same second."""


@dataclass(frozen=True)
class Plan:
    """`run_status` and `tier_statuses` hold only what is to be written now."""

    actions: tuple[Action, ...] = ()
    run_status: ValidationRunStatus | None = None
    tier_statuses: Mapping[str, CascadeTierStatus] = field(default_factory=dict)
    """By tier UID."""
    events: tuple[Event, ...] = ()
    requeue_after: float | None = None
    """Seconds; None: nothing is due by the clock."""

    @property
    def empty(self) -> bool:
        return not (self.actions or self.run_status or self.tier_statuses or self.events)

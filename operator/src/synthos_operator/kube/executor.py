"""Carry out a Plan: actions, then statuses, then events. Every step may be repeated without harm."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from synthos_api.v1alpha1 import CascadeTierStatus, ValidationRunStatus
from synthos_operator.reconcile.observed import ForeignObject, RefusedObject, Run
from synthos_operator.reconcile.plan import (
    Action,
    CreateJob,
    CreateService,
    CreateTier,
    DeleteJob,
    DeleteRun,
    Event,
    Plan,
)
from synthos_operator.reconcile.times import stamp
from synthos_operator.specs import labels
from synthos_operator.specs.event import build_event
from synthos_operator.specs.names import event_name

from . import parse
from .client import (
    EVENTS,
    JOBS,
    RUNS,
    SERVICES,
    TIERS,
    AlreadyExists,
    Conflict,
    KubeClient,
    KubeObject,
    NotFound,
    Refused,
    Resource,
    Unavailable,
)
from .gather import Gathered

log = logging.getLogger(__name__)
_KINDS: dict[type[Action], Resource] = {CreateTier: TIERS, CreateJob: JOBS, CreateService: SERVICES}


@dataclass
class Obstacles:
    """What kept actions from being carried out and is for `reconcile` to judge."""

    foreign: list[ForeignObject] = field(default_factory=list)
    refused: list[RefusedObject] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.foreign or self.refused)


class Executor:
    """Writes to the cluster, and remembers when it wrote the status of which object."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self.written: dict[str, datetime] = {}

    async def act(self, plan: Plan, run: Run) -> Obstacles:
        """Carry out the actions in order.

        Raises Unavailable or Conflict when the run has to be looked at again soon.
        """
        obstacles = Obstacles()
        for action in plan.actions:
            if isinstance(action, CreateTier | CreateJob | CreateService):
                await self._create(_KINDS[type(action)], action.name, action.body, run, obstacles)
            else:
                await self._delete(action, run)
            if obstacles:
                break  # what follows may build on what could not be made
        return obstacles

    async def _create(self, resource: Resource, name: str, body: KubeObject, run: Run, obstacles: Obstacles) -> None:
        namespace = run.meta.namespace
        try:
            await self._client.create(resource, namespace, body)
            log.info("created", extra={"kind": resource.kind, "object": name})
        except AlreadyExists:
            await self._adopt(resource, name, body, run, obstacles)
        except Refused as refusal:
            obstacles.refused.append(RefusedObject(resource.kind, name, refusal.message))

    async def _adopt(self, resource: Resource, name: str, body: KubeObject, run: Run, obstacles: Obstacles) -> None:
        """The name is taken: by our own object from before, by its dying predecessor, or by a stranger's."""
        try:
            present = await self._client.get(resource, run.meta.namespace, name)
        except NotFound as error:
            raise Conflict(409, "Vanished", f"{resource.kind} {name} was there a moment ago") from error
        if present["metadata"].get("deletionTimestamp"):
            raise Conflict(409, "StillThere", f"{resource.kind} {name} is being deleted")
        if parse.controller_uid(present) == parse.controller_uid(body):
            return
        marks = present["metadata"].get("labels") or {}
        if marks.get(labels.RUN_UID) == run.meta.uid:
            raise Conflict(409, "StillThere", f"{resource.kind} {name} of a deleted tier is not gone yet")
        obstacles.foreign.append(ForeignObject(resource.kind, name, parse.owner_words(present)))

    async def _delete(self, action: DeleteJob | DeleteRun, run: Run) -> None:
        # Foreground: a Job stays until its pods are gone, so that what is still saving its state stays in sight.
        resource, propagation = (JOBS, "Foreground") if isinstance(action, DeleteJob) else (RUNS, "Background")
        namespace = run.meta.namespace
        try:
            await self._client.delete(resource, namespace, action.name, uid=action.uid, propagation=propagation)
            log.info("deleted", extra={"kind": resource.kind, "object": action.name})
        except (NotFound, Conflict):
            return  # gone already, or replaced by another object of that name

    async def write(self, plan: Plan, gathered: Gathered, now: datetime) -> None:
        """Statuses, tiers first, then the events. A stale write raises Conflict and no event is posted."""
        run = gathered.observed.run
        for uid, status in plan.tier_statuses.items():
            await self._write_status(TIERS, gathered.raw[uid], status, now)
        if plan.run_status is not None:
            await self._write_status(RUNS, gathered.raw[run.meta.uid], plan.run_status, now)
        for event in plan.events:
            await self._post(event, run, now)

    async def _write_status(
        self, resource: Resource, raw: KubeObject, status: ValidationRunStatus | CascadeTierStatus, now: datetime
    ) -> None:
        data = raw["metadata"]
        body = {**raw, "status": status.to_kube()}
        await self._client.replace_status(resource, data["namespace"], data["name"], body)
        self.written[data["uid"]] = now

    async def _post(self, event: Event, run: Run, now: datetime) -> None:
        """Events are for reading: one that cannot be posted is logged and left."""
        name = event_name(
            run=run.meta.name,
            run_uid=run.meta.uid,
            reason=event.reason,
            subject=event.subject,
            attempt=event.attempt,
            order=event.order,
        )
        body = build_event(
            namespace=run.meta.namespace,
            name=name,
            about=run.owner,
            reason=event.reason,
            message=event.message,
            kind=event.kind,
            timestamp=stamp(now),
        )
        try:
            await self._client.create(EVENTS, run.meta.namespace, body)
        except AlreadyExists:
            return
        except (Refused, NotFound, Unavailable) as error:
            log.warning("event not posted", extra={"reason": event.reason, "problem": str(error)})

    def forget_before(self, moment: datetime) -> None:
        """Drop what no longer holds anything back."""
        self.written = {uid: at for uid, at in self.written.items() if at >= moment}

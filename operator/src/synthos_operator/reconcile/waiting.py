"""Why a step's pod has not started, in the words of whoever holds it up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .observed import Observed
from .steps import Step

# Reasons of a waiting container that are nothing to worry about.
_STARTING = frozenset({"", "ContainerCreating", "PodInitializing"})


@dataclass(frozen=True)
class Waiting:
    """`scheduled` is metav1's three-valued answer; `since` None while a queue holds the Job back."""

    scheduled: bool | None
    reason: str
    message: str
    since: datetime | None

    def seconds_left(self, limit: int | None, now: datetime) -> float | None:
        """Until the wait for a node has lasted `limit` seconds; None where nothing is counted.

        A pod that is scheduled only starts (or cannot: a wrong image); that waits for no node any more.
        """
        if limit is None or self.since is None or self.scheduled is True:
            return None
        return limit - (now - self.since).total_seconds()


def waiting_of(step: Step, observed: Observed) -> Waiting | None:
    """None when there is no attempt under way, or its pod runs."""
    if step.attempt.state != "Pending" or step.attempt.attempt == 0:
        for item in observed.refused:
            return Waiting(None, "JobRefused", f"{item.kind} {item.name}: {item.message}", None)
        if step.attempt.state in ("Pending", "Stopped") and step.live_pods:
            names = ", ".join(pod.meta.name for pod in step.live_pods)
            return Waiting(None, "PodsEnding", f"the pod of the attempt before has not ended yet: {names}", None)
        return None
    job, pod = step.job, step.pod
    if job is not None and job.suspended:
        return Waiting(False, "Queued", "the Job is held back by a queue controller", None)
    if pod is None or pod.ended:
        since = job.meta.created if job else None
        return Waiting(None, "NoPodYet", "the Job has no pod yet", since)
    if not pod.scheduled:
        message = pod.unscheduled_message or "the pod has not been scheduled yet"
        known = False if pod.unscheduled_reason else None
        return Waiting(known, pod.unscheduled_reason or "NotScheduledYet", message, pod.meta.created)
    if pod.waiting_reason not in _STARTING:
        return Waiting(True, pod.waiting_reason, f"{pod.waiting_reason}: {pod.waiting_message}", pod.meta.created)
    return Waiting(True, "ContainerStarting", "the container is being started", pod.meta.created)

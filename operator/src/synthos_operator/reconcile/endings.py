"""How an attempt ended, read from its Job and pods. Everything a pod says is doubted first.

Two attempts that fail alike must give equal messages, or they would not be taken for the same error
(`retry.py`). So what differs between attempts, the pod's name above all, stands in the details.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from synthos_api.errors import (
    POD_EXIT_PREEMPTED,
    ErrorInfo,
    InternalError,
    OutOfMemory,
    ResourceError,
    from_pod_exit,
    to_info,
)
from synthos_api.phases import PhaseOutcome, decode_outcome
from synthos_api.progress import PhaseName

from .observed import Job, Pod

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Success:
    outcome: PhaseOutcome


@dataclass(frozen=True)
class Failure:
    error: ErrorInfo


@dataclass(frozen=True)
class Interruption:
    """Cut short from outside: says nothing about the data or the model, and a new attempt continues."""

    message: str


Ending = Success | Failure | Interruption


def ending(job: Job, pods: Sequence[Pod], *, phase: PhaseName, tier: int | None, what: str) -> Ending:
    """The ending of a Job that is complete or failed; `what` names the step in messages."""
    return _of_complete(pods, phase, tier, what) if job.complete else _of_failed(job, pods, what)


def _of_complete(pods: Sequence[Pod], phase: PhaseName, tier: int | None, what: str) -> Ending:
    done = [pod for pod in pods if pod.termination is not None and pod.termination.exit_code == 0 and pod.index == 0]
    if not done:
        return Interruption(f"{what}: the pod of the finished Job is gone, and its result with it")
    pod = done[-1]
    text = pod.termination.message if pod.termination else ""
    try:
        outcome = decode_outcome(text)
    except ValueError as error:
        return Failure(to_info(InternalError(f"{what}: {error}", details=_named(pod))))
    if outcome.error is not None:
        return Failure(outcome.error)
    if not _has_result(outcome, phase, tier):
        return Failure(to_info(InternalError(f"{what}: the pod ended well but left no result", details=_named(pod))))
    return Success(outcome)


def _has_result(outcome: PhaseOutcome, phase: PhaseName, tier: int | None) -> bool:
    if phase == "Profile":
        return outcome.profile is not None
    if phase == "Cascade":
        return outcome.tier is not None and outcome.tier.tier == tier
    return outcome.verdict is not None


def _of_failed(job: Job, pods: Sequence[Pod], what: str) -> Ending:
    if job.reason == "DeadlineExceeded":
        # Whether the run's time is up is the rule deadline_passed's to say: the Job's own deadline is the one
        # of its creation, and spec.deadlineSeconds may have been raised since.
        return Interruption(f"{what}: the Job ran into the deadline it was made with")
    ended = sorted((pod for pod in pods if pod.ended), key=_when)
    failed = [pod for pod in ended if pod.termination is not None and pod.termination.exit_code != 0]
    if failed:
        return _of_exit(failed[-1], what)
    if ended and ended[-1].termination is None:
        pod = ended[-1]
        return Failure(to_info(ResourceError(f"{what}: the pod did not run{_why(pod)}", details=_named(pod))))
    return Interruption(f"{what}: the Job failed ({job.reason}: {job.message}) and its pod is gone")


def _when(pod: Pod) -> datetime:
    if pod.termination is not None and pod.termination.finished is not None:
        return pod.termination.finished
    return pod.meta.created or _NEVER


def _of_exit(pod: Pod, what: str) -> Ending:
    end = pod.termination
    if end is None:  # excluded by the caller; keeps the types honest
        return Interruption(f"{what}: pod {pod.meta.name} is gone")
    if end.exit_code == POD_EXIT_PREEMPTED:
        return Interruption(f"{what}: pod {pod.meta.name} was asked to stop and saved its state")
    if end.reason == "OOMKilled":
        killed = OutOfMemory(f"{what}: the pod was killed for using too much memory", details=_named(pod))
        return Failure(to_info(killed))
    try:
        told = decode_outcome(end.message).error
    except ValueError:
        told = None
    return Failure(told or _untold(pod, end.exit_code, what))


def _untold(pod: Pod, exit_code: int, what: str) -> ErrorInfo:
    """Of a pod that left no message: its exit code tells the category, or the kubelet why it ended the pod."""
    message = f"{what}: the pod exited with code {exit_code} and left no message{_why(pod)}"
    if pod.reason:
        return to_info(ResourceError(message, details=_named(pod)))
    return from_pod_exit(exit_code, message, details=_named(pod))


def _why(pod: Pod) -> str:
    """The kubelet's words about the whole pod (Evicted, NodeLost, Terminated), where it has any."""
    words = " ".join(word for word in (pod.reason, pod.message) if word)
    return f": {words}" if words else ""


def _named(pod: Pod) -> str:
    return f"pod {pod.meta.name}"

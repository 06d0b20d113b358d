"""How an attempt ended, read from its Job and pods. Everything a pod says is doubted first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from synthos_api.errors import (
    POD_EXIT_PREEMPTED,
    DeadlineExceeded,
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
        return Failure(to_info(InternalError(f"{what}: pod {pod.meta.name}: {error}")))
    if outcome.error is not None:
        return Failure(outcome.error)
    if not _has_result(outcome, phase, tier):
        return Failure(to_info(InternalError(f"{what}: pod {pod.meta.name} ended well but left no result")))
    return Success(outcome)


def _has_result(outcome: PhaseOutcome, phase: PhaseName, tier: int | None) -> bool:
    if phase == "Profile":
        return outcome.profile is not None
    if phase == "Cascade":
        return outcome.tier is not None and outcome.tier.tier == tier
    return outcome.verdict is not None


def _of_failed(job: Job, pods: Sequence[Pod], what: str) -> Ending:
    if job.reason == "DeadlineExceeded":
        return Failure(to_info(DeadlineExceeded(f"{what}: the Job ran into its deadline")))
    ended = sorted((pod for pod in pods if pod.ended), key=_when)
    failed = [pod for pod in ended if pod.termination is not None and pod.termination.exit_code != 0]
    if failed:
        return _of_exit(failed[-1], what)
    if ended and ended[-1].termination is None:
        pod = ended[-1]
        return Failure(to_info(ResourceError(f"{what}: pod {pod.meta.name} did not run: {pod.reason} {pod.message}")))
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
        return Failure(to_info(OutOfMemory(f"{what}: pod {pod.meta.name} was killed for using too much memory")))
    try:
        told = decode_outcome(end.message).error
    except ValueError:
        told = None
    if told is not None:
        return Failure(told)
    return Failure(
        from_pod_exit(
            end.exit_code, f"{what}: pod {pod.meta.name} exited with code {end.exit_code} and left no message"
        )
    )

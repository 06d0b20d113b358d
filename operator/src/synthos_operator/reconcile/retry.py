"""Whether and when a failed attempt is followed by another."""

from __future__ import annotations

from datetime import datetime, timedelta

from synthos_api.errors import BudgetExceeded, DeadlineExceeded, ErrorInfo, OutOfMemory, ResourceError, to_info
from synthos_api.v1alpha1 import PhaseAttempt
from synthos_operator.config import Retry

from .times import stamp

_FINAL = frozenset({DeadlineExceeded.code, BudgetExceeded.code})
"""Retryable for whoever asks again later, but not within the same run."""

_SHORTEST_SECONDS = 1.0
"""Of a pause between attempts: the resolution of timestamps."""

_REDUCED = 2
"""Divisor of the micro-batch after running out of memory; tried once."""


def after_failure(
    attempt: PhaseAttempt, error: ErrorInfo, *, max_attempts: int, retry: Retry, now: datetime
) -> PhaseAttempt:
    """The attempt as Failed: with `retry_at` when another follows, without when the step failed for good.

    Final are errors that repeating cannot cure, the last allowed attempt, and the same error twice
    in a row (code and message, which names the place): it would only come a third time. Out of
    memory is tried once more with half the micro-batch.
    """
    failures = attempt.failures + 1
    exhausted = attempt.micro_batch_divisor >= _REDUCED
    again = error.retryable and error.code not in _FINAL and failures < max_attempts
    divisor = attempt.micro_batch_divisor
    if error.code == OutOfMemory.code:
        again = again and not exhausted
        divisor = _REDUCED if again else divisor
        if exhausted:
            error = _explained(error, "also with half the micro-batch")
    elif attempt.error is not None and (attempt.error.code, attempt.error.message) == (error.code, error.message):
        again = False
        error = _explained(error, "the same error in two attempts")
    return attempt.model_copy(
        update={
            "state": "Failed",
            "failures": failures,
            "finished_at": stamp(now),
            "retry_at": stamp(now + back_off(failures, retry)) if again else None,
            "micro_batch_divisor": divisor,
            "error": error,
        }
    )


def after_interruption(attempt: PhaseAttempt, message: str, *, retry: Retry, now: datetime) -> PhaseAttempt:
    """The attempt as Stopped: the next may start at once, and it is no failure until it happens too often."""
    interruptions = attempt.interruptions + 1
    update: dict[str, object] = {"state": "Stopped", "interruptions": interruptions, "finished_at": stamp(now)}
    if interruptions > retry.max_interruptions:
        error = to_info(ResourceError(f"{message} (interrupted {interruptions} times)"))
        update |= {"state": "Failed", "retry_at": None, "error": error}
    return attempt.model_copy(update=update)


def back_off(failures: int, retry: Retry) -> timedelta:
    """Doubles with every failure. Never nothing: the failure must be in the status before its successor is made.

    An operator that was killed in between would otherwise find the new Job and not know why it is there.
    """
    exponent = min(failures - 1, 30)
    seconds = min(retry.max_seconds, retry.base_seconds * 2.0**exponent)
    return timedelta(seconds=max(_SHORTEST_SECONDS, seconds))


def _explained(error: ErrorInfo, note: str) -> ErrorInfo:
    return error.model_copy(update={"details": f"{note}. {error.details}"[:2048].strip()})

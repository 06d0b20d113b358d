"""A step failed for good: no retry is left, or none would help."""

from __future__ import annotations

from synthos_api.errors import InternalError, to_info

from ..situation import Situation
from .decision import Decision, failed


def step_failed(situation: Situation) -> Decision | None:
    for step in situation.needed:
        if step.failed:
            error = step.attempt.error or to_info(InternalError("the step failed without an error"))
            return failed(error, step.words)
    return None

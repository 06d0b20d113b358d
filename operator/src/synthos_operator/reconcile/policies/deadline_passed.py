"""The run takes longer than spec.deadlineSeconds, suspension not counted."""

from __future__ import annotations

from synthos_api.errors import DeadlineExceeded, to_info

from ..situation import Situation
from .decision import Decision, failed


def deadline_passed(situation: Situation) -> Decision | None:
    if situation.remaining_seconds > 0:
        return None
    seconds = situation.spec.deadline_seconds
    current = situation.current
    return failed(to_info(DeadlineExceeded(f"not complete after {seconds} s")), current.words if current else "")

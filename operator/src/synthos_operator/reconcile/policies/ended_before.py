"""A run that failed or was cancelled stays so, whatever its objects say later."""

from __future__ import annotations

from ..conditions import find
from ..situation import Situation
from .decision import Decision


def ended_before(situation: Situation) -> Decision | None:
    status = situation.observed.run.status
    if status.phase not in ("Failed", "Cancelled"):
        return None
    condition = find(status.conditions, status.phase)
    reason, message = (condition.reason, condition.message) if condition else (status.phase, "")
    return Decision("Fail" if status.phase == "Failed" else "Cancel", reason, message, status.error)

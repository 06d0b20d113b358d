"""A pod of the current step waits longer than spec.pendingDeadlineSeconds to be scheduled."""

from __future__ import annotations

from synthos_api.errors import Unschedulable, to_info

from ..situation import Situation
from ..waiting import waiting_of
from .decision import Decision, failed


def pending_too_long(situation: Situation) -> Decision | None:
    limit, step = situation.spec.pending_deadline_seconds, situation.current
    waiting = waiting_of(step, situation.observed) if step else None
    left = waiting.seconds_left(limit, situation.now) if waiting else None
    if step is None or waiting is None or left is None or left > 0:
        return None
    return failed(to_info(Unschedulable(f"no pod was scheduled within {limit} s: {waiting.message}")), step.words)

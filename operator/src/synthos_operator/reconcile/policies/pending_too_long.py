"""A pod of the current step waits longer than spec.pendingDeadlineSeconds for its start."""

from __future__ import annotations

from synthos_api.errors import Unschedulable, to_info

from ..situation import Situation
from ..waiting import waiting_of
from .decision import Decision, failed


def pending_too_long(situation: Situation) -> Decision | None:
    limit, step = situation.spec.pending_deadline_seconds, situation.current
    waiting = waiting_of(step, situation.observed) if step else None
    if limit is None or step is None or waiting is None or waiting.since is None:
        return None
    if (situation.now - waiting.since).total_seconds() < limit:
        return None
    return failed(to_info(Unschedulable(f"no pod started within {limit} s: {waiting.message}")), step.words)

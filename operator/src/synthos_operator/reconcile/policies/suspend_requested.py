"""spec.suspend: nothing runs until it is false again."""

from __future__ import annotations

from ..situation import Situation
from .decision import Decision


def suspend_requested(situation: Situation) -> Decision | None:
    if not situation.spec.suspend:
        return None
    return Decision("Suspend", "SuspendRequested", "spec.suspend is true")

"""spec.cancel ends the run for good."""

from __future__ import annotations

from ..situation import Situation
from .decision import Decision


def cancel_requested(situation: Situation) -> Decision | None:
    if not situation.spec.cancel:
        return None
    return Decision("Cancel", "CancelRequested", "spec.cancel is true")

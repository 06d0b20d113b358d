"""An object with our deterministic name belongs to somebody else: never adopted, never deleted."""

from __future__ import annotations

from synthos_api.errors import ResourceConflict, to_info

from ..situation import Situation
from .decision import Decision, failed


def name_taken(situation: Situation) -> Decision | None:
    for item in situation.observed.foreign:
        owner = item.owner or "nobody"
        error = ResourceConflict(f"{item.kind} {item.name} exists already and is owned by {owner}")
        return failed(to_info(error))
    return None

"""The rules about a run, in order: the first that has something to say decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..situation import Situation
from .all_done import all_done
from .budget_spent import budget_spent
from .cancel_requested import cancel_requested
from .deadline_passed import deadline_passed
from .decision import Decision
from .ended_before import ended_before
from .name_taken import name_taken
from .pending_too_long import pending_too_long
from .step_failed import step_failed
from .suspend_requested import suspend_requested

RULES: Final[tuple[Callable[[Situation], Decision | None], ...]] = (
    ended_before,  # an end is an end
    name_taken,  # before anything that would act on objects of that name
    all_done,  # results that are there win over a deadline that passed meanwhile
    cancel_requested,
    step_failed,
    deadline_passed,
    budget_spent,
    pending_too_long,
    suspend_requested,  # last: a failed run shall not look as if it could be resumed
)


def decide(situation: Situation) -> Decision:
    for rule in RULES:
        if (decision := rule(situation)) is not None:
            return decision
    return Decision("Run", "InProgress")


__all__ = ["RULES", "Decision", "decide"]

"""metav1.Condition lists: set one, keep the time of its last change of status."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from synthos_api.v1alpha1 import Condition

from .times import stamp

MAX_MESSAGE_CHARS = 2048
Status = Literal["True", "False", "Unknown"]


def find(conditions: Iterable[Condition], kind: str) -> Condition | None:
    return next((condition for condition in conditions if condition.type == kind), None)


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    condition = find(conditions, kind)
    return condition is not None and condition.status == "True"


class Conditions:
    """A list of conditions under construction, starting from the last written one."""

    def __init__(self, before: Iterable[Condition], *, now: datetime, generation: int) -> None:
        self._items = {condition.type: condition for condition in before}
        self._now = now
        self._generation = generation

    def set(self, kind: str, status: Status | bool, reason: str, message: str = "") -> None:
        text: Status = status if isinstance(status, str) else ("True" if status else "False")
        old = self._items.get(kind)
        changed = old is None or old.status != text
        self._items[kind] = Condition(
            type=kind,
            status=text,
            reason=reason,
            message=message[:MAX_MESSAGE_CHARS],
            last_transition_time=stamp(self._now) if old is None or changed else old.last_transition_time,
            observed_generation=self._generation,
        )

    def clear(self, kind: str, reason: str, message: str = "") -> None:
        """Set to False, but only where the condition has been there: absent means it never held."""
        if kind in self._items:
            self.set(kind, "False", reason, message)

    def result(self) -> list[Condition]:
        return list(self._items.values())

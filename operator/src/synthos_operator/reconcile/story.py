"""Events: what `kubectl describe vrun` tells, read from the difference between two statuses.

Only a status that is being written tells its story, and each event's name follows from what happened
to what in which attempt; so nothing is told twice, not even by a restarted operator.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from synthos_api.v1alpha1 import CascadeTierStatus, PhaseAttempt, ValidationRunStatus

from .conditions import find, is_true
from .plan import Event
from .situation import Situation
from .steps import Step

_LAST = 999


def story(
    situation: Situation,
    steps: tuple[Step, ...],
    run: ValidationRunStatus | None,
    tiers: Mapping[str, CascadeTierStatus],
) -> tuple[Event, ...]:
    """`run` and `tiers` (by UID) are the statuses about to be written."""
    events: list[Event] = []
    before = situation.observed.run.status
    if run is not None:
        events += _beginning(before, run)
        events += _of_step("Profile", steps[0], before.profile_attempt, run.profile_attempt, 100)
    for place, step in enumerate(steps[1:-1], start=2):
        if step.tier is not None and (after := tiers.get(step.tier.meta.uid)) is not None:
            old = step.tier.status
            events += _of_step("Tier", step, old.attempt, after.attempt, place * 100)
            events += _waiting(step, old, after, place * 100)
    if run is not None:
        events += _of_step("Verdict", steps[-1], before.verdict_attempt, run.verdict_attempt, 800)
        events += _end(before, run)
    return tuple(events)


def _turned(before: ValidationRunStatus, after: ValidationRunStatus, kind: str) -> bool:
    return is_true(after.conditions, kind) and not is_true(before.conditions, kind)


def _message(status: ValidationRunStatus | CascadeTierStatus, kind: str) -> str:
    condition = find(status.conditions, kind)
    return condition.message if condition else ""


def _since(status: ValidationRunStatus, kind: str) -> str:
    condition = find(status.conditions, kind)
    return condition.last_transition_time if condition else ""


def _beginning(before: ValidationRunStatus, after: ValidationRunStatus) -> Iterator[Event]:
    if _turned(before, after, "Accepted"):
        yield Event("Accepted", _message(after, "Accepted"))
    if (
        is_true(before.conditions, "Suspended")
        and not is_true(after.conditions, "Suspended")
        and after.phase
        not in (
            "Failed",
            "Cancelled",
            "Complete",
        )
    ):
        yield Event("Resumed", "spec.suspend is false again", attempt=_since(after, "Suspended"))
    if before.phase == "Complete" and after.phase != "Complete":
        yield Event("Extended", _message(after, "Complete"), attempt=_since(after, "Complete"))


def _of_step(label: str, step: Step, before: PhaseAttempt, after: PhaseAttempt, order: int) -> Iterator[Event]:
    """`order` is the step's place in the story; within it attempts follow each other."""
    number, words = str(after.attempt), step.words
    order += 5 * min(after.attempt, 19)
    if after.attempt and after.attempt != before.attempt:
        again = "" if after.attempt == 1 else f", attempt {number}"
        yield Event(f"{label}Started", f"{words}{again}: Job {after.job_name}", "Normal", step.key, number, order)
    if after.state == before.state and after.attempt == before.attempt:
        return
    if after.state == "Succeeded":
        yield Event(f"{label}Done", _done(words, after), "Normal", step.key, number, order + 2)
    elif after.state == "Stopped":
        text = f"{words}: attempt {number} was stopped"
        yield Event(f"{label}Stopped", text, "Normal", step.key, number, order + 2)
    elif after.state == "Failed" and after.error is not None:
        text = f"{words}: attempt {number}: error {after.error.code}: {after.error.message}"
        if after.retry_at:
            text = f"{text}; next attempt at {after.retry_at}"
            yield Event("Retrying", text, "Warning", step.key, number, order + 2)
        else:
            yield Event(f"{label}Failed", text, "Warning", step.key, number, order + 2)


def _done(words: str, attempt: PhaseAttempt) -> str:
    return f"{words} is done" if attempt.attempt == 1 else f"{words} is done, in attempt {attempt.attempt}"


def _waiting(step: Step, before: CascadeTierStatus, after: CascadeTierStatus, order: int) -> Iterator[Event]:
    """Once an attempt, however often the scheduler changes its words."""
    old, new = find(before.conditions, "Scheduled"), find(after.conditions, "Scheduled")
    if new is not None and new.status == "False" and (old is None or old.status != "False"):
        number = str(after.attempt.attempt)
        order += 5 * min(after.attempt.attempt, 19) + 1
        yield Event("TierWaiting", f"{step.words} waits: {new.message}", "Warning", step.key, number, order)


def _end(before: ValidationRunStatus, after: ValidationRunStatus) -> Iterator[Event]:
    if _turned(before, after, "Suspended"):
        since = _since(after, "Suspended")
        yield Event("Suspended", _message(after, "Suspended"), attempt=since, order=_LAST)
    if _turned(before, after, "Cancelled"):
        yield Event("Cancelled", _message(after, "Cancelled"), order=_LAST)
    if _turned(before, after, "Failed"):
        yield Event("Failed", _message(after, "Failed"), "Warning", order=_LAST)
    if _turned(before, after, "Complete"):
        condition = find(after.conditions, "Complete")
        reason, generation = condition.reason if condition else "Complete", str(after.observed_generation)
        yield Event(reason, _message(after, "Complete"), attempt=generation, order=_LAST)

"""The run as the rules see it: its steps, what is needed, what it has cost and how long it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from synthos_api.cost import cost_usd
from synthos_api.results import PreScreenResult
from synthos_api.v1alpha1 import CostStatus, ValidationRunSpec

from .conditions import find
from .observed import Observed
from .steps import Step, steps_of
from .times import parse_or_none

_BEYOND_PRESCREEN = ("Cascade", "Verdict")


@dataclass(frozen=True)
class Situation:
    observed: Observed
    spec: ValidationRunSpec
    steps: tuple[Step, ...]
    now: datetime

    @property
    def profile(self) -> Step:
        return self.steps[0]

    @property
    def tiers(self) -> tuple[Step, ...]:
        return self.steps[1:-1]

    @property
    def verdict(self) -> Step:
        return self.steps[-1]

    @property
    def pre_screen(self) -> PreScreenResult | None:
        if self.profile.outcome is not None:
            return self.profile.outcome.pre_screen
        return self.observed.run.status.pre_screen

    @property
    def stopped_by_pre_screen(self) -> bool:
        """The pre-screen found that a cascade could not change the outcome."""
        if self.spec.through not in _BEYOND_PRESCREEN or not self.profile.succeeded:
            return False
        return self.pre_screen is not None and not self.pre_screen.should_proceed

    @property
    def needed(self) -> tuple[Step, ...]:
        """The steps up to `through`, in order."""
        if self.spec.through not in _BEYOND_PRESCREEN or self.stopped_by_pre_screen:
            return (self.profile,)
        return self.steps if self.spec.through == "Verdict" else self.steps[:-1]

    @property
    def current(self) -> Step | None:
        """The first needed step without a result; None when all have theirs."""
        return next((step for step in self.needed if not step.succeeded), None)

    @property
    def cost(self) -> CostStatus:
        seconds = sum(step.attempt.gpu_seconds for step in self.steps)
        return CostStatus(gpu_seconds=round(seconds, 1), usd=round(cost_usd(seconds, self.spec.budget.gpu_hour_usd), 4))

    @property
    def reopened(self) -> bool:
        """Complete once, and then `through` was extended."""
        return self.observed.run.status.phase == "Complete" and self.current is not None

    @property
    def started(self) -> datetime:
        status = self.observed.run.status
        written = parse_or_none(status.started_at)
        return self.now if written is None or self.reopened else written

    @property
    def suspended_seconds(self) -> float:
        """Time in suspension since the start, the present one included."""
        status = self.observed.run.status
        total = 0.0 if self.reopened else status.suspended_seconds
        return total + self.present_suspension

    @property
    def present_suspension(self) -> float:
        condition = find(self.observed.run.status.conditions, "Suspended")
        since = parse_or_none(condition.last_transition_time) if condition else None
        if condition is None or condition.status != "True" or since is None:
            return 0.0
        return max(0.0, (self.now - since).total_seconds())

    @property
    def remaining_seconds(self) -> float:
        """Until the deadline; negative after it."""
        elapsed = (self.now - self.started).total_seconds() - self.suspended_seconds
        return self.spec.deadline_seconds - elapsed


def situation_of(observed: Observed, now: datetime) -> Situation | None:
    """None when the specification is not usable."""
    if observed.run.spec is None:
        return None
    return Situation(observed=observed, spec=observed.run.spec, steps=steps_of(observed, now), now=now)

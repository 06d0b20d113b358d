"""Every needed step has its result."""

from __future__ import annotations

from ..situation import Situation
from .decision import Decision

_REASONS = {
    "Profile": ("ProfileComplete", "the profile is there"),
    "PreScreen": ("PreScreenComplete", "profile and pre-screen are there"),
    "Cascade": ("CascadeComplete", "all tiers are trained"),
}


def all_done(situation: Situation) -> Decision | None:
    if situation.current is not None:
        return None
    if situation.stopped_by_pre_screen:
        advice = situation.pre_screen.recommendation if situation.pre_screen else ""
        return Decision(
            "Complete",
            "PreScreenStopped",
            f"no cascade was run, since it could not change the outcome; there is no verdict. {advice}".strip(),
        )
    if situation.spec.through != "Verdict":
        return Decision("Complete", *_REASONS[situation.spec.through])
    outcome, written = situation.verdict.outcome, situation.observed.run.status.verdict
    judgement = outcome.verdict.judgement if outcome and outcome.verdict else written.judgement if written else None
    return Decision("Complete", "VerdictReached", f"{judgement.verdict}: {judgement.reason}" if judgement else "")

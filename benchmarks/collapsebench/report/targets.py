"""What was asked for, and whether the counts show it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from .. import statistics
from ..statistics import Case, Rate

Status = Literal["met", "missed", "open"]


@dataclass(frozen=True)
class Target:
    """A rate whose 95 % upper bound is to lie below `limit`; None where no number was asked for."""

    name: str
    rate: Callable[[Sequence[Case]], Rate]
    limit: float | None


_ERRORS: Final = (
    Target("false negatives", statistics.false_negatives, 0.02),
    Target("false positives", statistics.false_positives, 0.05),
    Target("wrong firm verdicts", statistics.wrong, 0.10),
)
TARGETS: Final = {
    "with_reference": (*_ERRORS, Target("inconclusive", statistics.undecided, 0.10)),
    "no_reference": (*_ERRORS, Target("inconclusive", statistics.undecided, 0.30)),
}
"""By mode. An accuracy above 90 % is less than 10 % wrong of the firm verdicts."""
SHIFT: Final = Target("shift called collapse", statistics.shift_called_collapse, None)
"""Reported beside them: no number was asked for, but of real data of another domain collapse is wrong."""


@dataclass(frozen=True)
class Decision:
    status: Status
    reason: str

    def __str__(self) -> str:
        return f"**{self.status}**" + (f": {self.reason}" if self.reason else "")


def decide(rate: Rate, clustered: float | None, limit: float) -> Decision:
    """Met if both bounds lie below the limit, missed if the share lies above it with 95 % confidence.

    `clustered`: the upper bound with whole sources resampled, None where there is none; then the bound that takes
    cases as independent decides alone (introduction.md says what that is worth).
    """
    if rate.lower >= limit:
        return Decision("missed", f"above {rate.lower:.1%} with 95 % confidence")
    if rate.upper < limit and (clustered is None or clustered < limit):
        return Decision("met", "")
    if rate.upper < limit:
        return Decision("open", f"enough cases, but sources differ (bound {clustered:.1%}): needs more sources")
    more = cases_needed(rate.errors, limit) - rate.count
    return Decision("open", f"needs {more} more case{'s' if more > 1 else ''}, all of them right")


def cases_needed(errors: int, limit: float) -> int:
    """Fewest cases, so many errors among them, that show a share below `limit`."""
    enough = errors + 1
    while Rate(errors, enough).upper >= limit:
        enough *= 2
    too_few = errors
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        if Rate(errors, middle).upper < limit:
            enough = middle
        else:
            too_few = middle
    return enough

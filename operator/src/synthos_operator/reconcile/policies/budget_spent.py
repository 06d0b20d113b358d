"""The GPU time of all attempts has cost as much as spec.budget.maxCostUSD."""

from __future__ import annotations

from synthos_api.errors import BudgetExceeded, to_info

from ..situation import Situation
from .decision import Decision, failed


def budget_spent(situation: Situation) -> Decision | None:
    limit, spent = situation.spec.budget.max_cost_usd, situation.cost.usd
    if limit is None or spent < limit:
        return None
    error = BudgetExceeded(f"{spent:.2f} USD of GPU time is spent and the budget is {limit:.2f} USD")
    current = situation.current
    return failed(to_info(error), current.words if current else "")

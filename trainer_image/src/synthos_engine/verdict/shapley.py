"""How much of an effect each of a few repairs explains: Shapley values, and percentages that add up to 100.

A game gives every coalition of players a value. A player's Shapley value (Shapley 1953, "A value for n-person
games") is its mean marginal contribution over all orders in which the players may join. The values add up to
that of the grand coalition, equal contributors get equal parts, and who never contributes gets nothing; it is
the only division with these properties that also adds up over games. Models' effects are divided so between
features by Lundberg and Lee (2017) and between training data by Ghorbani and Zou (2019).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

Coalition = frozenset[str]


def coalitions(players: Sequence[str]) -> Iterator[Coalition]:
    """All 2^k, smallest first."""
    for size in range(len(players) + 1):
        yield from map(frozenset, combinations(players, size))


def shapley_values(players: Sequence[str], value: Callable[[Coalition], float]) -> dict[str, float]:
    """Exact, over all coalitions. They sum to the value of all players over that of none."""
    worth = {coalition: value(coalition) for coalition in coalitions(players)}
    count = len(players)
    found = {}
    for player in players:
        gains = []
        for coalition in coalitions([other for other in players if other != player]):
            orders = math.factorial(len(coalition)) * math.factorial(count - len(coalition) - 1)
            gains.append(orders / math.factorial(count) * (worth[coalition | {player}] - worth[coalition]))
        found[player] = math.fsum(gains)
    return found


def percentages(values: Mapping[str, float]) -> dict[str, int]:
    """Whole percentages of the positive values, which add up to 100; empty where no value is positive.

    Negative values count as 0 and the others are scaled. What rounding down leaves goes to the largest
    remainders (Hamilton's method).
    """
    positive = {name: max(0.0, value) for name, value in values.items()}
    total = math.fsum(positive.values())
    if not total > 0:
        return {}
    exact = {name: 100 * value / total for name, value in positive.items()}
    whole = {name: math.floor(share) for name, share in exact.items()}
    by_remainder = sorted(exact, key=lambda name: whole[name] - exact[name])
    for name in by_remainder[: 100 - sum(whole.values())]:
        whole[name] += 1
    return whole

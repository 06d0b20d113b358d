"""What is done to real series to make a candidate. Pure but for what the workshop caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from ..rows import Row
from ..sources.series import row_of
from .making import COMMON, Making, ordered, same
from .making import other_source as windows_of_another


def frozen(making: Making) -> list[Row]:
    """In a share of the windows all values stay what they are at a random step: a sensor that hangs."""

    def stuck(row: Row) -> Row:
        place = int(making.rng.integers(1, len(row[0]) // 2 + 1))
        return tuple((*values[:place], *[values[place - 1]] * (len(values) - place)) for values in row)

    return _in_share(making, stuck)


def shuffled(making: Making) -> list[Row]:
    """In a share of the windows the steps stand in random order: the values are right, time is gone."""

    def mixed(row: Row) -> Row:
        order = making.rng.permutation(len(row[0]))
        return tuple(tuple(values[i] for i in order) for values in row)

    return _in_share(making, mixed)


def noisy(making: Making) -> list[Row]:
    """Normal noise of so many standard deviations of the variable's steps, on the grid that its source writes."""
    columns = making.pools.columns
    values = np.array(making.drawn(making.pools.base), float).transpose(0, 2, 1)
    deviation = making.parameters["deviations"] * np.diff(values, axis=1).std((0, 1))
    spoilt = values + deviation * making.rng.standard_normal(values.shape)
    return [row_of(window, columns) for window in spoilt]


def calm(making: Making) -> list[Row]:
    """Lost strata: of real windows only the share that moves least for its level (a candidate's size at least)."""
    rows = [*making.pools.base, *making.pools.spare]
    values = np.array(rows, float)
    moves = np.abs(np.diff(values, axis=2)).mean(2) / (np.abs(values).mean(2) + 1e-9)
    order = np.argsort(moves.mean(1), kind="stable")
    kept = max(making.size, round(making.parameters["share"] * len(rows)))
    return making.drawn([rows[i] for i in order[:kept]])


def other_source(making: Making) -> list[Row]:
    """Windows of another source with as many variables, on the grid that this source writes."""
    return [row_of(np.array(row, float).T, making.pools.columns) for row in windows_of_another(making)]


def _in_share(making: Making, change: Callable[[Row], Row]) -> list[Row]:
    rows = making.drawn(making.pools.base)
    return [change(row) if making.rng.random() < making.parameters["share"] else row for row in rows]


ROUTES: Final[dict[str, Callable[[Making], list[Row]]]] = {
    **COMMON,
    "other-source": other_source,
    "ordered": ordered,
    "narrow-types": same,
    "frozen": frozen,
    "shuffled": shuffled,
    "noisy": noisy,
    "calm": calm,
}

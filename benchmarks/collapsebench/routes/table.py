"""What is done to real tables to make a candidate. Pure but for what the workshop caches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from ..rows import Column, Row
from .making import COMMON, Making, ordered, same, without_likes

_BINS: Final = 10
"""Of a column of numbers, for how rare a value is."""
_FEW: Final = 12
"""Different values of a column that are classes."""


def uncoupled(making: Making) -> list[Row]:
    """In a share of the rows each column is permuted by itself: every value is real, no relation is left."""
    rows = making.drawn(making.pools.base)
    hit = np.flatnonzero(making.rng.random(len(rows)) < making.parameters["share"])
    cells = [list(column) for column in zip(*rows, strict=True)]
    for column in cells:
        for place, value in zip(hit, [column[i] for i in making.rng.permutation(hit)], strict=True):
            column[place] = value
    return list(zip(*cells, strict=True))


def noisy(making: Making) -> list[Row]:
    """Numbers get normal noise of so many standard deviations of their column, flags and words are swapped as often.

    Noise stays on the column's grid: whole numbers stay whole, decimals do not become more.
    """
    share = making.parameters["deviations"]
    cells = list(zip(*making.drawn(making.pools.base), strict=True))
    spoilt = [_noisy(c, v, share, making.rng) for c, v in zip(making.pools.columns, cells, strict=True)]
    return list(zip(*spoilt, strict=True))


def _noisy(column: Column, values: Sequence[Any], share: float, rng: np.random.Generator) -> list[Any]:
    if not column.is_number:
        other = [values[i] for i in rng.permutation(len(values))]
        hit = rng.random(len(values)) < share
        return [o if h else value for value, o, h in zip(values, other, hit, strict=True)]
    present = [value for value in values if value is not None]
    noise = share * float(np.std(present)) * rng.standard_normal(len(values))
    rounded = [None if v is None else round(v + n, column.decimals) for v, n in zip(values, noise, strict=True)]
    return [None if v is None else (int(v) if column.kind == "integer" else float(v)) for v in rounded]


def typical(making: Making) -> list[Row]:
    """Lost strata: only the share of real rows with the most common values is left (a candidate's size at least)."""
    rows = [*making.pools.base, *making.pools.spare]
    rare = np.zeros(len(rows))
    for column, values in zip(making.pools.columns, zip(*rows, strict=True), strict=True):
        bins = _binned(column, values)
        counts = Counter(bins)
        rare += np.array([-np.log(counts[b] / len(rows)) for b in bins])
    order = np.argsort(rare, kind="stable")
    kept = max(making.size, round(making.parameters["share"] * len(rows)))
    return making.drawn([rows[i] for i in order[:kept]])


def deduplicated(making: Making) -> list[Row]:
    """Real rows without those that agree with another in all columns but one: a common clean-up."""

    def but_one(row: Row) -> list[tuple[int, Row]]:
        return [(place, (*row[:place], *row[place + 1 :])) for place in range(len(row))]

    return without_likes(making, but_one, 0)


def imbalanced(making: Making) -> list[Row]:
    """A sample by class, as studies draw it: the odds of the most common class are so many times what they were.

    Which rows of a class are taken is chance, and none is taken twice. Raises TooSmall where a class lacks rows.
    """
    rows = [*making.pools.base, *making.pools.spare]
    place, common = _classes(rows)
    classes = [[row for row in rows if (row[place] == common) == wanted] for wanted in (True, False)]
    odds = making.parameters["odds"] * len(classes[0]) / len(classes[1])
    first = round(making.size * odds / (1 + odds))
    mixed = making.drawn(classes[0], first) + making.drawn(classes[1], making.size - first)
    return [mixed[i] for i in making.rng.permutation(len(mixed))]


def _classes(rows: Sequence[Row]) -> tuple[int, Any]:
    """The column of few values whose most common one is nearest to half of the rows, and that value."""
    found = []
    for place, values in enumerate(zip(*rows, strict=True)):
        counts = Counter(values)
        if 1 < len(counts) <= _FEW:
            value, count = min(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
            found.append((abs(count / len(rows) - 0.5), place, value))
    if not found:
        raise ValueError("no column has classes")
    _, place, value = min(found, key=lambda one: one[:2])
    return place, value


def _binned(column: Column, values: Sequence[Any]) -> list[Any]:
    """Numbers by equal widths between their 1 % and 99 % quantiles, so that tails are rare bins."""
    present = [value for value in values if value is not None]
    if not column.is_number or len(set(present)) <= _BINS:
        return list(values)
    low, high = np.quantile(present, [0.01, 0.99])
    width = (high - low) / _BINS or 1.0
    return [None if v is None else int(np.clip((v - low) // width, -1, _BINS)) for v in values]


ROUTES: Final[dict[str, Callable[[Making], list[Row]]]] = {
    **COMMON,
    "ordered": ordered,
    "narrow-types": same,
    "uncoupled": uncoupled,
    "noisy": noisy,
    "typical": typical,
    "deduplicated": deduplicated,
    "imbalanced": imbalanced,
}

"""From counts of cells to strata, and how strongly each is over-represented.

A cell is (first label, second label, cluster, outlier or not, time segment). Every row is of one group:
the rows of a label's value that has less than RARE of all rows (of two such values the rarer one's),
else the outliers of a cluster, else a cluster. Inside its group a cell that is large enough is a
stratum; of the others, those that differ in time only are joined, by two segments, by four, by all, as
soon as together they are large enough; what then remains of the group is its last stratum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .divisor import Floats, Ints

Shape = tuple[int, int, int, int, int]

RARE: Final = 0.02
"""Share of all rows below which a group is over-represented."""
HIGHEST_RATE: Final = 4.0
FEWEST_ROWS: Final = 64
MOST_PARTS: Final = 2048
"""Strata beside the last ones of the groups; those are at most as many as labels' values and twice the clusters."""

WHOLE, TIMELESS = 0, 1
WIDTHS: Final = {2: 4, 3: 2, 4: 1}
"""Segments that are joined, by detail."""


@dataclass(frozen=True)
class Stratification:
    """Strata by number. `of_cell`: the stratum of each cell of the flat grid, -1 where it is empty."""

    shape: Shape
    of_cell: NDArray[np.int16]
    sizes: Ints
    rates: Floats
    groups: Ints
    """Of each stratum: values of the first label, values of the second, outliers by cluster, clusters."""
    detail: Ints
    """WHOLE: the rest of its group, TIMELESS: cells of any time, else of as many segments as WIDTHS has."""
    cells: Ints
    """One of its cells."""


def smallest_part(rows: int) -> int:
    """Rows that a stratum needs that is no group's rest: so there are at most sqrt(rows) and MOST_PARTS of them."""
    return max(FEWEST_ROWS, int(np.ceil(np.sqrt(rows))), -(-rows // MOST_PARTS))


def rate(share: Floats) -> Floats:
    """sqrt(RARE / share), from 1 to HIGHEST_RATE: a power allocation (Bankier 1988) among what is rare."""
    return np.clip(np.sqrt(RARE / share), 1.0, HIGHEST_RATE)


def stratify(counts: Ints) -> Stratification:
    """Strata of the rows counted by cell, at least one row; `counts` has the axes of a cell."""
    shape = counts.shape
    flat = counts.ravel()
    cells = np.flatnonzero(flat)
    rows = flat[cells]
    total = int(rows.sum())
    group, group_shares = _groups(counts, cells, total)
    enough = smallest_part(total)
    timeless, segment = np.divmod(cells, shape[-1])
    levels = len(WIDTHS) + 2
    key = group * levels * flat.size
    left = np.ones(len(cells), np.bool_)
    for detail in range(levels - 1, WHOLE, -1):
        width = WIDTHS.get(detail, shape[-1])
        name = (group * levels + detail) * flat.size + timeless * shape[-1] + segment // width
        _, place = np.unique(name[left], return_inverse=True)
        made = np.flatnonzero(left)[np.bincount(place, rows[left])[place] >= enough]
        key[made] = name[made]
        left[made] = False
    _, first, stratum = np.unique(key, return_index=True, return_inverse=True)
    of_cell = np.full(flat.size, -1, np.int16)
    of_cell[cells] = stratum
    return Stratification(
        shape=(shape[0], shape[1], shape[2], shape[3], shape[4]),
        of_cell=of_cell,
        sizes=np.bincount(stratum, rows).astype(np.int64),
        rates=rate(group_shares[group[first]]),
        groups=group[first],
        detail=key[first] // flat.size % levels,
        cells=cells[first],
    )


def _groups(counts: Ints, cells: Ints, total: int) -> tuple[Ints, Floats]:
    """The group of each cell, and the share of all rows that each group has."""
    first, second, cluster, outlier, _ = np.unravel_index(cells, counts.shape)
    values, others, clusters = counts.shape[:3]
    # An axis of one value is no label: its share is 1, never rare.
    shares = [counts.sum(axis=tuple(a for a in range(5) if a != axis)) / total for axis in (0, 1)]
    one, two = shares[0][first], shares[1][second]
    base = values + others
    group = np.where(outlier == 1, base + cluster, base + clusters + cluster)
    group = np.where((two < RARE) & (two < one), values + second, group)
    group = np.where((one < RARE) & (one <= two), first, group)
    held = np.bincount(group, counts.ravel()[cells], base + 2 * clusters) / total
    return group, held

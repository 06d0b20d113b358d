"""How near the points of a set lie to each other, and to those of another set."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float32]
"""Shape (rows, coordinates)."""

K: Final = 5
MOST_POINTS: Final = 1500
"""On each side; distances are computed between all."""
MOST_COORDINATES: Final = 128
_DECIMALS: Final = 3
"""Of squared distances; finer differences are rounding errors."""


def projected(points: Points) -> Points:
    """At most MOST_COORDINATES coordinates that keep distances roughly (Johnson and Lindenstrauss 1984)."""
    width = points.shape[1]
    return points @ random_axes(width) if width > MOST_COORDINATES else points


@lru_cache(maxsize=4)
def random_axes(width: int) -> Points:
    """Shape (width, MOST_COORDINATES), the same for the same width."""
    axes = np.random.default_rng(width).standard_normal((width, MOST_COORDINATES), np.float32)
    return axes / np.float32(np.sqrt(MOST_COORDINATES))


def crowding(known: Points, drawn: Points) -> float:
    """Probability that a drawn point's nearest neighbour is nearer than a known point's, each within its own set.

    A half where both are spread alike (ties count half: Mann and Whitney 1947), 1 where all drawn points are
    copies. Distances to nearest neighbours shrink with the number of points, so both sets are cut to the same
    number, MOST_POINTS at most.
    """
    count = min(len(known), len(drawn), MOST_POINTS)
    spread, own = (np.sort(_nearest(points[:count], 1)) for points in (known, drawn))
    beyond = [count - np.searchsorted(spread, own, side) for side in ("left", "right")]
    return float(np.mean(beyond)) / count


def unsupported(known: Points, drawn: Points) -> float:
    """Share of the drawn points that lie in no known point's ball, which reaches to its K-th nearest neighbour.

    1 - precision of Kynkäänniemi et al. 2019, "Improved precision and recall metric for assessing generative
    models". Of the first MOST_POINTS points of each.
    """
    known, drawn = known[:MOST_POINTS], drawn[:MOST_POINTS]
    radii = _nearest(known, min(K, len(known) - 1))
    inside = _squared_distances(known, drawn) <= radii[:, None]
    return float((inside.sum(axis=0) == 0).mean())


def _nearest(points: Points, k: int) -> Points:
    """Squared distance of each point to its k-th nearest neighbour; there are more than k points."""
    among = _squared_distances(points, points)
    np.fill_diagonal(among, np.inf)
    distances: Points = np.partition(among, k - 1, axis=1)[:, k - 1]
    return distances


def _squared_distances(a: Points, b: Points) -> Points:
    distances = (a * a).sum(1)[:, None] + (b * b).sum(1)[None, :] - 2 * (a @ b.T)
    rounded: Points = np.round(distances, _DECIMALS)
    return rounded

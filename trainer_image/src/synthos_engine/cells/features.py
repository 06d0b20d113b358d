"""Cells as numbers, for what measures distances or multiplies matrices."""

from __future__ import annotations

import numpy as np

from .binning import Floats, Ints
from .network import places
from .problem import Problem


def features(cells: Ints, problem: Problem, without: int | None = None) -> Floats:
    """(rows, columns) -> (rows, features): the place of a bin among its column's (a missing value's in the middle),
    or 0 and 1 where there is no order.

    Args:
        without: a column to leave out.
    """
    found = []
    for column, (count, ordered) in enumerate(zip(problem.counts, problem.ordered, strict=True)):
        if column != without:
            table = places(count, True).double().numpy()[:, None] if ordered else np.eye(count)
            found.append(table[cells[:, column]])
    return np.concatenate(found, 1)

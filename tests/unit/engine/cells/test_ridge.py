"""Ridge regression of a cell's distribution: better than the best constant where there is a relation."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.cells.network import constant_costs
from synthos_engine.cells.problem import Problem
from synthos_engine.cells.ridge import ridge_costs

PROBLEM = Problem((9, 9, 9), (2,), (True, True, True))


def rows(count: int, seed: int, related: bool = True) -> np.ndarray:
    """The last column is large where the first two differ: no line tells that, a smooth function does."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(0, 8, (count, 3))
    if related:
        cells[:, 2] = np.clip(np.abs(cells[:, 0] - cells[:, 1]) + rng.integers(-1, 2, count), 0, 7)
    return cells


def test_what_is_related_is_predicted_and_what_is_not_costs_the_constant() -> None:
    real = rows(300, 1)
    found = ridge_costs([rows(800, 2), rows(800, 3), rows(800, 4, related=False)], real, slice(0, 2), PROBLEM, 0)
    constant = constant_costs(real, PROBLEM).ranked[0]
    assert found.shape == (3, 300, 1)
    related, again, unrelated = found.mean((1, 2)) / constant
    assert max(related, again) < 0.5
    assert related == pytest.approx(again, rel=0.05)
    assert unrelated > 0.95


def test_the_judges_choose_the_penalty() -> None:
    """Parts that are no judges change nothing for the others."""
    real, judge = rows(200, 1), rows(400, 2)
    alone = ridge_costs([judge], real, slice(0, 1), PROBLEM, 0)
    beside = ridge_costs([judge, rows(30, 3, related=False)], real, slice(0, 1), PROBLEM, 0)
    assert np.allclose(alone[0], beside[0])

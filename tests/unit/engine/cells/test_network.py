"""Networks over cells: each cell from the others only, relations learnt, noise told from it."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.cells.network import (
    CellNetworks,
    CellTraining,
    constant_costs,
    costs,
    train_networks,
    weights,
)
from synthos_engine.cells.problem import Problem

PROBLEM = Problem((6, 6, 4), (0, 1, 2), (True, True, False))


def related(count: int, seed: int) -> np.ndarray:
    """The second column is the first but for noise; the third tells whether they are large."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 5, count)
    second = np.where(rng.random(count) < 0.8, first, rng.integers(0, 5, count))
    return np.stack([first, second, (first > 2).astype(int)], 1).astype(np.int64)


def test_a_cell_is_predicted_without_itself() -> None:
    networks = CellNetworks(1, PROBLEM, 16)
    rows = related(50, 0)
    before = networks.log_shares(rows)
    for column in range(3):
        changed = rows.copy()
        changed[:, column] = (changed[:, column] + 1) % 3
        after = networks.log_shares(changed)
        assert np.allclose(before[0, :, column], after[0, :, column], atol=1e-6), "its own value plays no part"
        assert not np.allclose(before[0, :, column - 1], after[0, :, column - 1], atol=1e-3)


def test_relations_are_learnt_and_their_loss_costs() -> None:
    rng = np.random.default_rng(5)
    apart = related(800, 1)
    for column in range(3):
        rng.shuffle(apart[:, column])
    held = related(400, 2)
    networks = train_networks([apart, related(800, 3), related(800, 4)], held, slice(1, 3), PROBLEM, 0, CellTraining())
    found, constant = costs(networks, held), constant_costs(held, PROBLEM)
    for score in ("bits", "ranked"):
        cost = (getattr(found, score) @ weights(getattr(constant, score))).mean(1)
        assert cost[1:].max() < 0.75, "below the best constant"
        assert 0.95 < cost[0] < 1.1, "as good as a constant"
        assert cost[1:].std() < 0.02


def test_the_same_seed_gives_the_same_costs() -> None:
    held = related(100, 2)
    runs = [
        costs(
            train_networks([related(200, 1), related(200, 3)], held, slice(1, 2), PROBLEM, seed, CellTraining()), held
        )
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(runs[0].bits, runs[1].bits)
    assert not np.array_equal(runs[0].bits, runs[2].bits)


def test_the_best_constant_costs_its_entropy_and_a_constant_column_counts_nothing() -> None:
    rows = np.array([[0, 0, 1], [1, 0, 1], [2, 0, 0], [3, 0, 0]], np.int64)
    constant = constant_costs(rows, PROBLEM)
    assert constant.bits == pytest.approx([2, 0, 1])
    assert weights(constant.bits) @ constant.bits == pytest.approx(1)
    assert weights(constant.bits)[1] == 0

"""What rows stand for, and a sample in the dataset's own proportions."""

from __future__ import annotations

import numpy as np

from synthos_engine.sample import allocate, in_own_proportions, weights_of


def test_strata_without_a_row_are_carried_by_the_others() -> None:
    weights = weights_of(np.array([60, 30, 10]), np.array([1, 1, 0]))
    assert np.allclose(weights, [60 / 0.9, 30 / 0.9, 0])


def test_equal_weights_drop_nothing() -> None:
    for weights in (np.ones(1000), np.full(1000, 17.3), np.empty(0)):
        assert in_own_proportions(weights, np.arange(len(weights))).all()


def test_over_represented_strata_have_their_own_share_again() -> None:
    sizes, rates = np.array([900_000, 80_000, 15_000, 5000]), np.array([1.0, 1.0, 2.0, 4.0])
    taken = allocate(sizes, rates, 20_000)
    strata = np.repeat(np.arange(4), taken)
    kept = in_own_proportions(weights_of(sizes, taken)[strata], np.arange(20_000) * 50)
    held = np.bincount(strata[kept], minlength=4)
    expected = sizes / sizes.sum() * kept.sum()
    assert (np.abs(held - expected) < 4 * np.sqrt(expected)).all()
    assert held[0] == taken[0], "ordinary rows are not given up"
    assert np.array_equal(kept, in_own_proportions(weights_of(sizes, taken)[strata], np.arange(20_000) * 50))

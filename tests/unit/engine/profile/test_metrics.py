"""The formulas of docs/profile.md, on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.profile.metrics import (
    densities,
    entropy_bits,
    gini,
    outlier_percentage,
    rare_percentage,
    scaled_sizes,
    top_correlations,
)


def test_entropy_and_gini() -> None:
    assert (entropy_bits([10]), gini([10])) == (0.0, 0.0)
    assert entropy_bits([5, 5, 5, 5]) == pytest.approx(2.0)
    assert entropy_bits([3, 1, 0]) == pytest.approx(0.811278, abs=1e-6)
    assert gini([5, 5]) == 0.0
    assert gini([1, 3]) == pytest.approx(0.25)
    assert gini([0, 0, 0, 8]) == pytest.approx(0.75)


def test_rare_clusters_and_outliers() -> None:
    assert rare_percentage([100]) == 0.0
    assert rare_percentage([95, 5]) == 0.0
    assert rare_percentage([96, 4]) == 4.0
    distances = np.concatenate([np.ones(98), [1.5, 9.0]])
    assert outlier_percentage(distances) == 2.0
    assert outlier_percentage(np.zeros(5)) == 0.0
    assert outlier_percentage(np.arange(100.0)) == 0.0


def test_densities_and_sizes() -> None:
    labels = np.array([0, 0, 1, 1])
    assert densities(labels, np.array([1.0, 3.0, 0.0, 0.0]), 2) == [0.5, None]
    assert scaled_sizes([2, 1], 3) == [2, 1]
    assert scaled_sizes([2, 1, 1], 1001) == [501, 250, 250]
    assert sum(scaled_sizes([7, 11, 13], 10**12 + 1)) == 10**12 + 1


def test_the_largest_correlations_come_first() -> None:
    nan = float("nan")
    matrix = np.array([[1.0, 0.2, nan], [0.2, 1.0, -0.9], [nan, -0.9, 1.0]])
    pairs = top_correlations(["a", "b", "c"], matrix)
    assert [(p.column_a, p.column_b, p.correlation) for p in pairs] == [("b", "c", -0.9), ("a", "b", 0.2)]
    assert len(top_correlations([str(i) for i in range(40)], np.full((40, 40), 0.5))) == 64

"""Bins: equal counts, frequent values by themselves, nothing lost, nothing raised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_engine.cells.binning import BINS, NumberBins, WordBins

NAN = float("nan")


def test_many_values_fall_into_bins_of_about_equal_counts() -> None:
    values = np.random.default_rng(0).gamma(2, 5, 10_000)
    bins = NumberBins.of(values)
    counts = np.bincount(bins(values), minlength=bins.count)
    assert bins.count == BINS + 1
    assert counts[:-1].min() > 400
    assert counts[-1] == 0, "nothing is missing"


def test_a_frequent_value_has_a_bin_of_its_own() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([np.zeros(5000), rng.normal(0, 1, 5000)])
    found = NumberBins.of(values)
    assert set(found(np.zeros(3))).isdisjoint(found(np.array([-1e-3, 1e-3, 0.5])))


def test_few_values_are_each_a_bin_and_others_fall_to_the_nearest() -> None:
    bins = NumberBins.of(np.array([3.0, 1.0, 2.0, 1.0]))
    assert bins(np.array([1.0, 2.0, 3.0, -9.0, 2.4, 99.0, NAN])).tolist() == [0, 1, 2, 0, 1, 2, 3]


@given(st.lists(st.floats(allow_infinity=True), max_size=200), st.lists(st.floats(), max_size=20))
def test_any_numbers_have_a_bin(known: list[float], asked: list[float]) -> None:
    bins = NumberBins.of(np.array(known, float))
    found = bins(np.array(asked, float))
    assert ((found >= 0) & (found < bins.count)).all()
    assert [place == bins.count - 1 for place in found] == [np.isnan(value) for value in asked]


@pytest.mark.parametrize("values", [[], [NAN, NAN], [5.0, 5.0]], ids=["none", "all missing", "constant"])
def test_a_column_that_says_nothing_has_one_bin(values: list[float]) -> None:
    assert len(NumberBins.of(np.array(values)).edges) == 0


def test_words_are_the_frequent_ones_the_rest_and_missing() -> None:
    bins = WordBins.of([f"w{i}" for i in range(100) for _ in range(100 - i)] + [None])
    found = bins(["w0", "w99", "never seen", None])
    assert bins.count == BINS - 1 + 2
    assert found[0] == 0
    assert found[1] == found[2] == bins.count - 2
    assert found[3] == bins.count - 1

"""The sample's size, its strata, and that it is a random sample inside each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_engine.sample import StratifiedSampler, row_priorities
from synthos_engine.sample.allocation import allocate
from synthos_engine.sample.confidence import sampling_confidence


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.integers(0, 10**9))
def test_allocation_is_proportional_and_leaves_no_stratum_out(sizes: list[int], rows: int) -> None:
    parts = allocate(sizes, rows)
    filled = [size for size in sizes if size]
    assert sum(parts) == min(rows, sum(sizes))
    assert all(0 <= part <= size for part, size in zip(parts, sizes, strict=True))
    if rows >= len(filled):
        assert all(part >= 1 for part, size in zip(parts, sizes, strict=True) if size)
    if rows < sum(sizes) and all(size * rows >= sum(sizes) for size in filled):
        exact = [size * rows / sum(sizes) for size in sizes]
        assert all(abs(part - share) < 1 + 1e-6 for part, share in zip(parts, exact, strict=True))


def drawn(strata: np.ndarray, rows: int, seed: int, chunk: int) -> np.ndarray:
    sampler = StratifiedSampler(strata=int(strata.max()) + 1, rows=rows, total_rows=len(strata), seed=seed)
    for first in range(0, len(strata), chunk):
        sampler.add(strata[first : first + chunk])
    return sampler.chosen()


@pytest.mark.parametrize("rows", [1, 3, 500, 20_000, 49_999, 50_000, 60_000])
@pytest.mark.parametrize("order", ["mixed", "sorted"])
def test_exactly_as_many_rows_as_asked_in_order_whatever_the_chunks(rows: int, order: str) -> None:
    strata = np.random.default_rng(1).choice(5, 50_000, p=[0.6, 0.3, 0.09, 0.0099, 0.0001])
    strata = np.sort(strata) if order == "sorted" else strata
    chosen = drawn(strata, rows, 7, 1000)
    assert len(chosen) == min(rows, 50_000)
    assert (np.diff(chosen) > 0).all()
    assert np.array_equal(chosen, drawn(strata, rows, 7, 49_999))
    assert 1 <= rows < 50_000 or np.array_equal(chosen, np.arange(50_000))
    if rows >= 5:
        expected = allocate(np.bincount(strata).tolist(), rows)
        assert np.bincount(strata[chosen], minlength=5).tolist() == expected


def test_another_seed_takes_other_rows() -> None:
    strata = np.zeros(10_000, np.int64)
    one, two = drawn(strata, 1000, 0, 512), drawn(strata, 1000, 1, 512)
    # Independent samples of a tenth share a tenth; the bound is five standard deviations away.
    assert len(np.intersect1d(one, two)) < 145


def test_rows_are_taken_uniformly() -> None:
    strata = np.zeros(100_000, np.int64)
    tenths = np.bincount(drawn(strata, 10_000, 3, 4096) // 10_000, minlength=10)
    # Chi-squared with 9 degrees of freedom: above 33.7 with probability 1e-4 (the seed is fixed).
    assert ((tenths - 1000) ** 2 / 1000).sum() < 33.7
    assert len(np.unique(row_priorities(np.arange(100_000), 3))) == 100_000


def test_confidence() -> None:
    assert sampling_confidence(0, 10) == 0
    assert sampling_confidence(10, 10) == 100
    assert sampling_confidence(1067, 10**9) == 97
    assert sampling_confidence(1, 10**9) == 2

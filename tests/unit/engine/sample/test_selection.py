"""The rows: a random sample inside each stratum, nested, the same whatever the parts they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_engine.sample import Chosen, allocate, row_priorities, select, selection, weights_of
from synthos_engine.sample.selection import all_rows

SHARES = [0.6, 0.3, 0.09, 0.0099, 0.0001]
RATES = np.array([1.0, 1.0, 1.0, 1.5, 4.0])


def in_parts(strata: np.ndarray, size: int) -> Callable[[], Iterator[np.ndarray]]:
    return lambda: (strata[first : first + size].astype(np.int16) for first in range(0, len(strata), size))


def drawn(strata: np.ndarray, rates: np.ndarray, rows: int, seed: int = 0, part: int = 4096) -> Chosen:
    return select(in_parts(strata, part), np.bincount(strata), rates, rows, seed)


def many(rows: int = 50_000, seed: int = 1) -> np.ndarray:
    """Strata of so many rows; of each there is one."""
    strata = np.random.default_rng(seed).choice(5, rows, p=SHARES)
    strata[:5] = range(5)
    return strata


@pytest.mark.parametrize("rows", [0, 1, 3, 5, 500, 20_000, 49_999])
@pytest.mark.parametrize("ordered", [False, True])
def test_as_many_rows_as_asked_whatever_the_parts(rows: int, ordered: bool) -> None:
    strata = np.sort(many()) if ordered else many()
    chosen = drawn(strata, RATES, rows, seed=7, part=1000)
    assert len(chosen.rows) == rows
    assert (np.diff(chosen.rows) > 0).all()
    assert np.array_equal(np.sort(chosen.ranks), np.arange(rows))
    assert np.array_equal(strata[chosen.rows], chosen.strata)
    assert np.array_equal(np.bincount(chosen.strata, minlength=5), chosen.taken)
    again = drawn(strata, RATES, rows, seed=7, part=49_999)
    assert np.array_equal(chosen.rows, again.rows)
    assert np.array_equal(chosen.ranks, again.ranks)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=300),
    st.lists(st.floats(1, 4), min_size=4, max_size=4),
    st.integers(0, 2**64 - 1),
    st.data(),
)
def test_ranks_are_the_smaller_samples(values: list[int], rates: list[float], seed: int, data: st.DataObject) -> None:
    _, strata = np.unique(values, return_inverse=True)
    used = np.array(rates[: strata.max() + 1])
    more = data.draw(st.integers(0, len(strata) - 1))
    fewer = data.draw(st.integers(0, more))
    large, small = drawn(strata, used, more, seed), drawn(strata, used, fewer, seed)
    inside = large.ranks < fewer
    assert np.array_equal(large.rows[inside], small.rows)
    assert np.array_equal(large.ranks[inside], small.ranks)


def test_another_seed_takes_other_rows() -> None:
    strata, rates = np.zeros(10_000, np.int64), np.ones(1)
    one, two = (drawn(strata, rates, 1000, seed).rows for seed in (0, 1))
    # Independent samples of a tenth share a tenth; the bound is five standard deviations away.
    assert len(np.intersect1d(one, two)) < 145


def test_rows_of_a_stratum_are_taken_uniformly() -> None:
    strata = np.zeros(100_000, np.int64)
    tenths = np.bincount(drawn(strata, np.ones(1), 10_000, 3).rows // 10_000, minlength=10)
    # Chi-squared with 9 degrees of freedom: above 33.7 with probability 1e-4 (the seed is fixed).
    assert ((tenths - 1000) ** 2 / 1000).sum() < 33.7
    assert len(np.unique(row_priorities(np.arange(100_000), 3))) == 100_000


def test_bounds_that_were_too_tight_are_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    strata = many(20_000)
    expected = drawn(strata, RATES, 3000).rows
    monkeypatch.setattr(selection, "_DEVIATIONS", 0.0)
    monkeypatch.setattr(selection, "_MORE", 0.01)
    passes = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal passes
        passes += 1
        return in_parts(strata, 4096)()

    chosen = select(counted, np.bincount(strata), RATES, 3000, 0)
    assert np.array_equal(chosen.rows, expected)
    assert passes > 1


def test_no_more_rows_are_held_than_a_little_above_those_taken() -> None:
    strata = many(200_000)
    sizes = np.bincount(strata)
    taken = allocate(sizes, RATES, 20_000)
    held, _ = selection._below(in_parts(strata, 4096)(), selection._bounds(sizes, taken, 1.0), taken, sizes, 0)
    assert len(held) < 20_000 + 5 * 32 + 9 * np.sqrt(taken).sum()


def test_estimates_are_unbiased() -> None:
    strata = many(5000, seed=4)
    values = np.random.default_rng(5).normal(strata**2, 1 + strata)
    sizes = np.bincount(strata)
    errors = []
    for seed in range(400):
        chosen = drawn(strata, RATES, 200, seed)
        weights = weights_of(sizes, chosen.taken)[chosen.strata]
        errors.append(weights @ values[chosen.rows] / 5000 - values.mean())
    deviation = float(np.std(errors, ddof=1))
    assert abs(np.mean(errors)) < 3 * deviation / np.sqrt(len(errors))
    plain = [values[drawn(np.zeros(5000, np.int64), np.ones(1), 200, s).rows].mean() - values.mean() for s in range(99)]
    assert deviation < np.std(plain), "no better than a simple random sample"


def test_all_rows_are_ranked_at_random() -> None:
    chosen = all_rows(10_000, 0)
    assert np.array_equal(chosen.rows, np.arange(10_000))
    assert np.array_equal(np.sort(chosen.ranks), chosen.rows)
    assert abs(np.corrcoef(chosen.rows, chosen.ranks)[0, 1]) < 0.05

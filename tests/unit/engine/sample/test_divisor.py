"""The guarantee: how far each stratum's rows can be from its share, and that samples are nested."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthos_engine.sample import allocate, weights_of
from synthos_engine.sample.divisor import order_keys
from synthos_engine.sample.strata import HIGHEST_RATE

Strata = tuple[np.ndarray, np.ndarray]
ROUNDING = 1e-9


@st.composite
def strata(draw: st.DrawFn, largest: int = 10**9) -> Strata:
    """Sizes and rates of 1 to 40 strata."""
    sizes = draw(st.lists(st.integers(1, largest), min_size=1, max_size=40))
    rates = draw(st.lists(st.floats(1, HIGHEST_RATE), min_size=len(sizes), max_size=len(sizes)))
    return np.array(sizes, np.int64), np.array(rates)


@given(strata(), st.floats(0, 1))
def test_rows_are_as_asked_and_every_stratum_has_one(made: Strata, share: float) -> None:
    sizes, rates = made
    rows = int(share * sizes.sum())
    taken = allocate(sizes, rates, rows)
    assert taken.sum() == rows
    assert ((taken >= 0) & (taken <= sizes)).all()
    if rows >= len(sizes):
        assert (taken >= 1).all()
    else:
        assert taken.max(initial=0) <= 1


@given(strata(), st.floats(0, 1))
def test_one_multiplier_holds_for_all_strata_to_half_a_row(made: Strata, share: float) -> None:
    sizes, rates = made
    rows = max(len(sizes), int(share * sizes.sum()))
    taken, attraction = allocate(sizes, rates, rows), sizes * rates
    least = ((taken - 0.5) / attraction)[taken > 1].max(initial=0.0)
    most = ((taken + 0.5) / attraction)[taken < sizes].min(initial=np.inf)
    assert least <= most * (1 + ROUNDING)


@given(strata(), st.floats(0, 1))
def test_no_stratum_is_farther_below_its_quota_than_stated(made: Strata, share: float) -> None:
    sizes, rates = made
    rows = max(len(sizes), int(share * sizes.sum()))
    taken, attraction = allocate(sizes, rates, rows), sizes * rates
    quota = rows * attraction / attraction.sum()
    bound = np.minimum(sizes, quota * (1 - len(sizes) / rows) - 0.5)
    assert (taken >= bound - ROUNDING * rows).all()
    if (taken < sizes).all():
        above = np.maximum(1, quota * (1 + len(sizes) / (2 * rows)) + 0.5)
        assert (taken <= above + ROUNDING * rows).all()


@given(strata(), st.floats(0, 1), st.floats(0, 1))
def test_a_smaller_sample_is_part_of_a_larger_one(made: Strata, one: float, two: float) -> None:
    sizes, rates = made
    fewer, more = sorted(int(share * sizes.sum()) for share in (one, two))
    assert (allocate(sizes, rates, fewer) <= allocate(sizes, rates, more)).all()


@given(strata(largest=40))
def test_rows_one_by_one_follow_the_keys(made: Strata) -> None:
    sizes, rates = made
    attraction = sizes * rates
    number = np.repeat(np.arange(len(sizes)), sizes)
    within = np.concatenate([np.arange(1, size + 1) for size in sizes])
    order = np.lexsort((number, order_keys(within, attraction[number])))
    for rows in range(0, int(sizes.sum()) + 1, 37):
        assert np.array_equal(allocate(sizes, rates, rows), np.bincount(number[order[:rows]], minlength=len(sizes)))


@given(strata(), st.floats(0, 1))
def test_weights_stand_for_all_rows(made: Strata, share: float) -> None:
    sizes, rates = made
    taken = allocate(sizes, rates, max(1, int(share * sizes.sum())))
    weights = weights_of(sizes, taken)
    assert (weights[taken > 0] >= 1 - ROUNDING).all()
    assert np.isclose((weights * taken).sum(), sizes.sum())
    if (taken > 0).all():
        assert np.allclose(weights * taken, sizes)

"""Each repair mends its own fault and leaves sound rows alone."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.cascade.repairs import (
    Floats,
    Ints,
    Population,
    Strata,
    repeated_share,
    with_likes,
    with_variety,
    without_copies,
    without_strange,
)

OWN, THEIRS = 1000, 3000


def population(
    features: Floats | None = None, cost: Floats | None = None, content: Ints | None = None, weight: Ints | None = None
) -> Population:
    """Candidate and reference alike, but for what is given of the candidate."""
    rng = np.random.default_rng(0)
    count = OWN + THEIRS
    numbers = np.arange(count)
    values, costs, weights = rng.normal(size=(count, 3)), rng.gamma(4.0, size=count), rng.integers(50, 500, count)
    for own, given in ((numbers, content), (values, features), (costs, cost), (weights, weight)):
        if given is not None:
            own[:OWN] = given
    costs[OWN : OWN + THEIRS // 2] = np.nan
    return Population(OWN, numbers, weights, values, costs)


def repaired(found: Population) -> tuple[Ints, Ints, Ints]:
    strata = Strata.of(found, 1)
    rows = found.candidate
    return without_copies(rows, found), without_strange(rows, strata), with_variety(rows, found, strata, 1)


def test_sound_rows_are_left_alone() -> None:
    found = population()
    for rows in repaired(found):
        assert np.array_equal(rows, found.candidate)


def test_one_copy_of_each_row_is_kept() -> None:
    found = population(content=np.arange(OWN) % 200)
    rows, _, _ = repaired(found)
    assert sorted(found.content[rows]) == list(range(200))


def test_rows_repeat_as_often_as_the_references_do() -> None:
    """Rows of few possible values: nothing is wrong with their copies."""
    rng = np.random.default_rng(1)
    content = rng.integers(0, 50, OWN + THEIRS)
    found = Population(OWN, content, *[getattr(population(), name) for name in ("weight", "features", "cost")])
    assert np.array_equal(without_copies(found.candidate, found), found.candidate)


def test_dear_rows_are_dropped_and_no_others() -> None:
    cost = np.random.default_rng(2).gamma(4.0, size=OWN)
    cost[:300] += 20
    found = population(cost=cost)
    _, rows, _ = repaired(found)
    assert (found.cost[rows] > 20).sum() < 40, "about 2.5 % may stay"
    assert len(rows) > 600


def test_nothing_is_left_of_rows_that_all_cost_too_much() -> None:
    found = population(cost=np.random.default_rng(2).gamma(4.0, size=OWN) + 20)
    _, rows, _ = repaired(found)
    assert len(rows) < 10


@pytest.mark.parametrize("times", [1, 4])
def test_kinds_that_lack_are_filled_with_real_rows(times: int) -> None:
    rng = np.random.default_rng(3)
    features = np.tile(rng.normal(size=(OWN // times, 3)), (times, 1))
    features[:, 0] = -np.abs(features[:, 0])
    weight = np.tile(rng.integers(50, 500, OWN // times), times)
    found = population(features=features, content=np.arange(OWN) % (OWN // times), weight=weight)
    found.features[:, 0] *= 3  # so that kinds differ in it
    _, _, rows = repaired(found)
    assert (found.features[found.candidate, 0] > 0).mean() == 0
    assert 0.35 < (found.features[rows, 0] > 0).mean() < 0.6
    assert found.weight[rows].sum() == pytest.approx(found.weight[found.candidate].sum(), rel=0.01)
    assert repeated_share(found.content[rows]) == pytest.approx(1 - 1 / times, abs=0.1), "repetition is not mended"


def test_the_control_exchanges_rows_for_the_real_ones_like_them() -> None:
    features = np.random.default_rng(3).normal(size=(OWN, 3))
    features[:, 0] = -np.abs(features[:, 0])
    found = population(features=features)
    found.features[:, 0] *= 3
    strata = Strata.of(found, 1)
    rows = with_likes(found.candidate, found, strata, 1)
    assert (rows >= OWN).mean() > 0.3
    assert (found.features[rows, 0] > 0).mean() < 0.05, "the kinds are the candidate's"
    sound = population()
    assert np.array_equal(with_likes(sound.candidate, sound, Strata.of(sound, 1), 1), sound.candidate)


def test_rows_of_one_size_and_constant_features_have_one_kind() -> None:
    count = OWN + THEIRS
    found = Population(OWN, np.arange(count), np.ones(count, np.int64), np.zeros((count, 1)), np.ones(count))
    for rows in repaired(found):
        assert np.array_equal(rows, found.candidate)

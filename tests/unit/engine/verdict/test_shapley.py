"""Shapley values against their axioms and a known game; percentages that add up."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.verdict.shapley import Coalition, coalitions, percentages, shapley_values

PLAYERS = ("a", "b", "c")


def game(seed: int) -> dict[Coalition, float]:
    rng = np.random.default_rng(seed)
    return {coalition: float(rng.normal()) for coalition in coalitions(PLAYERS)}


def test_coalitions_are_all_subsets_once() -> None:
    found = list(coalitions(PLAYERS))
    assert found[0] == frozenset()
    assert len(found) == len(set(found)) == 8


def test_the_glove_game() -> None:
    """a holds a left glove, b and c a right one each; a pair is worth 1 (Shapley and Shubik 1969)."""
    values = shapley_values(PLAYERS, lambda held: float("a" in held and len(held) > 1))
    assert values == pytest.approx({"a": 2 / 3, "b": 1 / 6, "c": 1 / 6})


@pytest.mark.parametrize("seed", range(5))
def test_values_add_up_to_what_all_are_worth_over_none(seed: int) -> None:
    worth = game(seed)
    values = shapley_values(PLAYERS, worth.__getitem__)
    assert sum(values.values()) == pytest.approx(worth[frozenset(PLAYERS)] - worth[frozenset()])


def test_values_of_a_sum_of_games_are_the_sums_of_the_values() -> None:
    first, second = game(1), game(2)
    both = shapley_values(PLAYERS, lambda coalition: first[coalition] + second[coalition])
    apart = [shapley_values(PLAYERS, worth.__getitem__) for worth in (first, second)]
    assert both == pytest.approx({player: apart[0][player] + apart[1][player] for player in PLAYERS})


def test_who_never_contributes_gets_nothing() -> None:
    worth = game(3)
    assert shapley_values(PLAYERS, lambda coalition: worth[coalition - {"b"}])["b"] == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 34, "b": 33, "c": 33}),
        ({"a": 3.0, "b": -5.0, "c": 1.0}, {"a": 75, "b": 0, "c": 25}),
        ({"a": 0.996, "b": 0.004}, {"a": 100, "b": 0}),
        ({"a": 0.0, "b": -1.0}, {}),
        ({}, {}),
    ],
)
def test_percentages(values: dict[str, float], expected: dict[str, int]) -> None:
    assert percentages(values) == expected


def test_percentages_always_add_up_to_100() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        found = percentages(dict(zip("abcde", rng.normal(size=5), strict=True)) | {"f": 1e-9})
        assert sum(found.values()) == 100
        assert min(found.values()) >= 0

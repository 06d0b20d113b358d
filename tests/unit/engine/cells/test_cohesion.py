"""Cohesion: another population's rows are near to each other, noise is near to nothing."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.cells.cohesion import FEWEST, cohesion
from synthos_engine.cells.problem import Problem
from synthos_engine.verdict.mechanism import COHESION_BOUND

PROBLEM = Problem((17,) * 4, (3,), (True,) * 4)


def around(middles: tuple[int, ...], count: int, seed: int, width: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cells = np.clip(np.round(np.array(middles) + width * rng.standard_normal((count, len(middles)))), 0, 15)
    return cells.astype(np.int64), np.arange(count)


def test_another_draw_is_no_nearer_to_itself() -> None:
    parts = [around((5, 5, 5, 5), 600, seed) for seed in range(3)]
    found = cohesion(parts[0], parts[1], parts[2], PROBLEM, 0)
    assert found == pytest.approx(0.0, abs=0.05)


def related(count: int, seed: int, turned: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Four columns of one level; turned, two of them fall where the others rise."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0, 15, (count, 1))
    columns = np.concatenate([level, level, 15 - level if turned else level, 15 - level if turned else level], 1)
    cells = np.clip(np.round(columns + rng.standard_normal((count, 4))), 0, 15)
    return cells.astype(np.int64), np.arange(count)


def test_another_population_is_nearer_to_itself_than_noise_is() -> None:
    known, others = related(600, 1), related(600, 2)
    elsewhere = cohesion(related(600, 0, turned=True), known, others, PROBLEM, 0)
    spoilt = related(600, 0)[0] + np.round(1.5 * np.random.default_rng(0).standard_normal((600, 4)))
    noise = cohesion((np.clip(spoilt, 0, 15).astype(np.int64), np.arange(600)), known, others, PROBLEM, 0)
    assert elsewhere is not None
    assert noise is not None
    assert elsewhere > 1.0
    assert noise < COHESION_BOUND


def test_copies_and_moments_of_one_row_are_not_each_others_neighbours() -> None:
    cells, rows = around((5, 5, 5, 5), 600, 0)
    known, others = around((5, 5, 5, 5), 600, 1), around((5, 5, 5, 5), 600, 2)
    copied = cohesion((np.tile(cells[:150], (4, 1)), np.arange(600)), known, others, PROBLEM, 0)
    assert copied == pytest.approx(0.0, abs=0.1)
    nudged = np.repeat(cells[:150], 4, 0)
    nudged[:, 0] += np.tile(np.arange(4), 150) % 2
    of_one_row = cohesion((nudged, np.repeat(rows[:150], 4)), known, others, PROBLEM, 0)
    each_its_own = cohesion((nudged, np.arange(600)), known, others, PROBLEM, 0)
    assert of_one_row is not None
    assert each_its_own is not None
    assert of_one_row < each_its_own - 0.05


@pytest.mark.parametrize("rows_that_differ", [1, 3])
def test_moments_of_one_row_over_and_over_say_nothing(rows_that_differ: int) -> None:
    cells, _ = around((5, 5, 5, 5), 600, 0, 4.0)
    copied = cells, np.arange(600) % rows_that_differ
    many = around((5, 5, 5, 5), 600, 1), around((5, 5, 5, 5), 600, 2)
    assert cohesion(copied, *many, PROBLEM, 0) is None
    assert cohesion(many[0], copied, many[1], PROBLEM, 0) is None
    assert cohesion(many[0], many[1], copied, PROBLEM, 0) is None


def test_few_different_rows_say_nothing() -> None:
    few, many = around((5, 5, 5, 5), FEWEST - 1, 0), around((5, 5, 5, 5), 600, 1)
    assert cohesion(few, many, around((5, 5, 5, 5), 600, 2), PROBLEM, 0) is None

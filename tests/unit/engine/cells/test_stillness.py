"""Windows that hang, and those that rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from synthos_engine.cells.stillness import hanging_share

WALKS = np.round(np.random.default_rng(0).normal(0, 1, (100, 20)).cumsum(1), 3)


def windows(values: Any, **others: Any) -> pa.Table:
    return pa.table({"x": values} | others)


def stuck(share: float, step: int) -> Any:
    hung = WALKS.copy()
    hung[: round(share * 100), step:] = hung[: round(share * 100), step : step + 1]
    return hung.tolist()


@pytest.mark.parametrize(("share", "step", "found"), [(1.0, 6, 1.0), (0.4, 6, 0.4), (1.0, 14, 0.0), (0.0, 0, 0.0)])
def test_windows_hang_that_keep_a_value_over_half_of_their_steps(share: float, step: int, found: float) -> None:
    assert hanging_share(windows(stuck(share, step)), windows(WALKS.tolist())) == pytest.approx(found, abs=0.02)


def test_what_wakes_as_often_as_it_falls_asleep_rests() -> None:
    rng = np.random.default_rng(1)
    long = WALKS.ravel() * (np.convolve(rng.random(2000) < 0.02, np.ones(12)) > 0)[:2000]
    rain = windows(long.reshape(100, 20).tolist())
    levels = np.repeat(rng.choice([18.0, 20.0, 21.5, 23.0], 200), rng.integers(4, 40, 200))[:2000]
    set_points = windows(levels.reshape(100, 20).tolist())
    for resting in (rain, set_points):
        assert hanging_share(resting, windows(WALKS.tolist())) == pytest.approx(0.0, abs=0.2)


@pytest.mark.parametrize("value", [0.0, 20.0])
def test_what_dies_hangs_at_whatever_value(value: float) -> None:
    dead = np.where(np.arange(20) < 5, WALKS, value)
    assert hanging_share(windows(dead.tolist()), windows(WALKS.tolist())) == pytest.approx(1.0)
    assert hanging_share(windows(stuck(1.0, 3)), windows(stuck(1.0, 3))) == 0.0, "as the reference does"


def test_the_worst_variable_counts_and_missing_values_do_not_stand_still() -> None:
    reference = windows(WALKS.tolist(), y=WALKS.tolist())
    assert hanging_share(windows(WALKS.tolist(), y=stuck(1.0, 2)), reference) == pytest.approx(1.0)
    missing = [[None if i > 4 else v for i, v in enumerate(row)] for row in WALKS.tolist()]
    assert hanging_share(windows(missing, y=WALKS.tolist()), reference) == 0.0


def test_short_and_empty_windows_and_tables_say_nothing() -> None:
    assert hanging_share(windows([[1.0, 1.0, 1.0], [], None] * 5), windows(WALKS.tolist())) == 0.0
    assert hanging_share(windows(pa.array([], pa.list_(pa.float64()))), windows(WALKS.tolist())) == 0.0
    assert hanging_share(pa.table({"n": [1, 2]}), pa.table({"n": [1, 2]})) is None

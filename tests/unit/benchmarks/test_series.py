"""Series of CollapseBench: windows that do not overlap, routes that do what they say, a judge that sees time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.collapsebench.candidates import Candidate
from benchmarks.collapsebench.generators.sampling import Sampling
from benchmarks.collapsebench.generators.series import FAMILIES, generate, gru_forecaster
from benchmarks.collapsebench.judge.series import holdout_loss, moments
from benchmarks.collapsebench.modalities.series import SERIES
from benchmarks.collapsebench.pools import Pools, pools
from benchmarks.collapsebench.registration import registration
from benchmarks.collapsebench.rows import Column, Real, Row
from benchmarks.collapsebench.sources import series

NAMES = ("load", "count")


def real(windows: int, seed: int = 0, window: int = 14) -> Real:
    """Two series with a week and a slow wander; `count` is whole and follows `load`."""
    rng = np.random.default_rng(seed)
    steps = np.arange(windows * window)
    load = 50 + 10 * np.sin(2 * np.pi * steps / 7) + np.cumsum(rng.normal(0, 0.3, len(steps)))
    count = np.round(2 * load + rng.normal(0, 1, len(steps)))
    return series.real([np.stack([np.round(load, 1), count], 1)], NAMES, window)


class SmallWorkshop:
    def __init__(self) -> None:
        whole = real(700)
        self.made = pools("births", whole, SERIES.sizes(whole), weight=SERIES.weight, key=SERIES.key)

    def pools(self, source: str) -> Pools:
        return self.made

    def generated(self, source: str, family: str, generation: int, sampling: Sampling, seed: int) -> Sequence[Row]:
        return [((float(generation),) * 14, (i,) * 14) for i in range(self.made.size)]


@pytest.fixture(scope="module")
def workshop() -> SmallWorkshop:
    return SmallWorkshop()


def candidate(route: str, **parameters: Any) -> Candidate:
    return Candidate("development", "series", "births", route, "ar" if route == "recursive" else "", parameters)


def test_windows_do_not_overlap_skip_gaps_and_the_last_are_apart() -> None:
    one = np.arange(100.0)[:, None]
    one[33] = np.nan
    made = series.real([one, one + 1000.5], ("x",), 10)
    assert len(made.rows) == 18
    steps = [value for (values,) in made.rows for value in values]
    assert len(set(steps)) == len(steps)
    assert made.columns == (Column("x", "number", 1),)
    assert [row[0][0] for row, apart in zip(made.rows, made.apart, strict=True) if apart] == [80, 90, 1080.5, 1090.5]


def test_rows_survive_parquet_as_lists(workshop: SmallWorkshop) -> None:
    base = list(workshop.made.base)
    written = SERIES.to_arrow(base, workshop.made.columns)
    assert written.schema.names == list(NAMES)
    assert written.schema.types == [pa.list_(pa.float64()), pa.list_(pa.int64())]
    assert SERIES.from_arrow(written) == base
    narrow = candidate("narrow-types").table(workshop)
    assert narrow.schema.types == [pa.list_(pa.float32()), pa.list_(pa.int32())]
    counts = [{tuple(v) for v in some["count"].to_pylist() if v is not None} for some in (narrow, written)]
    assert counts[0] == counts[1]


def test_parts_are_disjoint_and_leave_other_draws(workshop: SmallWorkshop) -> None:
    made = workshop.made
    every = [made.holdout, *made.draws, made.reference, made.base, made.spare, made.section]
    assert sum(map(len, every)) == len({row for part in every for row in part}) == 700
    assert len(made.spare) > 1.8 * made.size
    assert len(made.section) >= made.size


def test_routes_do_what_they_say(workshop: SmallWorkshop) -> None:
    source = workshop.made

    def made(route: str, **parameters: Any) -> list[Row]:
        found = candidate(route, **parameters).rows(workshop)
        assert len(found) == source.size
        assert found == candidate(route, **parameters).rows(workshop)
        return found

    assert set(made("draw")) <= set(source.spare)
    assert set(made("section")) <= set(source.section)
    assert made("ordered") == sorted(source.base)
    assert all(row[0][0] == 3.0 for row in made("recursive", generation=3, temperature=0.8))
    mixed = made("shuffled", share=1.0)
    pairs = {frozenset(zip(*row, strict=True)) for row in source.base}
    assert {frozenset(zip(*row, strict=True)) for row in mixed} <= pairs, "variables keep together"
    assert not set(mixed) & set(source.base)
    stuck = made("frozen", share=0.3)
    hang = [len(set(row[0][7:])) == 1 for row in stuck]
    assert np.mean(hang) == pytest.approx(0.3, abs=0.12)
    assert {row for row, h in zip(stuck, hang, strict=True) if not h} <= set(source.base)
    noisy = made("noisy", deviations=0.5)
    assert not set(noisy) & set(source.base)
    assert all(isinstance(value, int) for row in noisy for value in row[1])
    calm = made("calm", share=0.2)
    moves = [
        np.mean([np.abs(np.diff(row[0])).mean() / np.mean(row[0]) for row in some]) for some in (calm, source.base)
    ]
    assert moves[0] < 0.95 * moves[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generator_keeps_the_week_and_the_range_and_narrows(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gru_forecaster, "STEPS", 100)
    read = real(150)
    written = generate(family, read.rows, read.columns, 300, Sampling(1.0), seed=1)
    assert written == generate(family, read.rows, read.columns, 300, Sampling(1.0), seed=1)
    assert written != generate(family, read.rows, read.columns, 300, Sampling(1.0), seed=2)
    values, known = (np.array([row[0] for row in some]) for some in (written, read.rows))
    assert known.min() <= values.min()
    assert values.max() <= known.max()
    week = [np.diff(some, axis=1).mean(0) for some in (values, known)]
    assert np.corrcoef(week)[0, 1] > 0.9
    narrow = np.array([row[0] for row in generate(family, read.rows, read.columns, 300, Sampling(0.3), seed=1)])
    spread = [np.diff(some, axis=1).std(0).mean() for some in (narrow, values)]
    assert spread[0] < spread[1]


def test_a_moment_knows_nothing_of_its_step() -> None:
    windows = np.random.default_rng(0).normal(size=(5, 14, 2))
    lags, floor = registration()["series"]["judge"]["lags"], np.full(2, 0.01)
    known, steps = moments(windows, lags, floor)
    assert len(known) == len(steps) == 5 * (14 - lags)
    changed = windows.copy()
    changed[:, -1] += 100
    known_then, steps_then = moments(changed, lags, floor)
    assert (known == known_then).all()
    assert (steps[:-5] == steps_then[:-5]).all()
    assert (steps[-5:] != steps_then[-5:]).all()


def test_the_judge_tells_harm_from_other_real_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registration()["series"]["judge"], "rounds", 30)
    columns = real(20).columns
    first, other, holdout = real(150, 1).rows, real(150, 2).rows, real(100, 3).rows
    good = holdout_loss(first, holdout, columns, 1)
    assert good == holdout_loss(first, holdout, columns, 1)
    assert holdout_loss(other, holdout, columns, 1) == pytest.approx(good, rel=0.05)
    rng = np.random.default_rng(0)
    mixed = [
        tuple(tuple(v[i] for i in order) for v in row) for row in first if (order := rng.permutation(14)) is not None
    ]
    assert holdout_loss(mixed, holdout, columns, 1) > 1.3 * good
    assert holdout_loss(list(first[:8]) * 18, holdout, columns, 1) > 1.1 * good
    assert holdout_loss([((5.0,) * 14, (7,) * 14)] * 50, holdout, columns, 1) > 1.3 * good

"""The sample of a dataset as a file: strata that are planted are found, rows and weights are right, samples nest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.data.columns import SAMPLE_COLUMNS
from synthos_engine.profile import profile_dataset
from synthos_engine.profile.extract import Drawn, draw_sample

ADDED = ["__row__", "__weight__", "__rank__", "__stratum__"]
ROWS = 6000
RARE = 12


def labelled(seed: int = 0) -> pa.Table:
    """Two clouds of points, a label with a value of RARE rows, a few points far out, a flag."""
    rng = np.random.default_rng(seed)
    side = rng.random(ROWS) < 0.4
    points = rng.normal(size=(ROWS, 2)) + 8 * side[:, None]
    points[rng.choice(ROWS, 30, replace=False)] += 60
    label = rng.choice(["red", "green"], ROWS, p=[0.7, 0.3]).astype(object)
    label[rng.choice(ROWS, RARE, replace=False)] = "black"
    flag = pa.array(rng.random(ROWS) < 0.5)
    return pa.table({"x": pa.array(points[:, 0]), "y": pa.array(points[:, 1]), "label": pa.array(label), "flag": flag})


def draw(table: pa.Table, folder: Path, rows: int, seed: int = 0) -> tuple[Drawn, pa.Table]:
    source, loader = folder / "t.parquet", DatasetLoader()
    pq.write_table(table, source)
    dataset = DatasetRef(uri=str(source))
    profile = profile_dataset(loader, dataset, seed=seed)
    drawn = draw_sample(loader, dataset, profile, rows=rows, seed=seed, path=folder / "s.parquet")
    return drawn, pq.read_table(folder / "s.parquet")


@pytest.mark.parametrize("rows", [1, 400, ROWS - 1, ROWS])
def test_a_sample_holds_the_rows_that_its_numbers_name(tmp_path: Path, rows: int) -> None:
    table = labelled()
    drawn, sample = draw(table, tmp_path, rows)
    numbers: list[Any] = sample["__row__"].to_pylist()
    assert sample.column_names == [*ADDED, *table.column_names]
    assert drawn.rows == len(numbers) == min(rows, ROWS)
    assert numbers == sorted(set(numbers))
    assert sample.drop_columns(ADDED).equals(table.take(numbers))
    assert np.array_equal(np.sort(np.asarray(sample["__rank__"])), np.arange(drawn.rows))
    weights = np.asarray(sample["__weight__"])
    assert weights.min() >= 1
    assert weights.sum() == pytest.approx(ROWS)
    held = np.bincount(np.asarray(sample["__stratum__"]), minlength=len(drawn.table))
    assert {row.stratum: row.sampled for row in drawn.table} == dict(enumerate(held.tolist()))
    assert sum(row.rows for row in drawn.table) == ROWS
    if rows >= ROWS:
        assert (drawn.strata, drawn.confidence, set(weights)) == (None, 100, {1.0})


def test_rare_rows_are_strata_with_more_than_their_share(tmp_path: Path) -> None:
    table = labelled()
    drawn, sample = draw(table, tmp_path, 600)
    rare = next(row for row in drawn.table if row.description == "label=black (rare)")
    assert (rare.rows, rare.sampled) == (RARE, 4)
    far = [row for row in drawn.table if row.description.startswith("outliers")]
    assert sum(row.sampled for row in far) > 2 * sum(row.rows for row in far) / 10
    assert any("label=red" in row.description and "flag=True" in row.description for row in drawn.table)
    weights = np.asarray(sample["__weight__"])
    black = np.array(sample["label"].to_pylist()) == "black"
    assert weights[black].sum() == pytest.approx(RARE), "shares of strata are exact"
    assert black.sum() == rare.sampled


def test_the_smaller_sample_is_in_the_larger_one(tmp_path: Path) -> None:
    large, small = (draw(labelled(), tmp_path, rows)[1] for rows in (2000, 300))
    inside = large.filter(np.asarray(large["__rank__"]) < 300)
    assert inside.drop_columns("__weight__").equals(small.drop_columns("__weight__"))
    other = draw(labelled(), tmp_path, 300, seed=1)[1]
    assert len(np.intersect1d(other["__row__"], small["__row__"])) < 60


def test_rows_in_order_make_the_segments(tmp_path: Path) -> None:
    table = pa.table({"x": pa.array(np.random.default_rng(0).normal(size=16_000))})
    drawn, sample = draw(table, tmp_path, 15_999)
    strata, rows = np.asarray(sample["__stratum__"]), np.asarray(sample["__row__"])
    for words, first, last in (("time 1 to 2 of 8", 0, 4000), ("time 5 to 8 of 8", 8000, 16_000)):
        mine = [row.stratum for row in drawn.table if row.description.endswith(words)]
        inside = rows[np.isin(strata, mine)]
        assert len(inside) > 100
        assert first <= inside.min() <= inside.max() < last


def test_times_out_of_order_make_the_segments(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    days = rng.integers(0, 800, 20_000)
    times = [None if i < 4000 else int(day) * 86_400 for i, day in enumerate(days)]
    table = pa.table({"when": pa.array(times, pa.timestamp("s")), "x": pa.array(rng.normal(size=20_000))})
    drawn, sample = draw(table, tmp_path, 19_999)
    strata, rows = np.asarray(sample["__stratum__"]), np.asarray(sample["__row__"])
    for part in range(1, 9):
        mine = [row.stratum for row in drawn.table if row.description.endswith(f"time {part} of 8")]
        inside = days[rows[np.isin(strata, mine)]]
        assert len(inside) > 500
        # The range is estimated from its mean and deviation: its parts are a little off.
        assert 100 * part - 115 <= inside.min() <= inside.max() <= 100 * part + 15
    without = [row.stratum for row in drawn.table if row.description.endswith("no time")]
    assert (rows[np.isin(strata, without)] < 4000).all()
    assert np.isin(strata, without).sum() > 2000


def test_what_a_sample_adds_is_no_content_of_its_own_sample(tmp_path: Path) -> None:
    _, sample = draw(labelled(), tmp_path, 500)
    drawn, again = draw(sample, tmp_path, 50)
    assert again.column_names == [*ADDED, "x", "y", "label", "flag"]
    assert np.asarray(again["__weight__"]).sum() == pytest.approx(500)
    assert set(again["__row__"].to_pylist()) <= set(range(500))
    assert drawn.rows == 50
    assert set(ADDED) == SAMPLE_COLUMNS

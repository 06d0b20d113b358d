"""From tables and windows to cells: types, missing values, lengths, wide tables; nothing of it raises."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from synthos_engine.cells.layout import LAGS, MOST_COLUMNS, prose_columns, series_layouts, table_layouts
from synthos_engine.cells.novelty import new_values
from synthos_engine.data.columns import ROW_COLUMN
from synthos_engine.verdict.novelty import NewValues


def table(**columns: Any) -> pa.Table:
    made = pa.table(columns)
    return made.append_column(ROW_COLUMN, pa.array(range(made.num_rows), pa.int64()))


def test_columns_of_every_simple_type_are_laid_out() -> None:
    made = table(
        whole=[1, 2, None, 4] * 25,
        fraction=[0.5, float("nan"), None, 1.5] * 25,
        money=[Decimal("1.10"), Decimal("2.20"), None, Decimal("1.10")] * 25,
        day=[date(2020, 1, 1), None, date(2021, 1, 1), date(2022, 1, 1)] * 25,
        word=pa.array(["a", "b", None, "a"] * 25).dictionary_encode(),
        flag=[True, False, None, True] * 25,
        name=[f"person {i} {'x' * (i % 7)}" for i in range(100)],
        nested=[[1, 2], [3], None, []] * 25,
        constant=[7] * 100,
    )
    (layout,) = table_layouts(made)
    cells, rows = layout.encode(made)
    assert cells.shape == (100, 7), "neither the nested nor the constant column"
    assert rows.tolist() == list(range(100))
    assert (cells < np.array(layout.problem.counts)).all()
    assert (cells >= 0).all()
    # Missing values are the last bin of their column.
    assert (cells[2::4, :6] == np.array(layout.problem.counts)[:6] - 1).sum() >= 5 * 25


def test_other_values_than_the_reference_s_have_cells_too() -> None:
    (layout,) = table_layouts(table(number=[*range(49), 0], word=list("ab") * 25))
    cells, _ = layout.encode(table(number=[-1e300, 1e300, None], word=["never", None, "a"]))
    assert (cells < np.array(layout.problem.counts)).all()


@pytest.mark.parametrize(
    "made",
    [table(a=[1] * 5, b=[2] * 5), table(a=[None] * 5), table(a=[[1], [2]], b=[{"x": 1}, {"x": 2}]), table()],
    ids=["constants", "all missing", "nested", "no columns"],
)
def test_where_nothing_varies_there_is_no_layout(made: pa.Table) -> None:
    assert table_layouts(made) == []


def test_of_a_wide_table_some_columns_are_taken_evenly() -> None:
    rng = np.random.default_rng(0)
    (layout,) = table_layouts(table(**{f"c{i}": rng.normal(size=50) for i in range(200)}))
    assert len(layout.problem.counts) == MOST_COLUMNS


def test_windows_give_a_moment_for_each_step_after_the_lags() -> None:
    rng = np.random.default_rng(0)
    made = table(
        x=[rng.normal(size=12).tolist() for _ in range(40)], y=[rng.normal(size=12).tolist() for _ in range(40)]
    )
    layouts = series_layouts(made)
    assert len(layouts) == 2
    cells, rows = layouts[0].encode(made)
    assert len(cells) == 40 * (12 - LAGS)
    assert layouts[0].problem.targets == (cells.shape[1] - 1,)
    assert np.bincount(rows).tolist() == [12 - LAGS] * 40


def test_short_missing_and_uneven_windows_do_no_harm() -> None:
    rng = np.random.default_rng(0)
    whole = [rng.normal(size=12).tolist() for _ in range(30)]
    odd = [None, [], [1.0, 2.0], [None] * 12, rng.normal(size=30).tolist(), [*whole[0][:6], None, *whole[0][7:]]]
    (layout,) = series_layouts(table(x=whole))
    cells, rows = layout.encode(table(x=odd))
    assert set(rows.tolist()) == {3, 4, 5}
    assert (cells < np.array(layout.problem.counts)).all()
    assert series_layouts(table(x=[[1.0], None, []])) == []
    assert series_layouts(table(x=[[5.0] * 12] * 30)) == [], "nothing moves"


def test_another_population_is_told_by_its_new_values() -> None:
    rng = np.random.default_rng(0)
    reference = table(
        city=rng.choice(["A", "B"], 400).tolist(), age=rng.integers(18, 90, 400), name=[f"n{i}" for i in range(400)]
    )
    other = table(city=["C"] * 100, age=rng.integers(18, 90, 100), name=[f"m{i}" for i in range(100)])
    found = new_values(other, reference)
    assert found is not None
    assert (found.column, found.share) == ("city", 1.0)


def test_another_series_is_told_by_its_range() -> None:
    rng = np.random.default_rng(0)
    reference = table(x=rng.normal(20, 2, (200, 12)).tolist())
    other = new_values(table(x=rng.normal(200, 2, (50, 12)).tolist()), reference)
    fixed = pa.array(rng.normal(200, 2, (50, 12)).tolist(), pa.list_(pa.float64(), 12))
    assert new_values(table(x=fixed), table(x=reference["x"].cast(fixed.type))) == other
    same = new_values(table(x=rng.normal(20, 2, (50, 12)).tolist()), reference)
    assert other is not None
    assert same is not None
    assert (other.column, other.share) == ("x", 1.0)
    assert same.share < 0.02


def test_noise_about_the_lowest_value_is_no_other_range_and_lists_of_words_are_none() -> None:
    rng = np.random.default_rng(0)
    rain = np.where(rng.random((200, 12)) < 0.7, 0.0, rng.exponential(5, (200, 12)))
    noise = new_values(table(x=(rain + rng.normal(0, 0.1, rain.shape)).tolist()), table(x=rain.tolist()))
    assert noise is not None
    assert noise.share == 0.0
    words = table(tags=[["a"], ["b", "b", "b"]] * 50)
    assert new_values(words, table(tags=[["c"]] * 100)) == NewValues("tags", 0.0)


def test_names_and_single_new_values_are_no_other_population() -> None:
    rng = np.random.default_rng(0)
    reference = table(city=rng.choice(["A", "B"], 400).tolist(), name=[f"n{i}" for i in range(400)])
    typos = table(city=["A"] * 95 + [f"typo {i}" for i in range(5)], name=[f"m{i}" for i in range(100)])
    found = new_values(typos, reference)
    assert found is not None
    assert (found.column, found.share) == ("city", 0.0)


def test_a_column_that_numbers_the_rows_is_no_content() -> None:
    rng = np.random.default_rng(0)
    days = np.datetime64("2024-01-01") + np.arange(400)
    content = {"a": rng.normal(size=400), "b": rng.normal(size=400)}
    reference = table(id=range(400), day=days, **content)
    (layout,) = table_layouts(reference)
    assert len(layout.problem.counts) == 2
    shuffled = reference.take(rng.permutation(400))
    assert len(table_layouts(shuffled)[0].problem.counts) == 2, "the numbers of the rows tell their order"
    found = new_values(table(id=range(400, 800), day=days + 400, **content), reference)
    assert found is not None
    assert found.share < 0.02
    assert len(table_layouts(reference.drop_columns([ROW_COLUMN]))[0].problem.counts) == 2


def test_another_range_is_told_also_where_the_reference_is_sorted() -> None:
    rng = np.random.default_rng(0)
    reference = table(year=np.sort(rng.integers(1990, 2010, 400)), x=rng.normal(size=400))
    found = new_values(table(year=[2015] * 100, x=rng.normal(size=100)), reference)
    assert found is not None
    assert (found.column, found.share) == ("year", 1.0)


def test_prose_and_nested_values_are_what_cells_do_not_show() -> None:
    made = table(
        id=range(100),
        name=[f"person {i}" for i in range(100)],
        city=list("ab") * 50,
        code=[f"{i:04}" for i in range(100)],
        nested=[[1, 2], [3], None, []] * 25,
        x=np.random.default_rng(0).normal(size=100),
    )
    assert prose_columns(made) == ["name", "code", "nested"]


def test_windows_too_short_for_the_lags_have_no_cells() -> None:
    rng = np.random.default_rng(0)
    whole = [rng.normal(size=12).tolist() for _ in range(30)]
    layout, _ = series_layouts(table(x=whole, y=whole[::-1]))
    cells, rows = layout.encode(table(x=[[1.0] * 5] * 4, y=[[2.0] * 5] * 4))
    assert (len(cells), len(rows)) == (0, 0)

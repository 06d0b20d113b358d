"""The demo's datasets: real rows, disjoint draws, and the recursive generation that loses the tails."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hack.demo_data import draws, real_rows, recursive_generation, write

ROWS = real_rows(("numpy",))


def test_real_rows_are_distinct_paragraphs_in_a_fixed_order() -> None:
    assert len(ROWS) > 500
    assert len(set(ROWS)) == len(ROWS)
    assert real_rows(("numpy",)) == ROWS


def test_draws_are_disjoint_and_large_enough() -> None:
    first, second = draws(ROWS, [30_000, 20_000], seed=1)
    assert not set(first) & set(second)
    assert sum(map(len, first)) + len(first) >= 30_000
    assert draws(ROWS, [30_000, 20_000], seed=1) == [first, second]
    assert draws(ROWS, [30_000, 20_000], seed=2) != [first, second]
    with pytest.raises(ValueError, match="do not suffice"):
        draws(ROWS, [10_000_000], seed=1)


def test_generation_is_seeded_and_loses_words() -> None:
    rows = ROWS[:300]
    once = recursive_generation(rows, generations=1, seed=3)
    assert once == recursive_generation(rows, generations=1, seed=3)
    thrice = recursive_generation(rows, generations=3, seed=3)
    size = sum(map(len, rows))
    assert all(size <= sum(map(len, made)) <= size + 1000 for made in (once, thrice))
    real, first, third = (len({word for row in made for word in row.split()}) for made in (rows, once, thrice))
    assert third < first
    assert third < 0.8 * real


def test_written_as_one_text_column(tmp_path: Path) -> None:
    write(tmp_path / "rows.parquet", ROWS[:10])
    assert pq.read_table(tmp_path / "rows.parquet").to_pydict() == {"text": ROWS[:10]}

"""Windows as arrays, of every kind of list."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from synthos_engine.data.windows import still_ends, windows_of


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.float64(), 2), pa.list_(pa.float64()), pa.large_list(pa.int64()), pa.list_(pa.float32())]
)
def test_missing_windows_are_empty_and_missing_values_no_numbers(kind: Any) -> None:
    rows = [[1, 2], None, [3, None], [5, 6]]
    chunks: Any = [pa.array(rows[:1], kind), pa.array(rows[1:], kind).slice(0, 3)]
    column = pa.chunked_array(chunks)
    found = windows_of(column)
    assert [len(window) for window in found] == [2, 0, 2, 2]
    np.testing.assert_array_equal(np.concatenate(found), [1, 2, 3, np.nan, 5, 6])
    assert [window.tolist() for window in windows_of(column, 1)] == [[1], [], [3], [5]]


def test_no_rows_are_no_windows_and_digits_stay() -> None:
    assert windows_of(pa.table({"x": pa.array([], pa.list_(pa.float64()))})["x"]) == []
    single = pa.table({"x": pa.array([[0.1]], pa.list_(pa.float32()))})["x"]
    assert windows_of(single, as_printed=True)[0].tolist() == [0.1]
    assert windows_of(single)[0].tolist() == [np.float32(0.1)]


@pytest.mark.parametrize(
    ("window", "begin", "end"),
    [
        ([1, 2, 2, 2, 2], 0, 0.75),
        ([0, 0, 0, 4, 5], 0.5, 0),
        ([1, np.inf, np.inf], 0, 0.5),
        ([1, np.nan, np.nan], 0, 0),
        ([3, 3, 3], 1, 1),
        ([3], 0, 0),
        ([], 0, 0),
    ],
)
def test_where_a_window_stands_still(window: list[float], begin: float, end: float) -> None:
    assert still_ends(np.array(window, float)) == (begin, end)

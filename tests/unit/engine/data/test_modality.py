"""What kind of data a schema describes."""

from __future__ import annotations

import pyarrow as pa
import pytest

from synthos_engine.data.modality import modality_of

ROW = pa.field("__row__", pa.int64())


@pytest.mark.parametrize(
    ("kinds", "modality"),
    [
        pytest.param([pa.string()], "text", id="one column of text"),
        pytest.param([pa.large_string()], "text", id="of any width"),
        pytest.param([pa.string(), pa.string()], "table", id="two columns of text"),
        pytest.param([pa.int64()], "table", id="one column of numbers"),
        pytest.param([pa.list_(pa.float32())], "series", id="windows"),
        pytest.param([pa.list_(pa.float64(), 8), pa.large_list(pa.int16())], "series", id="windows of any list type"),
        pytest.param([pa.list_(pa.float64()), pa.int64()], "table", id="windows beside a plain number"),
        pytest.param([pa.list_(pa.string())], "table", id="lists of words"),
        pytest.param([], "table", id="no content"),
    ],
)
def test_modality_follows_from_the_content_columns(kinds: list[pa.DataType], modality: str) -> None:
    fields = [pa.field(f"c{i}", kind) for i, kind in enumerate(kinds)]
    assert modality_of(pa.schema([*fields, ROW])) == modality

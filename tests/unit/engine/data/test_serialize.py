"""rows_to_text is one-to-one: what went in comes out of text_to_rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_api.errors import CorruptData
from synthos_engine.data.serialize import rows_to_text, text_to_rows


def back(batch: pa.RecordBatch) -> pa.RecordBatch:
    return text_to_rows(rows_to_text(batch), batch.schema)


def test_a_row_reads_as_documented() -> None:
    batch = pa.RecordBatch.from_pylist([{"__row__": 7, "name": 'Ada "L"', "born": 1815, "height": 1.0, "spouse": None}])
    assert rows_to_text(batch) == [b'name: "Ada \\"L\\""\nborn: 1815\nheight: 1.0\nspouse: null\n\n']


def test_plain_text_passes_through_unchanged() -> None:
    columns: dict[str, Any] = {"__row__": [0, 1, 2, 3], "text": ["one\ntwo", "", None, "end\n"]}
    batch = pa.record_batch(columns)
    assert rows_to_text(batch) == [b"one\ntwo\n", b"\n", b"", b"end\n\n"]
    assert back(batch).column("text").to_pylist() == ["one\ntwo", "", None, "end\n"]


def test_five_five_point_zero_and_the_text_5_differ() -> None:
    columns: dict[str, Any] = {"a": pa.array([5]), "b": pa.array([5.0]), "c": pa.array(["5"])}
    assert rows_to_text(pa.record_batch(columns)) == [b'a: 5\nb: 5.0\nc: "5"\n\n']


@pytest.mark.parametrize(
    "array",
    [
        pa.array([True, False, None]),
        pa.array([2**63 - 1, -(2**63), None]),
        pa.array([2**64 - 1, 0, None], pa.uint64()),
        pa.array([0.1, -0.0, float("inf"), None, 5e-324]),
        pa.array([0.1, None], pa.float32()),
        pa.array([Decimal("1.10"), None], pa.decimal128(10, 2)),
        pa.array([b"\x00\xff", b"", None]),
        pa.array([dt.date(1, 2, 3), None]),
        pa.array([dt.time(1, 2, 3, 4), None]),
        pa.array([dt.datetime(2024, 2, 29, 1, 2, 3, 4), None]),  # noqa: DTZ001 (a column without a zone)
        pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns")),
        pa.array([1_700_000_000_123_456, None], pa.timestamp("us", tz="UTC")),
        pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns", tz="Europe/Paris")),
        pa.array([5, None], pa.duration("us")),
        pa.array(["a", "b", None, "a"]).dictionary_encode(),
        pa.array([{"x": 1, "y": ["é", None]}, None, {"x": None, "y": []}]),
        pa.array([[1, 2], None, []]),
        pa.array(["x", None], pa.large_string()),
        pa.nulls(2),
    ],
    ids=lambda a: str(a.type),
)
def test_types_and_missing_values_survive(array: Any) -> None:
    batch = pa.record_batch({"other": pa.array(range(len(array))), "v": array})
    assert back(batch).equals(batch)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(), st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.floats(allow_nan=False)
        ),
        max_size=5,
    ),
    st.lists(st.text(st.characters(codec="utf-8")), min_size=3, max_size=3, unique=True),
)
def test_any_text_any_name(rows: list[tuple[str | None, int | None, float | None]], names: list[str]) -> None:
    rows = [(None if a is None else a.encode(errors="replace").decode(), b, c) for a, b, c in rows]
    arrays = [
        pa.array([row[i] for row in rows], kind) for i, kind in enumerate([pa.string(), pa.int64(), pa.float64()])
    ]
    names = [f"{name}{'_' if name == '__row__' else ''}" for name in names]
    batch = pa.RecordBatch.from_arrays(arrays, names=names)
    texts = rows_to_text(batch)
    assert all(text.endswith(b"\n\n") and text.count(b"\n") == 4 for text in texts)
    assert back(batch).equals(batch)


def test_foreign_text_is_refused() -> None:
    schema = pa.schema({"a": pa.int64(), "b": pa.int64()})
    for text in (b"a: 1\n\n", b"a: 1\nc: 2\n\n", b"a: 1\nb: 2\n", b""):
        with pytest.raises(ValueError, match="expected"):
            text_to_rows([text], schema)


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_a_float_is_written_with_the_digits_of_its_own_width(kind: pa.DataType) -> None:
    values = np.array([0.1, 1.5, 2.25, float("nan")], kind.to_pandas_dtype())
    texts = rows_to_text(pa.record_batch({"x": pa.array(values, kind)}))
    assert texts[1:] == [b"x: 1.5\n\n", b"x: 2.25\n\n", b"x: NaN\n\n"]
    assert kind == pa.float16() or texts[0] == b"x: 0.1\n\n"


def test_times_beyond_pythons_are_text_as_well() -> None:
    times = pa.array([0, 10**15], pa.timestamp("s"))
    assert rows_to_text(pa.record_batch({"x": times})) == [
        b'x: "1970-01-01T00:00:00"\n\n',
        b'x: "1000000000000000 s"\n\n',
    ]
    assert rows_to_text(pa.record_batch({"x": pa.array([10**8], pa.date32())})) == [b'x: "100000000 d"\n\n']
    with pytest.raises(CorruptData, match="beyond the years"):
        rows_to_text(pa.record_batch({"x": pa.array([[10**15]], pa.list_(pa.timestamp("s")))}))

"""Any table that is written reads back equal, in chunks of any size (other formats: in their own files)."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthos_engine.data import DatasetLoader

INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, width=64)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
KINDS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "int": (pa.int64(), INTEGERS),
    "float": (pa.float64(), FLOATS),
    "text": (pa.string(), TEXTS),
    "flag": (pa.bool_(), st.booleans()),
    "money": (pa.decimal128(10, 2), st.decimals(-(10**7), 10**7, places=2, allow_nan=False)),
    "list": (pa.list_(pa.int32()), st.lists(st.integers(-5, 5), max_size=3)),
    "moment": (pa.timestamp("us", "UTC"), st.integers(-(2**50), 2**50)),
    "word": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", "b", "é"])),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 12))
    names = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True))
    columns = {}
    for name in names:
        kind, values = KINDS[name]
        cells: Any = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns[name] = pa.array(cells, kind)
    return pa.table(columns)


def read(path: str, chunk: int) -> pa.Table:
    batches = list(DatasetLoader(chunk_size=chunk).stream_chunks(path))
    assert {batch.num_rows for batch in batches[:-1]} <= {chunk}
    return pa.Table.from_batches(batches)


@settings(max_examples=150, deadline=None)
@given(table=tables(), chunk=st.integers(1, 13), group=st.integers(1, 13))
def test_parquet(tmp_path_factory: pytest.TempPathFactory, table: pa.Table, chunk: int, group: int) -> None:
    path = tmp_path_factory.mktemp("p") / "t.parquet"
    pq.write_table(table, path, row_group_size=group, write_page_checksum=True)
    found = read(str(path), chunk)
    assert found.schema.equals(table.schema)
    assert found.to_pylist() == table.to_pylist()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.tuples(INTEGERS, FLOATS, TEXTS), min_size=1, max_size=9),
    chunk=st.integers(1, 10),
    chunked=st.booleans(),
)
def test_hdf5(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, float, str]], chunk: int, chunked: bool
) -> None:
    path = tmp_path_factory.mktemp("h") / "t.h5"
    integers, floats, texts = zip(*rows, strict=True)
    with h5py.File(path, "w") as file:
        layout: dict[str, Any] = {"chunks": (min(2, len(rows)),), "compression": "gzip"} if chunked else {}
        file.create_dataset("t/i", data=np.array(integers, np.int64), **layout)
        file.create_dataset("t/f", data=np.array(floats), **layout)
        file.create_dataset("t/s", data=np.array(texts, object), dtype=h5py.string_dtype(), **layout)
    found = read(str(path), chunk).to_pylist()
    assert [(row["i"], row["f"], row["s"]) for row in found] == rows

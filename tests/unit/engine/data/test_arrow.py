"""Arrow IPC and Feather: types are kept, dictionaries meet, damage is told."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_api.errors import CorruptData, DatasetTooLarge, EmptyDataset, UnknownFormat
from synthos_engine.data import DatasetLoader
from synthos_engine.data.formats import arrow_messages

from .tables import people, write_arrow, write_arrow_stream, write_feather, write_feather_1


def written(path: Path, table: pa.Table, *, stream: bool = False, **options: Any) -> Path:
    made: Any = pa.ipc.new_stream if stream else pa.ipc.new_file
    with made(path, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


def read(path: Path, chunk: int = 3) -> pa.Table:
    return pa.Table.from_batches(DatasetLoader(chunk).stream_chunks(str(path)))


TYPED = pa.table(
    {
        "decimal": pa.array([Decimal("1.10"), None, Decimal("-2.00")], pa.decimal128(10, 2)),
        "zone": pa.array([0, None, 10**9], pa.timestamp("us", "Europe/Paris")),
        "word": pa.array(["a", None, "b"]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
        "list": pa.array([[1, None], None, []]),
        "struct": pa.array([{"x": "a"}, None, {"x": None}]),
        "map": pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int32())),
        "half": pa.array([1.5, None, 2.5], pa.float16()),
        "binary": pa.array([b"\x00", None, b""]),
    }
)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_types_are_kept(tmp_path: Path, stream: bool, compression: Any) -> None:
    path = written(tmp_path / "t", TYPED, stream=stream, compression=compression)
    assert read(path).equals(TYPED.combine_chunks())
    assert DatasetLoader().schema(str(path)) == TYPED.schema


def test_types_that_mean_the_same_become_plain_ones(tmp_path: Path) -> None:
    table = pa.table(
        {
            "view": pa.array(["a", None], pa.string_view()),
            "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), pa.array([7, 8])),
            "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16), None], pa.binary(16))),
        }
    )
    got = read(written(tmp_path / "t.arrow", table))
    assert [str(field.type) for field in got.schema] == ["string", "int64", "fixed_size_binary[16]"]
    assert got.to_pylist()[0] == {"view": "a", "runs": 7, "uuid": bytes(16)}
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(UnknownFormat, match="column 'u' is of type sparse_union"):
        read(written(tmp_path / "u.arrow", pa.table({"u": union})))


@pytest.mark.parametrize("stream", [False, True])
def test_dictionaries_that_grow_or_are_replaced(tmp_path: Path, stream: bool) -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    words = [f"w{i}" for i in range(300)]
    pieces = [pa.array(words[: i + 100] if not stream else words[i : i + 100]) for i in (0, 10, 20)]
    made: Any = pa.ipc.new_stream if stream else pa.ipc.new_file
    schema = pa.schema([("w", kind)])
    expected = []
    with made(tmp_path / "t", schema, options=pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)) as writer:
        for piece in pieces:
            indices = pa.array([0, 99], pa.int8())
            writer.write_batch(pa.record_batch([pa.DictionaryArray.from_arrays(indices, piece)], schema=schema))
            expected += [piece[0].as_py(), piece[99].as_py()]
    assert read(tmp_path / "t", 4)["w"].to_pylist() == expected


def test_files_with_dictionaries_of_their_own(tmp_path: Path) -> None:
    for part in range(3):
        words = pa.array([f"{part}-{i}" for i in range(100)])
        column = pa.DictionaryArray.from_arrays(pa.array(range(100), pa.int8()), words)
        written(tmp_path / f"{part}.arrow", pa.table({"w": column}))
    got = read(tmp_path, 250)["w"].to_pylist()
    assert got == [f"{part}-{i}" for part in range(3) for i in range(100)]


def test_names_and_what_is_stated(tmp_path: Path) -> None:
    feather, arrow = write_feather(tmp_path / "t.feather", people(20)), write_arrow(tmp_path / "t.arrow", people(20))
    first = write_feather_1(tmp_path / "1.feather", people(20))
    loader = DatasetLoader()
    assert loader.get_metadata(str(feather)).format == "FEATHER"
    assert loader.get_metadata(str(feather), "ARROW").format == "ARROW"
    assert loader.get_metadata(str(arrow), "FEATHER").format == "FEATHER"
    assert (loader.get_metadata(str(first)).format, loader.get_metadata(str(first)).notes) == ("FEATHER", ())
    with pytest.raises(CorruptData, match="said to be ARROW"):
        loader.get_metadata(str(first), "ARROW")
    assert read(feather).to_pylist() == people(20)


def test_a_stream_without_markers_is_read(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2, 3]})
    path = written(tmp_path / "old", table, stream=True, use_legacy_format=True)
    assert path.read_bytes()[:4] != b"\xff\xff\xff\xff"
    assert read(path).equals(table)


def test_what_follows_a_stream_and_empty_tables(tmp_path: Path) -> None:
    path = write_arrow_stream(tmp_path / "t", people(5))
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(CorruptData, match="after the end of the stream"):
        read(path)
    with pytest.raises(EmptyDataset):
        read(written(tmp_path / "e", pa.table({"a": pa.array([], pa.int64())})))


def test_a_batch_that_claims_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "t", pa.table({"a": [0] * 5000}), compression="zstd")
    monkeypatch.setattr(arrow_messages, "MAX_BATCH_BYTES", 10)
    with pytest.raises(DatasetTooLarge, match="smaller batches"):
        read(path)


COLUMNS: dict[str, Any] = {
    "bool": st.booleans(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False),
    "text": st.text(st.characters(codec="utf-8")),
    "bytes": st.binary(max_size=9),
}
ROW = st.fixed_dictionaries({name: st.none() | values for name, values in COLUMNS.items()})
KINDS: Any = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64(), "text": pa.string(), "bytes": pa.binary()}
SCHEMA = pa.schema(KINDS)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(ROW, min_size=1, max_size=20), chunk=st.integers(1, 25), kind=st.sampled_from(["file", "stream", "1"])
)
def test_every_value_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], chunk: int, kind: str
) -> None:
    path = tmp_path_factory.mktemp("a") / "t"
    table = pa.Table.from_pylist(rows, SCHEMA)
    if kind == "1":
        held = io.BytesIO()
        with pytest.warns(DeprecationWarning, match="V1"):
            pyarrow.feather.write_feather(table, held, version=1)
        path.write_bytes(held.getvalue())
    else:
        written(path, table, stream=kind == "stream")
    assert read(path, chunk).equals(table)


def test_the_types_of_feather_1(tmp_path: Path) -> None:
    table = pa.table(
        {
            "zone": pa.array([0, None, 10**9], pa.timestamp("us", "UTC")),
            "day": pa.array([0, 1, None], pa.date32()),
            "word": pa.array(["a", None, "b"]).dictionary_encode(),
            "small": pa.array([1, 2, None], pa.int8()),
        }
    )
    with pytest.warns(DeprecationWarning, match="V1"):
        pyarrow.feather.write_feather(table, str(tmp_path / "t.feather"), version=1)
    got = read(tmp_path / "t.feather", 2)
    assert got.to_pylist() == table.to_pylist()
    assert got.schema.types[:2] == table.schema.types[:2]
    assert got.schema.types[3] == pa.int8()
    assert pa.types.is_dictionary(got.schema.types[2])


def test_a_stored_file_of_feather_1() -> None:
    """Stays readable when Arrow no longer writes the format."""
    assert read(Path(__file__).parent / "files" / "version_1.feather").to_pylist() == people(12)

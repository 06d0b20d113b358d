"""HDF5: what is a table, types, and what leads out of the file."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
import pytest

from synthos_api.errors import CorruptData, DatasetForbidden, DatasetTooLarge, EmptyDataset, UnknownFormat
from synthos_engine.data import DatasetLoader
from synthos_engine.data.options import ReadOptions


def read(path: Path, chunk: int = 3, **options: Any) -> pa.Table:
    return pa.Table.from_batches(DatasetLoader(chunk, ReadOptions(**options)).stream_chunks(str(path)))


def test_groups_arrays_and_the_choice_between_them(tmp_path: Path) -> None:
    path = tmp_path / "t.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("b", track_order=True)
        group["z"] = np.array([1, 2, 3], "u1")
        group["a"] = np.array([0.5, np.nan, 2], "f2")
        group["t"] = np.array([["a", "b"], ["c", ""], ["é", "f"]], object)
        file["c/matrix"] = np.arange(6).reshape(3, 2)
        file["c/cube"] = np.arange(8, dtype="i4").reshape(2, 2, 2)
        file["alone"] = 5
    assert DatasetLoader().get_metadata(str(path)).notes == (
        "table '/b' was read, others were not: '/c/cube', '/c/matrix'",
    )
    got = read(path)
    assert got.column_names == ["z", "a", "t"]
    assert [str(kind) for kind in got.schema.types] == ["uint8", "halffloat", "fixed_size_list<item: string>[2]"]
    assert got.to_pylist()[1] == {"z": 2, "a": None, "t": ["c", ""]}
    assert read(path, table="/c/matrix").to_pylist()[1] == {"matrix.0": 2, "matrix.1": 3}
    assert read(path, table="c/cube")["cube"].to_pylist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    with pytest.raises(UnknownFormat, match="there is no table 'x'; there is '/b'"):
        read(path, table="x")


def test_compound_types(tmp_path: Path) -> None:
    colour = h5py.enum_dtype({"red": 3, "blue": 7})
    kind = np.dtype(
        [("c", colour), ("s", "S4"), ("p", [("x", ">f4"), ("y", "i2")]), ("v", h5py.vlen_dtype("i4")), ("ok", "?")]
    )
    rows = np.zeros(2, kind)
    rows["c"], rows["s"], rows["ok"] = [7, 3], [b"ab", b"abcd"], [True, False]
    rows["p"]["x"] = [1.5, 2]
    rows["v"][0], rows["v"][1] = np.array([1, 2]), np.array([], "i4")
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["t"] = rows
    got = read(tmp_path / "t.h5")
    assert pa.types.is_dictionary(got.schema.field("c").type)
    assert got.to_pylist() == [
        {"c": "blue", "s": "ab", "p": {"x": 1.5, "y": 0}, "v": [1, 2], "ok": True},
        {"c": "red", "s": "abcd", "p": {"x": 2.0, "y": 0}, "v": [], "ok": False},
    ]


def test_nothing_is_read_from_another_file(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = [1, 2]
    path = tmp_path / "t.h5"
    with h5py.File(path, "w") as file:
        file["out"] = h5py.ExternalLink("other.h5", "/secret")
        file["soft"] = h5py.SoftLink("/out")
        file["round"] = h5py.SoftLink("/round")
        layout = h5py.VirtualLayout((2,), "i8")
        layout[:] = h5py.VirtualSource("other.h5", "secret", (2,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (2,), "i8", external=[(str(tmp_path / "other.h5"), 0, 16)])
    for name, words in {
        "out": "another file",
        "soft": "another file",
        "virtual": "values in",
        "raw": "values in",
    }.items():
        with pytest.raises(DatasetForbidden, match=words):
            read(path, table=name)
    with pytest.raises(CorruptData, match="circle"):
        read(path, table="round")


def test_what_is_refused(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "pandas.h5", "w") as file:
        file.create_group("frame").attrs["pandas_type"] = "frame_table"
    with pytest.raises(UnknownFormat, match="to_parquet"):
        read(tmp_path / "pandas.h5")
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file["a"] = np.array([], "i4")
    with pytest.raises(EmptyDataset):
        read(tmp_path / "empty.h5")
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("a", (2**50,), "i8", chunks=(1024,))
    with pytest.raises(DatasetTooLarge, match="claims"):
        read(tmp_path / "huge.h5")
    with h5py.File(tmp_path / "latin.h5", "w") as file:
        file["a"] = np.array([b"a", b"\xff"], "S1")
    with pytest.raises(CorruptData, match=r"latin\.h5, row 0: column 'a': text that is no UTF-8"):
        read(tmp_path / "latin.h5")


def test_a_parser_that_hangs_is_ended(tmp_path: Path) -> None:
    call = "import time\nfrom synthos_engine.isolated.protocol import time_limit\nwith time_limit(1): time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", call], check=False, timeout=30)
    assert done.returncode == -signal.SIGALRM


def test_large_datasets_come_in_slices(tmp_path: Path) -> None:
    values = np.arange(3_000_000)
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file.create_dataset("a", data=values, chunks=(10_000,))
    got = read(tmp_path / "t.h5", 999_999)
    assert np.array_equal(got["a"].to_numpy(), values)

"""Excel: one type for each column without losing a value; errors, passwords and bombs are refused."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_api.errors import CorruptData, DatasetForbidden, DatasetTooLarge, EmptyDataset, UnknownFormat
from synthos_engine.data import DatasetLoader
from synthos_engine.data.options import ReadOptions

OLD = Path(__file__).parent / "files" / "two_sheets.xls"


def book(path: Path, **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(path)
    return path


def read(path: Path, chunk: int = 100, **options: Any) -> list[dict[str, Any]]:
    loader = DatasetLoader(chunk, ReadOptions(**options))
    return [row for batch in loader.stream_chunks(str(path)) for row in batch.to_pylist()]


def test_types_of_columns(tmp_path: Path) -> None:
    moment = dt.datetime(2020, 1, 2, 3, 4, 5)  # noqa: DTZ001 (a cell has no zone)
    rows: list[list[Any]] = [
        ["whole", "share", "mixed", "day", "moment", "text", "none", "text"],
        [1, 1, 1, dt.date(2020, 1, 2), moment, "NA", None, "007"],
        [None] * 8,
        [2, 0.5, "x", dt.date(2021, 1, 2), dt.datetime(2020, 1, 2), "1", None, "b"],  # noqa: DTZ001
    ]
    path = book(tmp_path / "t.xlsx", s=rows)
    found = DatasetLoader().get_metadata(str(path))
    kinds = ["int64", "double", "string", "date32[day]", "timestamp[us]", "string", "null", "string"]
    assert [column.type for column in found.columns] == kinds
    assert [column.name for column in found.columns][-1] == "text.1"
    assert found.notes == ("column 'mixed' mixes numbers and text and is read as text",)
    got = read(path)
    assert [row["mixed"] for row in got] == ["1", None, "x"]
    assert (got[0]["moment"], got[2]["day"], got[0]["text"]) == (moment, dt.date(2021, 1, 2), "NA")


def test_sheets(tmp_path: Path) -> None:
    path = book(tmp_path / "t.xlsx", one=[["a"], [1]], two=[["b"], [2]])
    assert DatasetLoader().get_metadata(str(path)).notes == ("sheet 'one' was read, others were not: 'two'",)
    assert (read(path), read(path, sheet="two")) == ([{"a": 1}], [{"b": 2}])
    with pytest.raises(UnknownFormat, match="there is no sheet 'x'; there is 'one', 'two'"):
        read(path, sheet="x")


def test_the_old_format() -> None:
    rows = read(OLD)
    assert rows[1] == {"id": 2, "word": "é", "share": 2.0, "yes": False, "day": dt.date(2021, 3, 4)}
    assert set(rows[2].values()) == {None}
    assert (rows[0]["word"], rows[3]["word"], len(rows)) == ("007", "NA", 4)
    with pytest.raises(CorruptData, match="row 1: cell A3 holds the error #DIV/0!"):
        read(OLD, sheet="errors")


def test_errors_and_formulas_without_a_value(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.worksheets[0].append(["a"])
    made.worksheets[0].append([1])
    made.worksheets[0].append(["=A2+1"])
    made.save(tmp_path / "f.xlsx")
    with pytest.raises(CorruptData, match=r"f\.xlsx, row 1: cell A3 holds a formula that was never calculated"):
        read(tmp_path / "f.xlsx")
    made.worksheets[0]["A3"] = "#N/A"
    made.save(tmp_path / "f.xlsx")
    with pytest.raises(CorruptData, match="row 1: cell A3 holds the error #N/A"):
        read(tmp_path / "f.xlsx")


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset):
        read(book(tmp_path / "empty.xlsx", s=[]))
    with pytest.raises(EmptyDataset):
        read(book(tmp_path / "header.xlsx", s=[["a", "b"]]))
    far = book(tmp_path / "far.xlsx", s=[["a"], [1]])
    with zipfile.ZipFile(far) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="A2"', b'r="XFD1048576"')
    with zipfile.ZipFile(far, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(DatasetTooLarge, match="rectangle"):
        read(far)
    parts["xl/media/bomb"] = bytes(200_000_000)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(DatasetTooLarge, match="claim to become"):
        read(tmp_path / "bomb.xlsx")
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"))
    with pytest.raises(DatasetForbidden, match="password"):
        read(locked)


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
)


@settings(max_examples=8, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), chunk=st.integers(1, 7))
def test_every_value_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[Any, Any]], chunk: int
) -> None:
    rows = [*rows, (1, "end")]
    got = read(book(tmp_path_factory.mktemp("x") / "t.xlsx", s=[["a", "b"], *map(list, rows)]), chunk)

    def text(value: Any) -> str | None:
        return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    assert [(text(row["a"]), text(row["b"])) for row in got] == [(text(a), text(b)) for a, b in rows]

"""CSV: no value is changed, no row is guessed."""

from __future__ import annotations

import csv
import gzip
import io
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_api.errors import CorruptData, DataError, EmptyDataset
from synthos_engine.data import DatasetLoader
from synthos_engine.data.formats import settle as settle_module
from synthos_engine.data.formats.scalars import TypeGuess, convert
from synthos_engine.data.options import ReadOptions


def read(tmp_path: Path, content: str | bytes, name: str = "t.csv") -> list[dict[str, Any]]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row for chunk in DatasetLoader(chunk_size=3).stream_chunks(str(path)) for row in chunk.to_pylist()]


@pytest.mark.parametrize(
    ("early", "late", "first", "last"),
    [
        ("1", "1.5", 1.0, 1.5),
        ("1", "x", "1", "x"),
        ("1.0", "NA", "1.0", "NA"),
        ("true", "maybe", "true", "maybe"),
        ("true", "1", "true", "1"),
        ("5", "007", "5", "007"),
        ("123456789012345678", "1.5", "123456789012345678", "1.5"),
        ("1", "99999999999999999999", "1", "99999999999999999999"),
        ("1.5", "1e999", "1.5", "1e999"),
        ("1.5", "0.1234567890123456789", "1.5", "0.1234567890123456789"),
        ("1.5", "007e3", "1.5", "007e3"),
        ("1.5", "0.30000000000000004", 1.5, 0.30000000000000004),
        ("1.5", "12.500000000000000000", 1.5, 12.5),
        ("", "3", None, 3),
    ],
)
def test_a_type_that_changes_in_the_last_row_changes_no_value(
    tmp_path: Path, early: str, late: str, first: Any, last: Any
) -> None:
    rows = read(tmp_path, "v,w\n" + f"{early},x\n" * 30_000 + f"{late},x\n")
    assert (rows[0]["v"], rows[-1]["v"], len(rows)) == (first, last, 30_001)


def test_missing_empty_and_na(tmp_path: Path) -> None:
    rows = read(tmp_path, 't,n\n,1\n"",\nNA,""\nnull,4\n')
    assert rows == [{"t": None, "n": 1}, {"t": "", "n": None}, {"t": "NA", "n": None}, {"t": "null", "n": 4}]


def test_line_breaks_and_quotes_in_values(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\r\n"x\r\ny ""q""",1\r\n\r\nz"mid,2')
    assert rows == [{"a": 'x\r\ny "q"', "b": 1}, {"a": 'z"mid', "b": 2}]


def test_a_row_larger_than_a_block(tmp_path: Path) -> None:
    long = "x\n" * 1_500_000
    assert read(tmp_path, f'a,b\ns,0\n"{long}",1\ns,2\n')[1] == {"a": long, "b": 1}


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    assert read(tmp_path, f"a{delimiter}b\n1,5{delimiter}2\n") == [{"a": "1,5", "b": 2}]


def test_a_byte_order_mark_and_equal_names(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfa,a,a.1,\n1,2,3,4\n") == [{"a": 1, "a.1": 2, "a.1.1": 3, "": 4}]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("a,b\n1,2\n3\n", "row 1: 1 fields"),
        ("a,b\n1,2\n\n3,4,5\n", "row 1: 3 fields"),
        ("a;b\n1;2\n3\n4;5\n", "row 1: 1 fields"),
        ("a|b|c\n1|2\n", "row 0: 2 fields"),
        ("a,b\n" + "1,2\n" * 5000 + "3\n", "row 5000: "),
        ('a,b\n1,"x\n2,y\n', "row 0: cannot be parsed"),
        ('a,b\n1,2\n1,"x"y\n', "row 1: cannot be parsed"),
        (b"a,b\n1,\xff\n", "byte 6: not UTF-8"),
        (b"a,b\n" + b"1,\xc3\xa9\n" * 400_000 + b"\xe9,2\n", "byte 2000004: not UTF-8"),
        (b"a,b\n1,2\xc3", "byte 7: not UTF-8"),
        (b"a,b\n" + b"1,2\n" * 100_000 + b"\x00,2\n", "byte 400004: a NUL"),
        ("a,b\n1,2".encode("utf-16"), "UTF-16"),
    ],
)
def test_damage_is_named_with_its_place(tmp_path: Path, content: str | bytes, place: str) -> None:
    with pytest.raises(CorruptData) as raised:
        read(tmp_path, content)
    assert place in str(raised.value)
    assert str(tmp_path / "t.csv") in str(raised.value)


@pytest.mark.parametrize("content", ["", "\n \n", "a,b", "a,b\n", "a,b\n\n\n", b"\xef\xbb\xbf"])
def test_nothing_or_a_header_only_is_empty(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(EmptyDataset):
        read(tmp_path, content)


NUMBERLIKE = st.from_regex(r"-?[0-9]{0,20}\.?[0-9]{0,5}([eE][-+]?[0-9]{1,3})?", fullmatch=True) | st.sampled_from(
    ["true", "FALSE", "NA", "nan", "inf", "-inf", "0", "-0", "00", "+1", "1_0", "x", "", " 1"]
)


def same_number(text: str, value: float) -> bool:
    """Up to 15 digits a double gives back what was written; with 17 it is the nearest there is."""
    written, found = Decimal(text), Decimal(repr(value))
    digits = len(written.normalize().as_tuple().digits)
    if digits <= 15 or not written:
        return written == found
    return digits <= 17 and abs(found / written - 1) < 2e-16


@settings(max_examples=400, deadline=None)
@given(st.lists(NUMBERLIKE, min_size=1, max_size=6))
def test_a_converted_number_is_the_number_that_was_written(texts: list[str]) -> None:
    guess = TypeGuess()
    for text in texts:
        guess.add([text])
    values = convert(pa.array(texts, pa.string()), guess.type).to_pylist()
    for text, value in zip(texts, values, strict=True):
        if value is None:
            assert text == ""
        elif isinstance(value, bool):
            assert str(value).lower() == text.lower()
        elif isinstance(value, int):
            assert str(value) == text
        elif isinstance(value, float):
            assert not math.isfinite(value) or same_number(text, value), (text, value)
        else:
            assert value == text


@pytest.mark.parametrize("header", ["name; title", "text (free|form)"])
def test_punctuation_in_the_name_of_a_single_column(tmp_path: Path, header: str) -> None:
    assert read(tmp_path, f"{header}\nfoo\nbar\n") == [{header: "foo"}, {header: "bar"}]


def test_commas_in_a_file_named_tsv_are_seen(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,2\n", "t.tsv") == [{"a": 1, "b": 2}]
    assert read(tmp_path, "a\tb\n1,5\t2,5\n", "t.tsv") == [{"a": "1,5", "b": "2,5"}]


@pytest.mark.parametrize("header", ["PARENT_ID,NAME", "ORCID,name", "PAR1,PAR2", "BZhang,b", "FEA1,b", "ARROW1,b"])
def test_a_header_that_begins_like_another_format(tmp_path: Path, header: str) -> None:
    (row,) = read(tmp_path, f"{header}\n1,a long enough value\n")
    assert list(row) == header.split(",")


def strictly(text: str) -> list[list[str]] | None:
    """What a strict parser reads below the header, None where it refuses."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        return None
    return rows[1:] if rows and all(len(row) == 2 for row in rows) else None


@settings(max_examples=400, deadline=None)
@given(st.text(st.sampled_from('xy,,"\n\r'), max_size=24))
def test_quotes_anywhere_are_read_as_a_strict_parser_does(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    text = f"a,b\nx,y\nx,y\n{body}"
    path = tmp_path_factory.mktemp("q") / "t.csv"
    path.write_bytes(text.encode())
    expected = strictly(text)
    try:
        got = [row for batch in DatasetLoader().stream_chunks(str(path), "CSV") for row in batch.to_pylist()]
    except DataError:
        assert expected is None
    else:
        assert [[v or "" for v in row.values()] for row in got] == expected


def test_a_widened_column_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("n,t,w\n" + "1,true,x\n" * 300_000 + "1.5,maybe,x\n" + "2,false,x\n" * 10)
    found = DatasetLoader().get_metadata(str(path))
    assert [column.type for column in found.columns] == ["double", "string", "string"]
    assert found.notes == (
        "column 'n' is double, not int64, because of row 300000",
        "column 't' is string, not bool, because of row 300000",
    )


def test_columns_that_widen_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle_module, "_PASSES_KEPT", 2)
    width = 6
    lines = ["1.10," * (width - 1) + "1.10"] * 150_000
    for column in range(width):
        fields = ["1.10"] * width
        fields[column] = "x"
        lines[(column + 1) * 20_000] = ",".join(fields)
    rows = read(tmp_path, ",".join(f"c{i}" for i in range(width)) + "\n" + "\n".join(lines) + "\n")
    assert rows[0] == {f"c{i}": "1.10" for i in range(width)}
    assert [rows[(i + 1) * 20_000][f"c{i}"] for i in range(width)] == ["x"] * width


MALFORMED = b'a,b\n1,2\n3\n4,5,6\n7,"x\ny,8\n9,"z"q\n10,\xff\n11,\0\n\n12,"two\nlines"\n13,"never closed\n14,15\n'


def test_malformed_rows_are_dropped_and_counted_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(MALFORMED)
    loader = DatasetLoader(options=ReadOptions(malformed="drop"))
    (chunk,) = loader.stream_chunks(str(path))
    assert chunk.to_pylist() == [
        {"a": "1", "b": "2"},
        {"a": "y", "b": "8"},
        {"a": "12", "b": "two\nlines"},
        {"a": "14", "b": "15"},
    ]
    found = loader.get_metadata(str(path))
    assert (found.total_rows, found.malformed_rows) == (4, 7)
    with pytest.raises(CorruptData):
        DatasetLoader().get_metadata(str(path))


def test_nothing_but_malformed_rows(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1\n2\n")
    with pytest.raises(EmptyDataset, match="every row is malformed"):
        DatasetLoader(options=ReadOptions(malformed="drop")).get_metadata(str(tmp_path / "t.csv"))


def test_texts_that_mean_a_missing_value_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,x\nNA,NA\n3,"NA"\n')
    (chunk,) = DatasetLoader(options=ReadOptions(missing=("NA",))).stream_chunks(str(path))
    assert chunk.to_pylist() == [{"a": 1, "b": "x"}, {"a": None, "b": None}, {"a": 3, "b": "NA"}]


def test_quotes_that_are_never_closed_everywhere_end_in_an_error_not_in_hours(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n" + 'x","\n' * 20_000)
    with pytest.raises(CorruptData, match="where rows end"):
        DatasetLoader(options=ReadOptions(malformed="drop")).get_metadata(str(tmp_path / "t.csv"))


def test_a_line_without_end_is_refused_before_it_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthos_engine.data.formats.delimited.MAX_FIELD_CHARS", 3_000_000)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n" + b"0" * 50_000_000))
    with pytest.raises(CorruptData, match="a line is longer than 3000000 bytes") as raised:
        DatasetLoader().get_metadata(str(tmp_path / "t.csv.gz"), "CSV")
    assert raised.value.byte == 8


def test_a_column_that_gets_another_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,a,a.1\n1,2,3\n")
    found = DatasetLoader().get_metadata(str(tmp_path / "t.csv"))
    assert [column.name for column in found.columns] == ["a", "a.1", "a.1.1"]
    assert found.notes == ("a second column 'a' is called 'a.1'", "a second column 'a.1' is called 'a.1.1'")

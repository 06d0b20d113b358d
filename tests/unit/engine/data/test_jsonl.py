"""JSON Lines: one schema for the file, nothing lost in mixtures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_api.errors import CorruptData, EmptyDataset, UnknownFormat
from synthos_engine.data import DatasetLoader
from synthos_engine.data.options import ReadOptions


def read(path: Path, content: str | bytes) -> list[dict[str, Any]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row for chunk in DatasetLoader(chunk_size=3).stream_chunks(str(path)) for row in chunk.to_pylist()]


def types(path: Path) -> dict[str, str]:
    return {column.name: column.type for column in DatasetLoader().get_metadata(str(path)).columns}


def test_mixtures_and_nested_values_stay_json(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rows = read(path, '{"a": 1, "b": {"x": [1, null]}}\n\n{"b": "1", "a": "1", "c": 18446744073709551616}\n')
    assert types(path) == {"a": "json", "b": "json", "c": "json"}
    assert rows[0] == {"a": "1", "b": '{"x": [1, null]}', "c": None}
    assert rows[1] == {"a": '"1"', "b": '"1"', "c": "18446744073709551616"}


def test_a_type_that_changes_late(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    rows = read(path, '{"a": 1}\n' * 20_000 + '{"a": 1.5, "late": true}\n')
    assert (rows[0], rows[-1]) == ({"a": 1.0, "late": None}, {"a": 1.5, "late": True})
    rows = read(path, '{"a": 9007199254740993}\n{"a": 0.5}\n')
    assert rows == [{"a": "9007199254740993"}, {"a": "0.5"}]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), min_size=1, max_size=6))
def test_every_value_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    path = tmp_path_factory.mktemp("j") / "t.jsonl"
    got = read(path, "".join(json.dumps(row) + "\n" for row in rows))
    kinds = types(path)
    for before, after in zip(rows, got, strict=True):
        for name, kind in kinds.items():
            value = after[name]
            assert (json.loads(value) if kind == "json" and value is not None else value) == before.get(name)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('{"a": 1}\n\n{"a": 1\n', "row 1: line 3, character 8: not JSON"),
        ('{"a": 1}\n[1]\n', "row 1: line 2: expected a JSON object, found an array"),
        ('{"a": 1}\nnull\n', "found null"),
        ('{"a": 1, "a": 2}\n', "row 0: line 1: a name occurs twice"),
        ('{"a": "\\ud800"}\n', "half of a surrogate pair"),
        ('{"a": ' + "[" * 200_000 + "\n", "nested too deeply"),
        (b'{"a": "\xff"}\n', "byte 7: not UTF-8"),
        (b'{"a": 1}\n' * 50_000 + b"\x00", "byte 450000: a NUL"),
        ('{"a": 1}\n{"a": ', "row 1: line 2"),
        ('{"a": 1}\n{"a": 1e999}\n', "row 1: line 2: the number 1e999"),
    ],
)
def test_damage_is_named_with_its_place(tmp_path: Path, content: str | bytes, place: str) -> None:
    with pytest.raises(CorruptData) as raised:
        read(tmp_path / "t.jsonl", content)
    assert place in str(raised.value)


def test_empty_and_other_json(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset):
        read(tmp_path / "t.jsonl", "\n\n")
    with pytest.raises(EmptyDataset):
        read(tmp_path / "t.jsonl", "{}\n{}\n")
    assert read(tmp_path / "t.jsonl", '[{"a": 1}]') == [{"a": 1}]
    with pytest.raises(UnknownFormat, match="one object"):
        read(tmp_path / "t.json", '{\n  "a": 1\n}\n')


def test_malformed_lines_are_dropped_and_counted_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": \n[1]\n\n{"a": "\xff"}\nnull\n{"a": 2.5}\n{"a": 1, "a": 2}\n')
    loader = DatasetLoader(options=ReadOptions(malformed="drop"))
    (chunk,) = loader.stream_chunks(str(path))
    assert chunk.to_pylist() == [{"a": 1.0}, {"a": 2.5}]
    assert loader.get_metadata(str(path)).malformed_rows == 5


@pytest.mark.parametrize("line", ["null", "[1]", "3", '"x"', "NaN", ' {"a": 3}', '{"a": 3} {"a": 4}', "// x"])
def test_what_arrow_must_not_see(tmp_path: Path, line: str) -> None:
    """Arrow ends the process at some of these, and takes two objects of one line for two lines."""
    path = tmp_path / "t.jsonl"
    content = '{"a": 1}\n' * 300_000 + line + "\n"
    if line.startswith(" "):
        assert len(read(path, content)) == 300_001
        return
    with pytest.raises(CorruptData) as raised:
        read(path, content)
    assert raised.value.row == 300_000


def test_large_integers_among_doubles_are_kept(tmp_path: Path) -> None:
    rows = read(tmp_path / "t.jsonl", '{"a": 0.5}\n' * 5000 + '{"a": 9007199254740993}\n')
    assert rows[-1] == {"a": "9007199254740993"}

"""JSON documents: rows or columns, everything else is refused with its place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_api.errors import CorruptData, DatasetTooLarge, EmptyDataset, UnknownFormat
from synthos_engine.data import DatasetLoader
from synthos_engine.data.formats import json_document

from .test_jsonl import VALUES, types


def read(path: Path, content: str | bytes, chunk: int = 3) -> list[dict[str, Any]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row for batch in DatasetLoader(chunk).stream_chunks(str(path)) for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        ('\ufeff [{"a": 1, "b": "x"},\n {"a": 2}]\n', ()),
        ('{"data": [{"a": 1, "b": "x"}, {"a": 2}]}', ("its rows are those of the member 'data'",)),
        ('{"a": [1, 2], "b": ["x", null]}', ("its members are columns",)),
    ],
)
def test_shapes(tmp_path: Path, content: str, notes: tuple[str, ...]) -> None:
    path = tmp_path / "t.json"
    assert read(path, content) == [{"a": 1, "b": "x"}, {"a": 2, "b": None}]
    assert DatasetLoader().get_metadata(str(path)).notes == notes


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('[{"a": 1}, {"a": 2]', "row 1: character 18: not JSON"),
        ('[{"a": 1}, {"a": ', "row 1: truncated"),
        ('[{"a": 1}', "row 1: truncated: the array has no end"),
        ('[{"a": 1} {"a": 2}]', "row 1: character 10: not JSON"),
        ('[{"a": 1}, 5]', "row 1: expected a JSON object, found a number"),
        ('[{"a": 1}] x', "row 1: character 11: there is more"),
        ('[{"a": 1, "a": 2}]', "row 0: a name occurs twice"),
        ('[{"a": "\\ud800"}]', "row 0: half of a surrogate pair"),
        ('[{"a": 1}, {"a": 1e999}]', "row 1: the number 1e999"),
        ('[{"a": ' + "[" * 200_000, "row 0: nested too deeply"),
        (b'[{"a": "\xff"}]', "byte 8: not UTF-8"),
        (b'[{"a": 1}, \x00]', "byte 11: a NUL"),
    ],
)
def test_damage_is_named_with_its_place(tmp_path: Path, content: str | bytes, place: str) -> None:
    with pytest.raises(CorruptData) as raised:
        read(tmp_path / "t.json", content)
    assert place in str(raised.value)


@pytest.mark.parametrize(
    "content", ["[1, 2]", "[[1], [2]]", '{"a": 1,\n "b": 2}', '{"a": [1], "b": [1, 2]}', '{"a": [{"x": 1}],\n "b": 1}']
)
def test_what_is_no_table(tmp_path: Path, content: str) -> None:
    with pytest.raises(UnknownFormat, match="a table is an array of objects"):
        read(tmp_path / "t.json", content)


def test_empty_and_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in ("[]", "[{}]", '{"a": []}'):
        with pytest.raises(EmptyDataset):
            read(tmp_path / "t.json", content)
    monkeypatch.setattr(json_document, "MAX_BYTES", 50)
    for large in (json.dumps([{"a": 1}] * 9).encode(), gzip.compress(json.dumps([{"a": 1}] * 9000).encode())):
        with pytest.raises(DatasetTooLarge, match="JSON Lines"):
            read(tmp_path / "t.json", large)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), min_size=1, max_size=6),
    chunk=st.integers(1, 7),
)
def test_every_value_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]], chunk: int
) -> None:
    path = tmp_path_factory.mktemp("j") / "t.json"
    got = read(path, json.dumps(rows), chunk)
    kinds = types(path)
    for before, after in zip(rows, got, strict=True):
        for name, kind in kinds.items():
            value = after[name]
            assert (json.loads(value) if kind == "json" and value is not None else value) == before.get(name)

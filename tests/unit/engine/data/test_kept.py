"""Kept rows come back in order, from memory and from the file, and nothing stays on the disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest

from synthos_engine.data import DatasetLoader
from synthos_engine.data.kept import DISK_ENV, KeptRows


def batch(first: int, kind: pa.DataType) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"a": pa.array(range(first, first + 1000), pa.int64()).cast(kind)})


@pytest.mark.parametrize("memory", [0, 20_000, 10**9])
def test_rows_of_several_schemas_are_read_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = KeptRows(memory)
    batches = [batch(1000 * i, pa.int64() if i < 4 else pa.float64()) for i in range(9)]
    for piece in batches:
        kept.add(piece)
    kept.finish()
    assert kept.complete
    assert kept.rows == 9000
    assert list(tmp_path.iterdir()) == []
    for first, second in zip(kept.batches(), kept.batches(), strict=True):
        assert first.equals(second)
    assert pa.Table.from_batches([b.cast(batches[-1].schema) for b in kept.batches()]) == pa.Table.from_batches(
        [b.cast(batches[-1].schema) for b in batches]
    )


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_without_room_the_text_is_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(DISK_ENV, "0")
    monkeypatch.setattr("synthos_engine.data.kept.MEMORY_BYTES", 100_000)
    monkeypatch.setattr(KeptRows.__init__, "__defaults__", (100_000,))
    rows = [{"a": i, "b": f"text {i}"} for i in range(50_000)]
    if name.endswith("csv"):
        (tmp_path / name).write_text("a,b\n" + "".join(f"{r['a']},{r['b']}\n" for r in rows))
    else:
        (tmp_path / name).write_text("".join(f'{{"a": {r["a"]}, "b": "{r["b"]}"}}\n' for r in rows))
    loader = DatasetLoader(chunk_size=7000)
    for _ in range(2):
        assert [row for chunk in loader.stream_chunks(str(tmp_path / name)) for row in chunk.to_pylist()] == rows

"""What is no dataset: every case ends in a code and a file name, and none hangs."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import (
    CorruptData,
    DataError,
    DatasetForbidden,
    DatasetNotFound,
    EmptyDataset,
    SynthosError,
    UnknownFormat,
)
from synthos_engine.data import DatasetLoader

from .tables import WRITERS, people, write_parquet


def refusal(path: Path | str) -> SynthosError:
    with pytest.raises(SynthosError) as raised:
        for _ in DatasetLoader().stream_chunks(str(path)):
            pass
    assert str(path) in str(raised.value)
    assert not raised.value.retryable
    return raised.value


def test_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.csv").code == DatasetNotFound.code
    (tmp_path / "file").touch()
    assert refusal(tmp_path / "file" / "below.csv").code == DatasetNotFound.code
    assert refusal(tmp_path / ("x" * 300)).code == DatasetNotFound.code


def test_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As root every file may be read, so the kernel's answer is played.
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")

    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert refusal(path).code == DatasetForbidden.code


def test_directory_pipe_and_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "named pipe" in str(refusal(tmp_path / "pipe.csv"))
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path / "empty").code == EmptyDataset.code
    assert "named pipe" in str(refusal(tmp_path))
    assert "device" in str(refusal("/dev/zero"))


def test_other_schemes() -> None:
    for uri in ("http://example.com/a.csv", "s3://", "file://host/a.csv"):
        assert isinstance(refusal(uri), DataError)


def test_content_of_no_format(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as book:
        book.writestr("a.txt", "a")
    (tmp_path / "e").write_bytes(bytes(range(256)))
    (tmp_path / "f.txt").write_text("Some prose.\nAnd more of it, too.\n")
    for path in ("d.zip", "e", "f.txt"):
        assert refusal(tmp_path / path).code == UnknownFormat.code


@pytest.mark.parametrize("name", sorted(WRITERS))
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.97])
def test_a_truncated_file_is_never_read_as_a_whole_one(tmp_path: Path, name: str, keep: float) -> None:
    suffix, write = WRITERS[name]
    content = write(tmp_path / "whole", people(60)).read_bytes()
    path = tmp_path / f"part{suffix}"
    path.write_bytes(content[: int(len(content) * keep)])
    if suffix in (".csv", ".tsv", ".jsonl"):
        path.write_bytes(path.read_bytes() + b'\n"')  # in text a cut between two rows cannot be seen
    assert refusal(path).code in (CorruptData.code, EmptyDataset.code, UnknownFormat.code)


@pytest.mark.parametrize("keep", [4, 11, 0.3, 0.9, -1])
def test_truncated_parquet(tmp_path: Path, keep: float) -> None:
    path = write_parquet(tmp_path / "t.parquet", people(500))
    content = path.read_bytes()
    path.write_bytes(content[: int(keep) if keep >= 4 or keep < 0 else int(len(content) * keep)])
    error = refusal(path)
    assert (error.code, "truncated" in str(error)) == (CorruptData.code, True)


def test_a_damaged_page_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.Table.from_pylist(people(5000))
    pq.write_table(table, path, row_group_size=1000, write_page_checksum=True, compression="none")
    content = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(3).column(1)
    content[column.data_page_offset + column.total_compressed_size // 4] ^= 0xFF
    path.write_bytes(content)
    error = refusal(path)
    assert error.code == CorruptData.code
    assert error.row is not None
    assert error.row <= 3000


def test_text_that_is_no_utf8_is_told_with_its_row(tmp_path: Path) -> None:
    texts = pa.array([b"good"] * 10_000 + [b"\xff\xfe"], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"a": texts}), tmp_path / "t.parquet")
    error = refusal(tmp_path / "t.parquet")
    assert (error.code, error.row is not None and 0 < error.row <= 10_000) == (CorruptData.code, True)
    assert "UTF" in str(error)


def test_two_columns_of_one_name_are_both_read(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "t.parquet")
    (batch,) = DatasetLoader().stream_chunks(str(tmp_path / "t.parquet"))
    assert batch.to_pylist() == [{"a": 1, "a.1": 2}]


def test_parquet_without_rows_or_columns(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "t.parquet")
    assert refusal(tmp_path / "t.parquet").code == EmptyDataset.code


def test_what_is_stated_must_hold(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "t.parquet", people(5))
    with pytest.raises(CorruptData, match="said to be CSV"):
        DatasetLoader().get_metadata(str(path), "CSV")
    (tmp_path / "fake.parquet").write_text("garbage")
    assert refusal(tmp_path / "fake.parquet").code == CorruptData.code

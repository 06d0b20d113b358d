"""Compressed text reads as the text does; a damaged stream is told with its byte."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from synthos_api.errors import CorruptData, EmptyDataset, UnknownFormat
from synthos_engine.data import DatasetLoader

from .tables import WRITERS, people, write_csv, write_parquet

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(content, asbytes=True))


COMPRESSIONS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": (".gz", gzip.compress),
    "bz2": (".bz2", bz2.compress),
    "zstd": (".zst", zstd),
}


def compressed(path: Path, name: str, content: bytes | None = None) -> Path:
    suffix, compress = COMPRESSIONS[name]
    goal = path.with_name(path.name + suffix)
    goal.write_bytes(compress(path.read_bytes()) if content is None else content)
    return goal


@pytest.mark.parametrize("name", sorted(COMPRESSIONS))
@pytest.mark.parametrize("text", ["CSV", "TSV", "JSONL"])
def test_compressed_text_reads_as_the_text(tmp_path: Path, s3: S3Client, bucket: str, name: str, text: str) -> None:
    suffix, write = WRITERS[text]
    path = compressed(write(tmp_path / f"people{suffix}", people(2000)), name)
    s3.put_object(Bucket=bucket, Key=path.name, Body=path.read_bytes())
    for place in (str(path), f"s3://{bucket}/{path.name}"):
        loader = DatasetLoader(chunk_size=300)
        found = loader.get_metadata(place)
        assert (found.format, found.total_rows, found.compression) == (text, 2000, name)
        assert (found.size_bytes, found.notes) == (path.stat().st_size, ())
        assert [row for chunk in loader.stream_chunks(place) for row in chunk.to_pylist()] == people(2000)


@pytest.mark.parametrize("name", sorted(COMPRESSIONS))
def test_members_one_after_the_other_are_one_text(tmp_path: Path, name: str) -> None:
    _, compress = COMPRESSIONS[name]
    path = compressed(tmp_path / "t.csv", name, compress(b"a,b\n1,2\n") + compress(b"3,4\n"))
    (chunk,) = DatasetLoader().stream_chunks(str(path))
    assert chunk.to_pylist() == [{"a": 1, "b": 2}, {"a": 3, "b": 4}]


@pytest.mark.parametrize("name", sorted(COMPRESSIONS))
@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_truncated_stream_is_no_shorter_dataset(tmp_path: Path, name: str, keep: float) -> None:
    text = write_csv(tmp_path / "t.csv", people(20_000))
    whole = COMPRESSIONS[name][1](text.read_bytes())
    path = compressed(text, name, whole[: int(keep * len(whole))])
    with pytest.raises(CorruptData, match=f"the {name} stream ends before it is complete") as raised:
        DatasetLoader().get_metadata(str(path))
    assert raised.value.byte is not None
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("name", ["gzip", "bz2"])
def test_a_damaged_stream(tmp_path: Path, name: str) -> None:
    text = write_csv(tmp_path / "t.csv", people(20_000))
    content = bytearray(COMPRESSIONS[name][1](text.read_bytes()))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(CorruptData):
        DatasetLoader().get_metadata(str(compressed(text, name, bytes(content))))


def test_what_is_compressed_but_no_text(tmp_path: Path) -> None:
    path = compressed(write_parquet(tmp_path / "t.parquet", people(10)), "gzip")
    with pytest.raises(UnknownFormat, match="PARQUET compressed with gzip"):
        DatasetLoader().get_metadata(str(path))
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(EmptyDataset):
        DatasetLoader().get_metadata(str(path))

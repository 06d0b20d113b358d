"""What all formats have in common: the rows come out as they went in, in chunks of the asked size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from synthos_api.errors import CorruptData, UsageError
from synthos_engine.data import DatasetLoader
from synthos_engine.data.options import ReadOptions

from .tables import WRITERS, format_of, people

FORMATS = sorted(WRITERS)
TYPES = [("id", "int64"), ("name", "string"), ("height", "double"), ("member", "bool"), ("code", "string")]


def written(folder: Path, name: str, rows: int) -> str:
    suffix, write = WRITERS[name]
    return str(write(folder / f"people{suffix}", people(rows)))


@pytest.mark.parametrize("name", FORMATS)
def test_metadata(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, 2500)
    found = DatasetLoader().get_metadata(path)
    assert (found.format, found.total_rows, found.size_bytes) == (format_of(name), 2500, Path(path).stat().st_size)
    assert [(column.name, column.type) for column in found.columns] == TYPES
    held = sum(chunk.nbytes for chunk in DatasetLoader().stream_chunks(path)) / 1e6
    assert found.estimated_memory_mb == pytest.approx(held, rel=0.25)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("chunk", [1, 7, 100, 2499, 2500, 2501, 10**6])
def test_rows_come_out_as_they_went_in(tmp_path: Path, name: str, chunk: int) -> None:
    path = written(tmp_path, name, 2500)
    chunks = list(DatasetLoader(chunk_size=chunk).stream_chunks(path))
    sizes = [batch.num_rows for batch in chunks]
    assert set(sizes[:-1]) <= {chunk}
    assert 0 < sizes[-1] <= chunk
    assert {str(batch.schema) for batch in chunks} == {str(chunks[0].schema)}
    assert [row for batch in chunks for row in batch.to_pylist()] == people(2500)


@pytest.mark.parametrize("name", FORMATS)
def test_content_decides_not_the_name(tmp_path: Path, name: str) -> None:
    plain = tmp_path / "data"
    Path(written(tmp_path, name, 60)).rename(plain)
    assert DatasetLoader().get_metadata(str(plain)).format == format_of(name)
    odd = tmp_path / "data.csv"
    plain.rename(odd)
    if name != "TSV":  # a table with tabs under another name of tables
        assert DatasetLoader().get_metadata(str(odd)).format == format_of(name)


def test_a_file_uri_with_blanks(tmp_path: Path) -> None:
    folder = tmp_path / "a b%20c"
    folder.mkdir()
    path = Path(written(folder, "CSV", 3))
    assert DatasetLoader().get_metadata(path.as_uri()).total_rows == 3


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    loader = DatasetLoader()
    assert loader.get_metadata(written(tmp_path, "JSONL", 3)).total_rows == 3
    assert loader.get_metadata(written(tmp_path, "JSONL", 5)).total_rows == 5


def test_a_chunk_size_below_one_is_refused() -> None:
    with pytest.raises(UsageError):
        DatasetLoader(chunk_size=0)


@pytest.mark.parametrize("name", ["CSV", "JSONL", "PARQUET"])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, 2500)
    chunks = DatasetLoader(chunk_size=100).stream_chunks(path)
    next(chunks)
    os.utime(path, ns=(1, 1))
    with pytest.raises(CorruptData, match="changed while it was read"):
        list(chunks)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CSV", ReadOptions(sheet="a")),
        ("JSONL", ReadOptions(table="a")),
        ("PARQUET", ReadOptions(missing=("NA",))),
        ("PARQUET", ReadOptions(malformed="drop")),
    ],
)
def test_an_option_that_would_be_ignored_is_refused(tmp_path: Path, name: str, options: ReadOptions) -> None:
    path = written(tmp_path, name, 3)
    with pytest.raises(UsageError, match="which is for"):
        DatasetLoader(options=options).get_metadata(path)

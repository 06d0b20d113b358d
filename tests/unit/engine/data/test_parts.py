"""A dataset of several files: order, one schema, and what does not belong together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import DatasetNotFound, EmptyDataset, SchemaMismatch
from synthos_engine.data import DatasetLoader

from .tables import WRITERS, people

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def rows(uri: Path | str, chunk: int = 7) -> list[dict[str, object]]:
    chunks = list(DatasetLoader(chunk_size=chunk).stream_chunks(str(uri)))
    assert {batch.num_rows for batch in chunks[:-1]} <= {chunk}
    assert len({str(batch.schema) for batch in chunks}) == 1
    return [row for batch in chunks for row in batch.to_pylist()]


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_folder_a_glob_and_a_prefix_are_one_dataset(tmp_path: Path, s3: S3Client, bucket: str, name: str) -> None:
    suffix, write = WRITERS[name]
    (tmp_path / "deep").mkdir()
    for part in range(3):
        path = write(tmp_path / "deep" / f"part-{part}{suffix}", people(60)[part * 20 : part * 20 + 20])
        s3.put_object(Bucket=bucket, Key=f"set/deep/part-{part}{suffix}", Body=path.read_bytes())
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".hidden").write_text("x")
    s3.put_object(Bucket=bucket, Key="set/_SUCCESS", Body=b"")
    places: list[Path | str] = [tmp_path, tmp_path / "deep" / "part-*", f"s3://{bucket}/set/", f"s3://{bucket}/set"]
    for place in [*places, f"s3://{bucket}/set/*/part-*{suffix}"]:
        assert rows(place) == people(60), place
    found = DatasetLoader().get_metadata(str(tmp_path))
    stored = sum(path.stat().st_size for path in (tmp_path / "deep").iterdir())
    assert (found.files, found.total_rows, found.size_bytes) == (3, 60, stored)


def test_a_type_that_changes_in_the_last_file_changes_no_value(tmp_path: Path) -> None:
    for number, text in enumerate(["true", "1.50", "007"]):
        (tmp_path / f"{number}.csv").write_text(f"a,b\n{text},1\n,2\n")
    assert [row["a"] for row in rows(tmp_path)] == ["true", None, "1.50", None, "007", None]
    (tmp_path / "2.csv").write_text("a,b\n3,1\n")
    (tmp_path / "0.csv").write_text("a,b\n9007199254740993,2\n")
    assert [row["a"] for row in rows(tmp_path)] == ["9007199254740993", "1.50", None, "3"]


def test_lines_of_several_files_need_not_have_the_same_names(tmp_path: Path) -> None:
    for number, row in enumerate([{"a": 1}, {"b": "x"}, {"a": "y"}]):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(row) + "\n")
    assert rows(tmp_path) == [{"a": "1", "b": None}, {"a": None, "b": "x"}, {"a": '"y"', "b": None}]


def test_what_does_not_belong_together_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("a,c\n1,2\n")
    with pytest.raises(SchemaMismatch, match=r"b\.csv: .*lacks \['b'\] and has also \['c'\]"):
        rows(tmp_path)
    (tmp_path / "b.csv").write_text('{"a": 1}\n{"a": 2}\n')
    with pytest.raises(SchemaMismatch, match=r"b\.csv: is JSONL where .*a\.csv is CSV"):
        rows(tmp_path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset):
        rows(tmp_path)
    with pytest.raises(DatasetNotFound):
        rows(tmp_path / "*.csv")


@pytest.mark.parametrize(
    "parts",
    [
        [[{"a": True}], [{"a": "true"}]],
        [[{"a": "x"}], [{"a": "z"}, {"a": 3}]],
        [[{"a": "null"}], [{"a": [1]}]],
        [[{"a": 1}], [{"a": 0.5}], [{"a": 2**60}]],
    ],
)
@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_parts_of_json_read_as_one_file_does(tmp_path: Path, parts: list[list[dict[str, object]]], suffix: str) -> None:
    def write(path: Path, content: list[dict[str, object]]) -> None:
        lines = [json.dumps(row) for row in content]
        path.write_text("\n".join(lines) + "\n" if suffix == ".jsonl" else f"[{','.join(lines)}]")

    (tmp_path / "parts").mkdir()
    for number, content in enumerate(parts):
        write(tmp_path / "parts" / f"{number}{suffix}", content)
    write(tmp_path / f"whole{suffix}", [row for content in parts for row in content])
    assert rows(tmp_path / "parts") == rows(tmp_path / f"whole{suffix}")


def test_narrow_floats_gain_no_digits_and_text_is_not_made_binary(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([0.1], pa.float32())}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"a": [0.1]}), tmp_path / "1.parquet")
    assert [row["a"] for row in rows(tmp_path)] == [0.1, 0.1]
    pq.write_table(pa.table({"a": ["x"]}), tmp_path / "0.parquet")
    pq.write_table(pa.table({"a": pa.array(["x"]).dictionary_encode()}), tmp_path / "1.parquet")
    assert [row["a"] for row in rows(tmp_path)] == ["x", "x"]
    pq.write_table(pa.table({"a": [b"x"]}), tmp_path / "1.parquet")
    with pytest.raises(SchemaMismatch):
        rows(tmp_path)


def test_files_without_rows_are_told_and_left_out(tmp_path: Path) -> None:
    for name, content in {"a": "a,b\n", "b": "a,b\n1,2\n", "c": ""}.items():
        (tmp_path / f"{name}.csv").write_text(content)
    assert rows(tmp_path) == [{"a": 1, "b": 2}]
    notes = DatasetLoader().get_metadata(str(tmp_path)).notes
    assert sorted(notes) == [f"{tmp_path}/{name}.csv holds no row" for name in "ac"]
    (tmp_path / "b.csv").unlink()
    with pytest.raises(EmptyDataset):
        rows(tmp_path)


def test_brackets_in_the_name_of_a_folder_and_hidden_folders(tmp_path: Path) -> None:
    for folder, value in {"x[1]": 1, "x1": 99, "x[1]/_temporary": 5}.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").write_text(f"a,b\n{value},0\n")
    assert [row["a"] for row in rows(tmp_path / "x[1]" / "*.csv")] == [1]
    assert [row["a"] for row in rows(tmp_path / "x[1]" / "**" / "*.csv")] == [1]
    assert [row["a"] for row in rows(tmp_path / "x[1]")] == [1]
    (tmp_path / "x1" / "gone.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DatasetNotFound, match=r"gone\.csv"):
        rows(tmp_path / "x1")

"""Options of how files are read, and what is told of them."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pytest

from .conftest import COMMAND, Synthos, environment


def test_malformed_rows_and_missing_values(synthos: Synthos, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n2\nNA,y\n")
    assert (done := synthos("inspect", path)).code == 1
    assert "error 1005" in done.err
    assert "row 1" in done.err
    done = synthos("inspect", path, "--drop-malformed", "--missing", "NA", "--json")
    assert (done.document["total_rows"], done.document["malformed_rows"]) == (2, 1)
    assert [column["type"] for column in done.document["columns"]] == ["int64", "string"]
    assert "1 malformed row was left out" in done.err
    profile = synthos("profile", path, "--drop-malformed", "--json").document["profile"]
    assert profile["total_rows"] == 2


def test_a_stated_format(synthos: Synthos, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text('{"a": 1}\n{"a": 2}\n')
    done = synthos("inspect", path, "--json")
    assert done.document["format"] == "JSONL"
    assert "note: its name ends in .csv, its content is JSONL" in done.err
    assert synthos("inspect", path, "--format", "jsonl", "--json").document["format"] == "JSONL"
    assert "error 1005" in synthos("inspect", path, "--format", "parquet").err
    done = synthos("inspect", path, "--format", "bogus")
    assert (done.code, "JSONL" in done.err) == (2, True)


@pytest.mark.parametrize("place", ["parts", "parts/*.csv.gz"])
def test_several_compressed_files(synthos: Synthos, tmp_path: Path, place: str) -> None:
    (tmp_path / "parts").mkdir()
    for number in range(3):
        (tmp_path / "parts" / f"{number}.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n3,4\n"))
    done = synthos("inspect", tmp_path / place, "--json")
    found = done.document
    assert (found["files"], found["compression"], found["total_rows"]) == (3, "gzip", 6)
    assert "CSV (gzip) in 3 files, 6 rows" in synthos("inspect", tmp_path / place).out


def test_a_page_of_a_profile(synthos: Synthos, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i % 3}\n" for i in range(200)))
    done = synthos("profile", path, "--report", tmp_path / "page.html", "--json")
    assert done.code == 0, done.err
    assert done.document["profile"]["total_rows"] == 200
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    assert synthos("profile", path, "--report", path).code == 2
    assert synthos("profile", path, "--report", tmp_path).code == 2


def test_wrong_usage_is_one_line_and_one_document(synthos: Synthos, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    for args in (
        ("inspect", path, "--format", "bogus"),
        ("inspect", path, "--sheet", "x"),
        ("profile", path, "--modality", "bogus"),
        ("sample", path, "--rows", "1", "--out", tmp_path),
        ("sample", path, "--rows", "1", "--out", path),
        ("sample", path, "--rows", "1", "--out", "s3://bucket"),
        ("sample", path, "--rows", "1", "--out", "/dev/null"),
    ):
        done = synthos(*args, "--json")
        assert (done.code, done.document["error"]["code"]) == (2, 1009), args
        assert done.err.count("error 1009") == 1


def test_a_terminated_command_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},text {i % 7}\n" for i in range(400_000)))
    (tmp_path / "tmp").mkdir()
    command = [*COMMAND, "sample", str(path), "--rows", "1000", "--out", str(tmp_path / "s.parquet")]
    variables = {**environment(), "TMPDIR": str(tmp_path / "tmp")}
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "finding strata" in line:
                break
        process.terminate()
        assert process.wait(60) == 143
    assert list((tmp_path / "tmp").iterdir()) == []

"""Artifacts: the same behaviour in a folder and under an S3 prefix."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthos_api.errors import DatasetNotFound, SynthosError, UsageError
from synthos_engine.context import Store
from synthos_engine.data.location import parse_location
from synthos_engine.data.source import open_source
from synthos_engine.data.store import open_store


@pytest.fixture(params=["path", "file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    base = {
        "path": lambda: str(tmp_path / "a b"),
        "file": lambda: (tmp_path / "a b").as_uri(),
        "s3": lambda: f"s3://{request.getfixturevalue('bucket')}/some/prefix/",
    }[request.param]()
    return open_store(base)


def test_written_is_read(store: Store, tmp_path: Path) -> None:
    assert not store.exists("x/y.json")
    with pytest.raises(DatasetNotFound):
        store.read_bytes("x/y.json")
    store.write_bytes("x/y.json", b"one")
    store.write_bytes("x/y.json", b"two")
    (tmp_path / "local").write_bytes(b"three")
    store.write_file("x/z", tmp_path / "local")
    assert (store.exists("x/y.json"), store.read_bytes("x/y.json"), store.read_bytes("x/z")) == (True, b"two", b"three")
    assert open_source(store.uri("x/y.json")).head(10) == b"two"


def test_names_stay_below_the_base(store: Store) -> None:
    for name in ("../x", "/x", "a/../../x", "", "a//b"):
        with pytest.raises(UsageError):
            store.write_bytes(name, b"")


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(str(tmp_path))
    store.write_bytes("a", b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(SynthosError) as raised:
        store.write_bytes("a", b"new")
    assert raised.value.retryable
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_a_bucket_that_is_not_there(bucket: str) -> None:
    with pytest.raises(DatasetNotFound):
        open_store("s3://no-such-bucket/x").write_bytes("a", b"")


def test_locations() -> None:
    for uri in ("s3://b/k é?#x", "file:///a%20b", "/a b"):
        assert parse_location(uri).text == uri

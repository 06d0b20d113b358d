"""Objects of a real S3 server read as files do; a server that fails gives the right code, in bounded time."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synthos_api.errors import (
    DatasetForbidden,
    DatasetNotFound,
    EmptyDataset,
    StorageTimeout,
    StorageUnavailable,
    SynthosError,
)
from synthos_engine.data import DatasetLoader
from synthos_engine.data import s3 as s3_module
from synthos_engine.data.location import S3Object
from synthos_engine.data.s3 import S3File

from .faulty_s3 import breaking, faulty_s3, hang, status
from .tables import WRITERS, people

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "READ_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(s3_module, "CONNECT_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(s3_module, "ATTEMPTS", 2)
    monkeypatch.setattr(s3_module, "_BACK_OFF_SECONDS", 0.01)


def refusal(uri: str) -> SynthosError:
    with pytest.raises(SynthosError) as raised:
        DatasetLoader().get_metadata(uri)
    assert uri in str(raised.value)
    return raised.value


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_an_object_reads_as_its_file(tmp_path: Path, s3: S3Client, bucket: str, name: str) -> None:
    suffix, write = WRITERS[name]
    path = write(tmp_path / f"people{suffix}", people(3000))
    s3.put_object(Bucket=bucket, Key="a folder/people", Body=path.read_bytes())
    uri = f"s3://{bucket}/a folder/people"
    loader = DatasetLoader(chunk_size=700)
    assert loader.get_metadata(uri) == loader.get_metadata(str(path))
    assert [row for chunk in loader.stream_chunks(uri) for row in chunk.to_pylist()] == people(3000)


def test_any_part_of_an_object(s3: S3Client, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_module, "BLOCK_BYTES", 100)
    content = os.urandom(1050)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    file = S3File(s3, S3Object(bucket, "k"))
    for start, size in ((0, 10), (10, 95), (105, 300), (1000, 200), (50, 0), (1050, 5), (3, 1047)):
        file.seek(start)
        assert file.read(size) == content[start : start + size]
    assert file.seek(-7, 2) == 1043
    assert file.read() == content[-7:]


def test_an_object_replaced_while_it_is_read_is_an_error(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    file = S3File(s3, S3Object(bucket, "k"))
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    with pytest.raises(StorageUnavailable, match="changed"):
        file.read()


def test_missing_folder_and_empty(s3: S3Client, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="empty.csv", Body=b"")
    assert isinstance(refusal(f"s3://{bucket}/none.csv"), DatasetNotFound)
    error = refusal("s3://no-such-bucket/none.csv")
    assert (error.code, "bucket" in error.message) == (DatasetNotFound.code, True)
    assert isinstance(refusal(f"s3://{bucket}/empty.csv"), EmptyDataset)
    assert isinstance(refusal(f"s3://{bucket}/folder/"), DatasetNotFound)


@pytest.mark.parametrize(
    ("code", "expected"),
    [(403, DatasetForbidden), (401, DatasetForbidden), (404, DatasetNotFound), (503, StorageUnavailable)],
)
@pytest.mark.usefixtures("impatient")
def test_answers_that_are_no_success(
    s3_environment: pytest.MonkeyPatch, code: int, expected: type[SynthosError]
) -> None:
    with faulty_s3(status(code)) as url:
        s3_environment.setenv("AWS_ENDPOINT_URL_S3", url)
        assert type(refusal("s3://bucket/a.csv")) is expected


@pytest.mark.usefixtures("impatient")
def test_a_server_that_hangs_is_a_timeout(s3_environment: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    with faulty_s3(hang(release)) as url:
        s3_environment.setenv("AWS_ENDPOINT_URL", url)
        assert type(refusal("s3://bucket/a.csv")) is StorageTimeout
        release.set()


@pytest.mark.usefixtures("impatient")
def test_no_server_is_unavailable(s3_environment: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    s3_environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    error = refusal("s3://bucket/a.csv")
    assert (type(error), error.retryable) == (StorageUnavailable, True)


def test_no_credentials(s3_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    s3_environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    s3_environment.delenv("AWS_ACCESS_KEY_ID")
    s3_environment.delenv("AWS_SECRET_ACCESS_KEY")
    s3_environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    s3_environment.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert type(refusal("s3://bucket/a.csv")) is DatasetForbidden


@pytest.mark.usefixtures("impatient")
def test_a_body_that_breaks_off_is_fetched_again(s3_environment: pytest.MonkeyPatch) -> None:
    content = b"a,b\n" + b"1,2\n" * 1000
    with faulty_s3(breaking(content, breaks=1)) as url:
        s3_environment.setenv("AWS_ENDPOINT_URL", url)
        assert DatasetLoader().get_metadata("s3://bucket/a.csv").total_rows == 1000
    with faulty_s3(breaking(content, breaks=10**6)) as url:
        s3_environment.setenv("AWS_ENDPOINT_URL", url)
        assert type(refusal("s3://bucket/a.csv")) is StorageUnavailable

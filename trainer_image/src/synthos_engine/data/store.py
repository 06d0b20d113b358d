"""Artifacts of a run, under a directory or an S3 prefix (`Store` in context.py)."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from synthos_api.errors import UsageError
from synthos_engine.context import Store

from .location import LocalPath, S3Object, parse_location
from .s3 import S3File, s3_client
from .storage_errors import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MULTIPART_BYTES: Final = 64 * 1024 * 1024


def open_store(uri: str) -> Store:
    """The store at `uri` (s3://bucket/prefix, file:///path, or a path); nothing is created yet."""
    location = parse_location(uri)
    if isinstance(location, S3Object):
        return S3Store(location, s3_client())
    return LocalStore(location)


def _checked(name: str) -> str:
    parts = name.split("/")
    if name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise UsageError(f"not an artifact name: {name!r}")
    return name


class LocalStore:
    """A directory. Content goes to a temporary file beside its goal, is synced, then renamed."""

    def __init__(self, base: LocalPath) -> None:
        self._root = base.path.absolute()
        self._scheme = "file://" if base.text.startswith("file:") else ""

    def _path(self, name: str) -> Path:
        return self._root / _checked(name)

    def uri(self, name: str) -> str:
        path = self._path(name)
        return path.as_uri() if self._scheme else str(path)

    def exists(self, name: str) -> bool:
        with storage_errors(self.uri(name)):
            return self._path(name).is_file()

    def read_bytes(self, name: str) -> bytes:
        with storage_errors(self.uri(name)):
            return self._path(name).read_bytes()

    def write_bytes(self, name: str, content: bytes) -> None:
        self._write(name, io.BytesIO(content))

    def write_file(self, name: str, path: Path) -> None:
        with storage_errors(str(path)), path.open("rb") as source:
            self._write(name, source)

    def _write(self, name: str, source: BinaryIO) -> None:
        path = self._path(name)
        with storage_errors(self.uri(name)):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    shutil.copyfileobj(source, file)
                    file.flush()
                    os.fsync(file.fileno())
                # mkstemp makes the file private; artifacts are for whoever may read the folder.
                Path(temporary).chmod(0o644)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise


class S3Store:
    """A key prefix. An S3 object appears as a whole or not at all, so a plain put is atomic."""

    def __init__(self, base: S3Object, client: S3Client) -> None:
        self._bucket = base.bucket
        self._prefix = base.key.strip("/")
        self._client = client

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{_checked(name)}" if self._prefix else _checked(name)

    def uri(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._key(name)}"

    def exists(self, name: str) -> bool:
        with storage_errors(self.uri(name)):
            try:
                self._client.head_object(Bucket=self._bucket, Key=self._key(name))
            except ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                    return False
                raise
        return True

    def read_bytes(self, name: str) -> bytes:
        return S3File(self._client, S3Object(self._bucket, self._key(name))).read()

    def write_bytes(self, name: str, content: bytes) -> None:
        self._write(name, io.BytesIO(content))

    def write_file(self, name: str, path: Path) -> None:
        with storage_errors(str(path)), path.open("rb") as source:
            self._write(name, source)

    def _write(self, name: str, source: BinaryIO) -> None:
        transfer = TransferConfig(multipart_threshold=_MULTIPART_BYTES, max_concurrency=2)
        with storage_errors(self.uri(name)):
            self._client.upload_fileobj(source, self._bucket, self._key(name), Config=transfer)

"""Where data lies: `s3://bucket/key`, `file:///path`, or a plain path. Pure parsing, no I/O."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from synthos_api.errors import DataError


@dataclass(frozen=True)
class LocalPath:
    """A path of this machine; `text` is how the user wrote it, for messages."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class S3Object:
    """A key (or, for a store, a key prefix) of a bucket."""

    bucket: str
    key: str

    @property
    def text(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


Location = LocalPath | S3Object


def parse_location(uri: str) -> Location:
    """Location of a path or URI; other schemes and incomplete S3 URIs raise DataError."""
    if not uri or "\0" in uri:
        raise DataError("the location is empty or holds a NUL character").at(uri.replace("\0", "\\0"))
    scheme, separator, rest = uri.partition("://")
    if not separator:
        return LocalPath(Path(uri).expanduser(), uri)
    if scheme == "s3":
        bucket, _, key = rest.partition("/")
        if not bucket:
            raise DataError("an S3 location is s3://bucket/key").at(uri)
        return S3Object(bucket, key)
    if scheme == "file":
        host, slash, path = rest.partition("/")
        if host not in ("", "localhost") or not slash:
            raise DataError("a file location is file:///absolute/path").at(uri)
        return LocalPath(Path("/" + urllib.parse.unquote(path)), uri)
    raise DataError(f"unknown scheme {scheme!r}; use s3://, file:// or a path").at(uri)

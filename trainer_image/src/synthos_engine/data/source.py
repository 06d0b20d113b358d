"""The bytes of one file of a dataset: a regular file or an S3 object, opened as often as needed.

Seekable, unless it is compressed: then it is read as a stream of its decompressed content.

What is no regular file (a directory, a named pipe, a device) is refused before it is opened, so
that nothing ever waits for a writer that may not come.
"""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final, cast

from synthos_api.errors import DatasetNotFound, SynthosError, UnknownFormat

from .compression import MAGIC_BYTES, SUFFIXES, Compression, Decompressed, compression_of
from .location import LocalPath, Location, S3Object, parse_location
from .s3 import S3File, s3_client
from .storage_errors import storage_errors

BUFFER_BYTES: Final = 1024 * 1024
_KINDS: Final = {
    stat.S_IFDIR: "a directory where a file was expected",
    stat.S_IFIFO: "a named pipe, not a regular file",
    stat.S_IFSOCK: "a socket, not a regular file",
    stat.S_IFCHR: "a device, not a regular file",
    stat.S_IFBLK: "a device, not a regular file",
}


@dataclass(frozen=True)
class Source:
    """`text` is the location as the user wrote it; `version` changes when the content does.

    `size` is in bytes, as stored. With a `compression`, `open` and `head` give what it holds.
    """

    location: Location
    text: str
    size: int
    version: str
    compression: Compression | None = None

    @property
    def suffix(self) -> str:
        """The ending that tells the format, in lower case; that of a compression is left out."""
        name = self.location.name.lower()
        for ending in SUFFIXES if self.compression else ():
            name = name.removesuffix(ending)
        return Path(name).suffix

    def open(self) -> BinaryIO:
        """The content from its beginning. Errors of the storage are DataError or ResourceError."""
        file = self._stored()
        if self.compression is None:
            return file
        return cast(BinaryIO, io.BufferedReader(Decompressed(file, self.compression, self.text), BUFFER_BYTES))

    def _stored(self) -> BinaryIO:
        with storage_errors(self.text):
            if isinstance(self.location, LocalPath):
                return self.location.path.open("rb", buffering=BUFFER_BYTES)
            return cast(BinaryIO, io.BufferedReader(S3File(s3_client(), self.location), BUFFER_BYTES))

    def head(self, size: int) -> bytes:
        with self.open() as file, storage_errors(self.text):
            return file.read(size)

    def tail(self, size: int) -> bytes:
        """The last bytes as stored."""
        with self._stored() as file, storage_errors(self.text):
            file.seek(max(0, self.size - size))
            return file.read(size)


def open_source(uri: str) -> Source:
    """The dataset at a path or URI.

    Raises DatasetNotFound, DatasetForbidden, UnknownFormat for what is no regular file, and
    StorageUnavailable or StorageTimeout for a storage that does not serve.
    """
    location = parse_location(uri)
    if isinstance(location, S3Object):
        return _object(location)
    with storage_errors(uri):
        found = location.path.stat()
        kind = _KINDS.get(stat.S_IFMT(found.st_mode))
        if kind is not None:
            raise UnknownFormat(f"is {kind}")
        # Opening tells whether it may be read before any work is done.
        os.close(os.open(location.path, os.O_RDONLY | os.O_NONBLOCK))
    return _looked_into(Source(location, uri, found.st_size, f"{found.st_mtime_ns}-{found.st_size}"))


def _looked_into(source: Source) -> Source:
    return replace(source, compression=compression_of(source.head(MAGIC_BYTES))) if source.size else source


def _object(location: S3Object) -> Source:
    if not location.key or location.key.endswith("/"):
        raise UnknownFormat("is a folder; name one object in it").at(location.text)
    try:
        with storage_errors(location.text), S3File(s3_client(), location) as file:
            return _looked_into(Source(location, location.text, file.size, file.version))
    except DatasetNotFound:
        if not _bucket_exists(location.bucket):
            raise DatasetNotFound("the bucket does not exist").at(location.text) from None
        raise


def _bucket_exists(bucket: str) -> bool:
    """False only where the storage says so: HEAD alone does not tell a missing bucket from a missing key."""
    try:
        with storage_errors(bucket):
            s3_client().head_bucket(Bucket=bucket)
    except DatasetNotFound:
        return False
    except SynthosError:
        return True
    return True

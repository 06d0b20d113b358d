"""Text formats compressed with gzip, zstd or bzip2: recognised by content, read as a stream."""

from __future__ import annotations

import io
import re
from typing import BinaryIO, Final, Literal, cast

import pyarrow as pa

from synthos_api.errors import CorruptData, SynthosError

Compression = Literal["gzip", "zstd", "bz2"]

_MAGIC: Final[tuple[tuple[re.Pattern[bytes], Compression], ...]] = (
    (re.compile(rb"\x1f\x8b\x08"), "gzip"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "zstd"),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)", re.DOTALL), "bz2"),
)
SUFFIXES: Final = (".gz", ".gzip", ".zst", ".zstd", ".bz2")
MAGIC_BYTES: Final = 10


def compression_of(head: bytes) -> Compression | None:
    """How content with this beginning is compressed, if it is."""
    return next((name for magic, name in _MAGIC if magic.match(head)), None)


class Decompressed(io.RawIOBase):
    """The content of a compressed file, from its beginning, without seeking.

    Several members one after the other are read as one. Raises CorruptData with the byte (of the
    compressed file) near which it is truncated or damaged. Closing it closes `file`.
    """

    def __init__(self, file: BinaryIO, compression: Compression, place: str) -> None:
        super().__init__()
        self._file = file
        self._compression = compression
        self._place = place
        self._stream = pa.CompressedInputStream(pa.PythonFile(cast(io.IOBase, file), mode="r"), compression)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            content = self._stream.read(len(buffer))
        except SynthosError:
            raise
        except (OSError, pa.ArrowException) as error:
            words = "ends before it is complete" if "runcated" in str(error) else "is damaged"
            message = f"the {self._compression} stream {words}"
            raise CorruptData(message).at(self._place, byte=self._file.tell()) from error
        buffer[: len(content)] = content
        return len(content)

"""UTF-8 text as bytes, checked while it is read: the first wrong byte is named, none gets through."""

from __future__ import annotations

import codecs
import io
from typing import BinaryIO, Final, Protocol

from synthos_api.errors import CorruptData

from .storage_errors import storage_errors

BLOCK_BYTES: Final = 1024 * 1024
_BOM: Final = codecs.BOM_UTF8


class Watch(Protocol):
    """Sees every block of the text, in order, before the reader does; may raise."""

    def __call__(self, block: bytes, /) -> None: ...

    def finish(self) -> None: ...


class CheckedText(io.RawIOBase):
    """Reads `file`, skips a byte order mark, raises CorruptData with the byte at NUL or wrong UTF-8.

    Closing it closes `file`.
    """

    def __init__(self, file: BinaryIO, place: str, watch: Watch | None = None) -> None:
        super().__init__()
        self._file = file
        self._place = place
        self._watch = watch
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._ready = memoryview(b"")
        self._offset = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._ready and not self._ended:
            self._fill()
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _fill(self) -> None:
        with storage_errors(self._place):
            block = self._file.read(BLOCK_BYTES)
        self._ended = not block
        zero = block.find(b"\0")
        if zero >= 0:
            raise CorruptData("a NUL byte in text").at(self._place, byte=self._offset + zero)
        pending = len(self._decoder.getstate()[0])
        try:
            self._decoder.decode(block, self._ended)
        except UnicodeDecodeError as error:
            at = self._offset - pending + error.start
            raise CorruptData("not UTF-8 text").at(self._place, byte=at) from error
        first = self._offset == 0
        self._offset += len(block)
        if first and block.startswith(_BOM):
            block = block[len(_BOM) :]
            if not block:
                self._fill()
                return
        if self._watch is not None:
            self._watch(block)
            if self._ended:
                self._watch.finish()
        self._ready = memoryview(block)


def checked_reader(file: BinaryIO, place: str, watch: Watch | None = None) -> io.BufferedReader:
    return io.BufferedReader(CheckedText(file, place, watch), BLOCK_BYTES)

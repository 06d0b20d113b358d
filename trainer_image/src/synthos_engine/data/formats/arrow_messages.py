"""The messages of an Arrow IPC file or stream: how many rows each batch has, how large it becomes.

Only headers are read, so rows are counted without loading them, and what a hostile or damaged file
claims is held against the size that it has before anything is decoded. Source of the layout: Arrow's
columnar format, "Serialization and Interprocess Communication" (Message.fbs, File.fbs).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from synthos_api.errors import CorruptData, DatasetTooLarge

from .flatbuffer import Table

FILE_MAGIC: Final = b"ARROW1"
MAX_BATCH_BYTES: Final = 4 * 1024**3
"""Of one batch when it is decompressed: it has to be held whole."""
_MAX_HEADER_BYTES: Final = 256 * 1024 * 1024
_MAX_ROWS: Final = 2**31 - 1
_CONTINUES: Final = 0xFFFFFFFF
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3
_KINDS: Final[dict[int, Literal["schema", "dictionary", "batch"]]] = {
    _SCHEMA: "schema",
    _DICTIONARY: "dictionary",
    _BATCH: "batch",
}


@dataclass(frozen=True)
class Message:
    """`buffers` are (offset in the body, bytes), of a compressed body only; `dictionary` is its id."""

    kind: Literal["schema", "dictionary", "batch"]
    start: int
    body: int
    body_bytes: int
    rows: int = 0
    dictionary: int | None = None
    buffers: tuple[tuple[int, int], ...] = ()


def messages_of_stream(file: BinaryIO, size: int) -> Iterator[Message]:
    """All messages to the end of the stream. Raises CorruptData with the byte, ValueError for a damaged header."""
    at = 0
    while at < size:
        length, header_at = _prefix(file, at, size)
        if length == 0:
            if size - header_at > _MOST_PADDING or any(_read(file, header_at, size - header_at)):
                raise CorruptData("there are bytes after the end of the stream").at(byte=header_at)
            return
        message = _message(file, at, header_at, length, size)
        yield message
        at = message.body + message.body_bytes


_MOST_PADDING: Final = 64


def messages_of_file(file: BinaryIO, size: int) -> Iterator[Message]:
    """Dictionaries, then batches, as the footer lists them. Raises CorruptData, ValueError."""
    end = _read(file, max(0, size - 10), 10)
    if len(end) < 10 or end[4:] != FILE_MAGIC or size < 32:
        raise CorruptData("truncated: it does not end with Arrow's footer").at(byte=size)
    footer_bytes = struct.unpack_from("<i", end)[0]
    if not 8 <= footer_bytes <= min(size - 18, _MAX_HEADER_BYTES):
        raise CorruptData("the footer's length is damaged").at(byte=size - 10)
    footer = Table.root(_read(file, size - 10 - footer_bytes, footer_bytes))
    held = 0
    for index, kind in ((2, "dictionary"), (3, "batch")):
        for start, header_bytes, body_bytes in footer.structs(index, "<qi4xq"):
            if start < 8 or header_bytes < 8 or body_bytes < 0 or start + header_bytes + body_bytes > size:
                raise CorruptData(f"the footer names a {kind} beyond the file's end").at(byte=size)
            held += header_bytes + body_bytes
            if held > size:
                raise CorruptData("the footer names the same bytes more than once").at(byte=size)
            length, header_at = _prefix(file, start, size)
            message = _message(file, start, header_at, length, size)
            if message.kind != kind or (message.body, message.body_bytes) != (start + header_bytes, body_bytes):
                raise CorruptData(f"the footer and the {kind} that it names do not agree").at(byte=start)
            yield message


def check_size(file: BinaryIO, message: Message) -> None:
    """Raises DatasetTooLarge where a body is, or claims to become, larger than MAX_BATCH_BYTES.

    Moves the position of `file`.
    """
    held = message.body_bytes
    if message.buffers:
        held = 0
        for offset, size in message.buffers:
            # A compressed buffer begins with its decompressed size; -1: it is stored as it is.
            claimed = struct.unpack("<q", _read(file, message.body + offset, 8))[0] if size >= 8 else 0
            if claimed < -1:
                raise CorruptData("a compressed buffer's size is damaged").at(byte=message.body + offset)
            held += size if claimed < 0 else claimed
    if held > MAX_BATCH_BYTES:
        words = f"a batch of {held} bytes; at most {MAX_BATCH_BYTES} are read at once: write it in smaller batches"
        raise DatasetTooLarge(words).at(byte=message.start)


def _prefix(file: BinaryIO, at: int, size: int) -> tuple[int, int]:
    """Length of the header of the message at `at`, and where it begins; before Arrow 0.15 no marker led it."""
    words = _read(file, at, 8)
    if len(words) < 4:
        raise CorruptData("truncated: a message is cut short").at(byte=size)
    (length,) = struct.unpack_from("<I", words)
    if length != _CONTINUES:
        return length, at + 4
    if len(words) < 8:
        raise CorruptData("truncated: a message is cut short").at(byte=size)
    return struct.unpack_from("<I", words, 4)[0], at + 8


def _message(file: BinaryIO, start: int, header_at: int, length: int, size: int) -> Message:
    if length > _MAX_HEADER_BYTES or header_at + length > size:
        raise CorruptData("truncated: a message's header is cut short, or its length is damaged").at(byte=start)
    root = Table.root(_read(file, header_at, length))
    body_bytes = root.integer(3, "q")
    if body_bytes < 0 or header_at + length + body_bytes > size:
        raise CorruptData("truncated: a message's body is cut short, or its length is damaged").at(byte=start)
    kind = _KINDS.get(root.integer(1, "B"))
    header = root.table(2)
    if kind is None or header is None:
        raise CorruptData("a message of no kind that holds a table").at(byte=start)
    place = Message(kind, start, header_at + length, body_bytes)
    if kind == "schema":
        return place
    batch = header.table(1) if kind == "dictionary" else header
    if batch is None:
        raise CorruptData("a message without its batch").at(byte=start)
    rows = batch.integer(0, "q")
    if not 0 <= rows <= _MAX_ROWS:
        raise CorruptData(f"a batch of {rows} rows").at(byte=start)
    buffers = _buffers(batch, place) if batch.table(3) is not None else ()
    name = header.integer(0, "q") if kind == "dictionary" else None
    return Message(kind, start, place.body, body_bytes, rows, name, buffers)


def _buffers(batch: Table, place: Message) -> tuple[tuple[int, int], ...]:
    found = []
    for offset, size in batch.structs(2, "<qq"):
        if offset < 0 or size < 0 or offset + size > place.body_bytes:
            raise CorruptData("a buffer lies beyond its batch").at(byte=place.start)
        found.append((offset, size))
    return tuple(found)


def _read(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)

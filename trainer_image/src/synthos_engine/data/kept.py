"""Rows that were parsed once, kept to be read again: in memory while they are few, then in a file.

Text formats are parsed to find their types, and parsing is what reading them costs; so what the
first pass parsed is not thrown away. The file has no name (it is removed as soon as it is open), so
nothing stays behind however the process ends. Where the disk has too little room, nothing is kept
and the text is parsed again.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

import pyarrow as pa

MEMORY_BYTES: Final = 64 * 1024 * 1024
"""Of all rows that this process keeps; beyond it they go to disk."""
DISK_BYTES: Final = 6_000_000_000
"""At most, of all of them: with both samples it goes into a pod's /tmp of 10 GiB."""
MAX_FILES: Final = 256
DISK_SHARE: Final = 0.5
"""And at most this part of the room that the disk of temporary files has."""
DISK_ENV: Final = "SYNTHOS_KEEP_MB"
"""Megabytes (10⁶ bytes) that may be kept on disk instead; 0: none."""


class KeptRows:
    """`add` batches in order, then `batches` as often as needed. Their schemas may differ."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._use = _ROOM.user(self)
        self._held: list[pa.RecordBatch] = []
        self._file: Any = None
        self._writer: Any = None
        self._starts: list[int] = []
        self.complete = True
        """False where there was no room: then there is nothing to read."""
        self.rows = 0
        """Rows added, kept or not."""
        self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self._bytes += batch.nbytes
        if not self.complete or not batch.num_rows:
            return
        self._held.append(batch)
        self._use.memory += batch.nbytes
        if _ROOM.memory > self._memory_bytes:
            self._spill()

    @property
    def row_bytes(self) -> float:
        """Mean size of a row, kept or not."""
        return self._bytes / self.rows if self.rows else 0.0

    def finish(self) -> None:
        """No more rows will come."""
        if self._file is not None and self.complete:
            self._spill()
            self._close_stream()
            if self._file is not None:
                self._file.flush()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """What was added, in order. Several readers may read at once."""
        for start in self._starts:
            stream = io.BufferedReader(_At(self._file.fileno(), start), 1024 * 1024)
            yield from pa.ipc.open_stream(pa.PythonFile(stream, mode="r"))
        yield from self._held

    def _spill(self) -> None:
        if self._file is None:
            if _ROOM.files >= MAX_FILES:
                self._give_up()
                return
            self._use.files = 1
            self._file = tempfile.TemporaryFile(prefix="synthos-rows-")  # noqa: SIM115 (lives as long as the rows)
        for batch in self._held:
            self._use.disk += batch.nbytes
            if _ROOM.disk > _disk_limit(_ROOM.disk):
                self._give_up()
                return
            if self._writer is None or self._writer[0] != batch.schema:
                self._close_stream()
                self._starts.append(self._file.tell())
                self._writer = (batch.schema, pa.ipc.new_stream(pa.PythonFile(self._file, mode="w"), batch.schema))
            try:
                self._writer[1].write_batch(batch)
            except OSError:
                self._give_up()
                return
        self._held, self._use.memory = [], 0

    def _close_stream(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer[1].close()
            except OSError:
                self._give_up()

    def _give_up(self) -> None:
        self._held, self._starts, self._writer, self._file = [], [], None, None
        self._use.memory = self._use.disk = self._use.files = 0
        self.complete = False


@dataclass
class _Use:
    """What one KeptRows takes: bytes of memory and disk, open files."""

    memory: int = 0
    disk: int = 0
    files: int = 0


class _Room:
    """What all kept rows of this process take together: the limits are for all of them."""

    def __init__(self) -> None:
        self._users: weakref.WeakKeyDictionary[KeptRows, _Use] = weakref.WeakKeyDictionary()

    def user(self, rows: KeptRows) -> _Use:
        return self._users.setdefault(rows, _Use())

    @property
    def memory(self) -> int:
        return sum(use.memory for use in list(self._users.values()))

    @property
    def disk(self) -> int:
        return sum(use.disk for use in list(self._users.values()))

    @property
    def files(self) -> int:
        return sum(use.files for use in list(self._users.values()))


_ROOM: Final = _Room()


def _disk_limit(taken: int) -> int:
    """`taken` are bytes that are kept already."""
    stated = os.environ.get(DISK_ENV, "")
    if stated.isdigit():
        return int(stated) * 1_000_000
    return min(DISK_BYTES, int(DISK_SHARE * (shutil.disk_usage(tempfile.gettempdir()).free + taken)))


class _At(io.RawIOBase):
    """A file without a name, read from a place on; readers do not disturb each other."""

    def __init__(self, descriptor: int, start: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._place = start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = os.preadv(self._descriptor, [cast(Any, buffer)], self._place)
        self._place += count
        return count

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
from collections.abc import Iterator
from typing import Any, Final, cast

import pyarrow as pa

from .layout import mean_row_bytes

MEMORY_BYTES: Final = 64 * 1024 * 1024
DISK_BYTES: Final = 3_000_000_000
"""At most, of one file of a dataset: a candidate's, a reference's and both samples go into a pod's /tmp of 10 GiB."""
DISK_SHARE: Final = 0.5
"""And at most this part of the room that the disk of temporary files has."""
DISK_ENV: Final = "SYNTHOS_KEEP_MB"
"""Megabytes (10⁶ bytes) that may be kept on disk instead; 0: none."""


class KeptRows:
    """`add` batches in order, then `batches` as often as needed. Their schemas may differ."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._memory_bytes = memory_bytes
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._file: Any = None
        self._writer: Any = None
        self._starts: list[int] = []
        self._room = 0
        self.complete = True
        """False where there was no room: then there is nothing to read."""
        self.rows = 0
        """Rows added, kept or not."""
        self.row_bytes = 0.0
        """Mean size of the first batch's rows."""

    def add(self, batch: pa.RecordBatch) -> None:
        if not self.rows:
            self.row_bytes = mean_row_bytes(batch)
        self.rows += batch.num_rows
        if not self.complete or not batch.num_rows:
            return
        self._held.append(batch)
        self._held_bytes += batch.nbytes
        if self._held_bytes > self._memory_bytes:
            self._spill()

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
            self._file = tempfile.TemporaryFile(prefix="synthos-rows-")  # noqa: SIM115 (lives as long as the rows)
            self._room = _room()
        for batch in self._held:
            self._room -= batch.nbytes
            if self._room < 0:
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
        self._held, self._held_bytes = [], 0

    def _close_stream(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer[1].close()
            except OSError:
                self._give_up()

    def _give_up(self) -> None:
        self._held, self._starts, self._writer, self._file = [], [], None, None
        self.complete = False


def _room() -> int:
    stated = os.environ.get(DISK_ENV, "")
    if stated.isdigit():
        return int(stated) * 1_000_000
    return min(DISK_BYTES, int(DISK_SHARE * shutil.disk_usage(tempfile.gettempdir()).free))


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

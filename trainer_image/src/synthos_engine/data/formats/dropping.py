"""Delimited text whose malformed rows are left out and counted, because the user asked for it.

A row is malformed when it has another number of fields than the header, a quote out of place or
never closed, a NUL byte, or bytes that are no UTF-8. What follows it is read from the next line on,
so that a quote that is never closed costs its own line and no other.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from synthos_api.errors import CorruptData

from ..source import Source

_ROWS_AT_ONCE: Final = 8192
_MAX_LINE: Final = 64 * 1024 * 1024
MAX_AGAIN: Final = 5_000_000
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")


@dataclass
class Dropped:
    rows: int = 0


class _Lines:
    """Lines of a text, of which those of the current row can be given back."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._given_back: deque[str] = deque()
        self._again = 0
        self.row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._text.readline(_MAX_LINE)
        if not line:
            raise StopIteration
        self.row.append(line)
        return line

    def give_back(self) -> None:
        """All lines of the current row but its first.

        Raises CorruptData when that has come to MAX_AGAIN lines: each may be read as often as there are
        quotes before it that are never closed.
        """
        self._again += len(self.row) - 1
        if self._again > MAX_AGAIN:
            raise CorruptData("so many quotes are out of place that it cannot be told where rows end")
        self._given_back.extendleft(reversed(self.row[1:]))


def well_formed(
    source: Source, delimiter: str, width: int, missing: tuple[str, ...], dropped: Dropped
) -> Iterator[pa.RecordBatch]:
    """The rows of `width` fields below the header, as strings; an empty field is null.

    `dropped` counts the others, from zero.
    """
    dropped.rows = 0
    nulls = {"", *missing}
    held: list[list[str]] = []
    for row in _rows(source, delimiter, width, dropped):
        held.append(row)
        if len(held) == _ROWS_AT_ONCE:
            yield _batch(held, nulls)
            held = []
    if held:
        yield _batch(held, nulls)


def _rows(source: Source, delimiter: str, width: int, dropped: Dropped) -> Iterator[list[str]]:
    with lenient_text(source) as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        header = True
        while True:
            lines.row.clear()
            try:
                row = next(reader, None)
            except csv.Error:
                row = []
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
            else:
                if row is None:
                    return
                if not row:
                    continue
                if header:
                    header = False
                    continue
            if len(row) == width and all(map(is_text, lines.row)):
                yield row
            else:
                dropped.rows += 1
                lines.give_back()


def lenient_text(source: Source) -> io.TextIOWrapper:
    """The content; bytes that are no UTF-8 are lone surrogates in it."""
    return io.TextIOWrapper(source.open(), encoding="utf-8-sig", errors="surrogateescape", newline="")


def is_text(line: str) -> bool:
    """Whether what `lenient_text` gave is UTF-8 without NUL."""
    return _NO_TEXT.search(line) is None


def _batch(rows: list[list[str]], nulls: set[str]) -> pa.RecordBatch:
    columns = [pa.array([None if v in nulls else v for v in column], pa.string()) for column in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names=[f"f{i}" for i in range(len(columns))])

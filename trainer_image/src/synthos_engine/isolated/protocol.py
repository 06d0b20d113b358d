"""What a parser says of a file that it does not read, and its limits."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

MEMORY_BYTES: Final = 8 * 1024**3
"""Address space of a parser."""
REFUSED_STATUS: Final = 3
MAX_NAMED: Final = 20
"""How many names of other sheets or tables one sentence lists."""


class Refused(Exception):
    """`kind` is the name of a DataError; `row` is 0-based."""

    def __init__(self, kind: str, message: str, row: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.row = row

    def as_json(self) -> str:
        return json.dumps({"error": self.kind, "message": str(self)[:1000], "row": self.row})


def write_header(out: BinaryIO, rows: int, notes: list[str]) -> None:
    out.write(json.dumps({"rows": rows, "notes": notes}).encode() + b"\n")


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Ends the process by SIGALRM when the work takes longer: C code that never returns runs no Python."""
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def listed(names: list[Any]) -> str:
    """The first names, and how many there are more."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(repr(str(name)[:100]) for name in names[:MAX_NAMED]) + more

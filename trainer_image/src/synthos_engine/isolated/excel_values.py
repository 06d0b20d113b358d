"""One type for each column of a sheet, without losing a value. Pure.

Numbers are int64 where every one is a whole number that a double holds exactly, else double.
Anything mixed becomes text.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import pyarrow as pa

_EXACT: Final = 2.0**53
_TYPES: Final[tuple[tuple[set[type], pa.DataType], ...]] = (
    ({bool}, pa.bool_()),
    ({float}, pa.float64()),
    ({str}, pa.string()),
    ({dt.date}, pa.date32()),
    ({dt.datetime}, pa.timestamp("us")),
    ({dt.date, dt.datetime}, pa.timestamp("us")),
    ({dt.time}, pa.time64("us")),
    ({dt.timedelta}, pa.duration("us")),
)
"""A date cell at midnight is told from a date by its format only, and not by the parsers."""
_WORDS: Final[dict[type, str]] = {bool: "booleans", float: "numbers", str: "text"}


class Column:
    """Kinds of value that occur; `add` sees values in order."""

    def __init__(self) -> None:
        self._kinds: set[type] = set()
        self._whole = True

    def add(self, value: Any) -> None:
        kind = type(value)
        self._kinds.add(kind)
        if kind is float and self._whole:
            self._whole = value.is_integer() and abs(value) <= _EXACT

    @property
    def type(self) -> pa.DataType:
        if not self._kinds:
            return pa.null()
        if self._kinds == {float} and self._whole:
            return pa.int64()
        return next((kind for kinds, kind in _TYPES if kinds == self._kinds), pa.string())

    @property
    def mixture(self) -> str | None:
        """In words, where the column became text because of it."""
        if any(kinds == self._kinds for kinds, _ in _TYPES) or not self._kinds:
            return None
        return " and ".join(sorted({_WORDS.get(kind, "dates or times") for kind in self._kinds}))


def as_array(values: list[Any], kind: pa.DataType) -> Any:
    if pa.types.is_string(kind):
        return pa.array([value if value is None else as_text(value) for value in values], kind)
    if pa.types.is_int64(kind):
        return pa.array([value if value is None else int(value) for value in values], kind)
    if pa.types.is_timestamp(kind):
        return pa.array([_as_datetime(value) for value in values], kind)
    found: pa.Array[Any] = pa.array(values, kind)
    return found


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) <= _EXACT else repr(value)
    return str(value) if isinstance(value, dt.timedelta) else str(value.isoformat())


def _as_datetime(value: Any) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())

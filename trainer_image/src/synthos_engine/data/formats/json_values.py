"""Values of JSON as columns: the narrowest type that holds all of a column's values. Pure.

`bool`, `int64`, `double` (also for a mixture of integers below 2⁵³ and floats), `string`, and
`null` for a column without any value. Every other mixture, nested values, and integers beyond 64
bits are kept as JSON text in a column marked `synthos.encoding: json`, so nothing is lost or guessed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import CorruptData

from ..columns import JSON_MARK, is_json
from ..layout import Fields

MAX_COLUMNS: Final = 10_000
_INT64: Final = range(-(2**63), 2**63)
EXACT: Final = 2**53
"""The largest integer below which a double holds each."""

Object = dict[str, Any]


@dataclass
class _Seen:
    """Kinds of value seen in one column."""

    kinds: set[type] = field(default_factory=set)
    wide: bool = False
    inexact: bool = False

    def add(self, value: Any) -> None:
        if value is None:
            return
        kind = type(value)
        self.kinds.add(kind)
        if kind is int and not -EXACT <= value <= EXACT:
            self.inexact = True
            self.wide = self.wide or value not in _INT64

    def type(self) -> pa.DataType | None:
        """None: JSON."""
        if not self.kinds:
            return pa.null()
        if self.kinds == {bool}:
            return pa.bool_()
        if self.kinds == {int} and not self.wide:
            return pa.int64()
        if self.kinds in ({float}, {int, float}) and not self.inexact:
            return pa.float64()
        return pa.string() if self.kinds == {str} else None

    def as_field(self, name: str, at_least: pa.Field[Any] | None) -> pa.Field[Any]:
        kind = self.type()
        if at_least is not None and kind != at_least.type:
            exact = {kind, at_least.type} == {pa.int64(), pa.float64()} and not self.inexact
            kind = pa.float64() if exact else at_least.type if kind == pa.null() else None
        if kind is None or (at_least is not None and is_json(at_least)):
            return pa.field(name, pa.string(), metadata=JSON_MARK)
        return pa.field(name, kind)


class SeenColumns:
    """The columns of the objects seen, in the order in which their names first occurred."""

    def __init__(self) -> None:
        self._columns: dict[str, _Seen] = {}

    def add(self, row: Object) -> None:
        """Raises ValueError for more than MAX_COLUMNS different names."""
        for name, value in row.items():
            seen = self._columns.get(name)
            if seen is None:
                seen = self._columns[name] = _Seen()
                if len(self._columns) > MAX_COLUMNS:
                    raise ValueError(f"more than {MAX_COLUMNS} different names")
            seen.add(value)

    def schema(self, at_least: Fields) -> pa.Schema:
        """`at_least`: types that columns have to have, because other files of the dataset need them."""
        return pa.schema([seen.as_field(name, at_least.get(name)) for name, seen in self._columns.items()])


def schema_of(rows: Iterable[Object], at_least: Fields) -> tuple[pa.Schema, int]:
    """The schema that holds all rows, and their number. Raises CorruptData with the row."""
    seen = SeenColumns()
    total = 0
    for row in rows:
        try:
            seen.add(row)
        except ValueError as error:
            raise CorruptData(str(error)).at(row=total) from error
        total += 1
    return seen.schema(at_least), total


def record_batch(rows: Sequence[Object], schema: pa.Schema) -> pa.RecordBatch:
    """The objects as rows of `schema`, which `SeenColumns` gave for them; an absent name is missing."""
    arrays = []
    for column in schema:
        values = [row.get(column.name) for row in rows]
        if is_json(column):
            values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
        arrays.append(pa.array(values, column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def decode_checked(text: str) -> Any:
    """The JSON value of a text, strictly.

    Raises json.JSONDecodeError, ValueError for a name that occurs twice in one object, for a number
    that overflows and for half of a surrogate pair, RecursionError for what is nested too deeply.
    `NaN` and `Infinity`, which Python writes, are read.
    """
    value = CHECKED.decode(text)
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text} is beyond what a double holds")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> Object:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return value


CHECKED: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite)
"""Decodes with everything checked that only a look at the text can tell, but surrogates."""
_NAMES: Final[dict[type, str]] = {
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    dict: "an object",
}


def name_of(value: Any) -> str:
    """What a JSON value is, in words."""
    return _NAMES.get(type(value), "null")


def reason(error: Exception) -> str:
    """In words what `decode_checked` raised."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeEncodeError):
        return "half of a surrogate pair, which is no character"
    return str(error)

"""Values of JSON objects as columns: the rules that JSON and JSON Lines share. Pure.

Columns stand in the order in which their names first occur. Types: `bool`, `int64`, `double` (also
for a mixture of integers below 2⁵³ and floats), `string`, and `null` for a column without any value.
Every other mixture, nested values, and integers beyond 64 bits are kept as JSON text in a column
marked `synthos.encoding: json`. `NaN` and `Infinity`, which Python writes, are read; a number that
overflows to infinity, a name that occurs twice in one object, and half of a surrogate pair are errors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import CorruptData

from ..columns import JSON_MARK, is_json

MAX_COLUMNS: Final = 10_000
_INT64: Final = range(-(2**63), 2**63)
_EXACT: Final = range(-(2**53), 2**53 + 1)


@dataclass
class Seen:
    """Kinds of value seen in one column."""

    kinds: set[type] = field(default_factory=set)
    wide: bool = False
    inexact: bool = False

    def add(self, value: Any) -> None:
        if value is None:
            return
        kind = type(value)
        self.kinds.add(kind)
        if kind is int and value not in _EXACT:
            self.inexact = True
            self.wide = self.wide or value not in _INT64

    def as_field(self, name: str) -> pa.Field[Any]:
        if not self.kinds:
            return pa.field(name, pa.null())
        if self.kinds == {bool}:
            return pa.field(name, pa.bool_())
        if self.kinds == {int} and not self.wide:
            return pa.field(name, pa.int64())
        if self.kinds in ({float}, {int, float}) and not self.inexact:
            return pa.field(name, pa.float64())
        if self.kinds == {str}:
            return pa.field(name, pa.string())
        return pa.field(name, pa.string(), metadata=JSON_MARK)


def schema_of(rows: Iterable[dict[str, Any]]) -> tuple[pa.Schema, int]:
    """The schema that holds all rows, and their number. Raises CorruptData with the row."""
    columns: dict[str, Seen] = {}
    total = 0
    for row in rows:
        for name, value in row.items():
            seen = columns.get(name)
            if seen is None:
                seen = columns[name] = Seen()
                if len(columns) > MAX_COLUMNS:
                    raise CorruptData(f"more than {MAX_COLUMNS} different names").at(row=total)
            seen.add(value)
        total += 1
    return pa.schema([seen.as_field(name) for name, seen in columns.items()]), total


def record_batch(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for column in schema:
        values = [row.get(column.name) for row in rows]
        if is_json(column):
            values = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
        arrays.append(pa.array(values, column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def name_of(value: Any) -> str:
    """What a value is, in JSON's words."""
    return _NAMES.get(type(value), "null")


_NAMES: Final[dict[type, str]] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
}


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text} is beyond what a double holds")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return value


CHECKED: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite)
"""Decodes with everything checked that only a look at the text can tell, but surrogates."""


def reason(error: Exception) -> str:
    """What is wrong, in words for the user."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeEncodeError):
        return "half of a surrogate pair, which is no character"
    return str(error)

"""Rows as text, and back. This text is what the models of the cascade are trained on.

A row of a table becomes one line for each column, in the dataset's order, and an empty line:

    name: "Ada Lovelace"
    born: 1815
    height: 1.65
    spouse: null

Values are JSON literals, so types stay apart (`5` is an integer, `5.0` a float, `"5"` text), a
missing value is `null`, and no value holds a raw line break. What JSON has no literal for is a
JSON string of a stated form: ISO 8601 for dates and times, base64 for binary, the decimal digits
for decimals; a duration is an integer in its column's unit. Floats are the shortest digits that
read back to the same number of the column's width; not-a-number and the infinities are `NaN`, `Infinity` and
`-Infinity`. Nested values are JSON on one line. A column name that is not plain (a colon, a quote,
a control character, blanks at an end) is a JSON string.

A dataset whose only column is text passes through unchanged: each row is the text itself and one
line feed. A missing text is zero bytes, an empty one a lone line feed.

The row number (`__row__`) is no content and never part of the text. With the schema at hand the
text reads back to the same rows (`text_to_rows`), except that a not-a-number keeps no payload.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from synthos_api.errors import CorruptData

from .columns import as_doubles, content_columns, is_json, is_text, passes_through

_PLAIN_NAME: Final = re.compile(r'[^\s":\x00-\x1f\x7f](?:[^":\x00-\x1f\x7f]*[^\s":\x00-\x1f\x7f])?')


def rows_to_text(batch: pa.RecordBatch) -> list[bytes]:
    """The UTF-8 text of each row, as defined above; one element for each row."""
    names = content_columns(batch.schema)
    if passes_through(batch.schema):
        texts = batch.column(names[0]).to_pylist()
        return [b"" if text is None else text.encode() + b"\n" for text in texts]
    prefixes = [f"{_key(name)}: " for name in names]
    columns = [_column_literals(batch.column(name), batch.schema.field(name)) for name in names]
    rows = zip(*columns, strict=True) if columns else iter([()] * batch.num_rows)
    return [
        ("\n".join([p + v for p, v in zip(prefixes, values, strict=True)]) + "\n\n").encode(errors="surrogatepass")
        for values in rows
    ]


def text_to_rows(texts: Sequence[bytes], schema: pa.Schema) -> pa.RecordBatch:
    """The rows that `rows_to_text` wrote, given their schema (without `__row__`).

    Raises ValueError for text that it did not write.
    """
    fields = [schema.field(name) for name in content_columns(schema)]
    if passes_through(schema):
        values = [None if text == b"" else _unterminated(text).decode() for text in texts]
        return pa.record_batch([pa.array(values, type=fields[0].type)], schema=pa.schema(fields))
    columns: list[list[Any]] = [[] for _ in fields]
    for text in texts:
        lines = text.decode(errors="surrogatepass").split("\n")
        if lines[-2:] != ["", ""] or len(lines) != len(fields) + 2:
            raise ValueError(f"expected {len(fields)} lines and an empty one")
        for line, field, column in zip(lines, fields, columns, strict=False):
            prefix = f"{_key(field.name)}: "
            if not line.startswith(prefix):
                raise ValueError(f"expected a line for column {field.name!r}")
            literal = line[len(prefix) :]
            if is_json(field):
                column.append(None if literal == "null" else literal)
            else:
                column.append(_revive(json.loads(literal), field.type))
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, fields, strict=True)]
    return pa.record_batch(arrays, schema=pa.schema(fields))


def _unterminated(text: bytes) -> bytes:
    if not text.endswith(b"\n"):
        raise ValueError("expected a line feed at the end")
    return text[:-1]


def _key(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else encode_basestring(name)


def _column_literals(column: pa.Array[Any], field: pa.Field[Any]) -> list[str]:
    if is_json(field):
        return ["null" if value is None else value for value in column.to_pylist()]
    return _literals(column)


def _literals(column: pa.Array[Any]) -> list[str]:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    if pa.types.is_duration(column.type):
        column = pc.cast(column, pa.int64())
    if pa.types.is_floating(column.type):
        column = as_doubles(column)
    kind = column.type
    values = _values(column)
    encode: Callable[[Any], str]
    if is_text(kind):
        encode = encode_basestring
    elif pa.types.is_boolean(kind):
        encode = _boolean
    elif pa.types.is_integer(kind):
        encode = str
    else:
        encode = _dumps
    return ["null" if value is None else encode(value) for value in values]


def _values(column: pa.Array[Any]) -> list[Any]:
    try:
        return column.to_pylist()
    except (OverflowError, ValueError):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    """A value on its own, so that one that Python cannot hold changes no other's text."""
    try:
        return scalar.as_py()
    except (OverflowError, ValueError) as error:
        number = getattr(scalar, "value", None)
        if not isinstance(number, int):
            raise CorruptData(f"a {scalar.type} holds a time beyond the years 1 to 9999") from error
        # A time beyond Python's years, or finer than its microseconds: the number that is stored.
        return f"{number} {getattr(scalar.type, 'unit', 'd')}"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _dumps(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, separators=(", ", ": "))


def _plain(value: Any) -> Any:
    """`value` in terms of what JSON has."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _revive(value: Any, kind: pa.DataType) -> Any:
    """The inverse of `_plain` for a value of type `kind`."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return pc.cast(pa.scalar(value), kind).as_py()
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    if pa.types.is_time(kind):
        return time.fromisoformat(value)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return base64.b64decode(value)
    if pa.types.is_decimal(kind):
        return Decimal(value)
    if pa.types.is_struct(kind):
        return {field.name: _revive(value[field.name], field.type) for field in kind}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [_revive(item, kind.value_type) for item in value]
    return value

"""One schema for the files of a dataset, and rows of one file in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from synthos_api.errors import SchemaMismatch

from .columns import JSON_MARK, as_doubles, is_json, is_text, value_type

_ABSENT_IS_MISSING: Final = ("JSON", "JSONL")
"""Formats whose rows name their columns: a file need not have all of them."""
_TYPED_BY_TEXT: Final = ("CSV", "TSV", "JSON", "JSONL")
"""Formats whose values have no type of their own: what has no common type stays the text that it is."""


def unified(schemas: Sequence[tuple[str, pa.Schema]], file_format: str) -> pa.Schema:
    """The narrowest schema that holds every file's values, with the first file's order of columns.

    `schemas` are (file, its schema). Raises SchemaMismatch, naming the file, where names differ or
    a column's types have none in common.
    """
    _, result = schemas[0]
    for place, other in schemas[1:]:
        if other.equals(result, check_metadata=True):
            continue
        if file_format not in _ABSENT_IS_MISSING:
            _same_names(result, other, place)
        names = dict.fromkeys([*result.names, *other.names])
        result = pa.schema([_common(result, other, name, place, file_format) for name in names])
    return wide_indices(result) if len(schemas) > 1 else result


def wide_indices(schema: pa.Schema) -> pa.Schema:
    """Each file has a dictionary of its own: room for the words of all of them in the indices."""
    for number, field in enumerate(schema):
        if pa.types.is_dictionary(field.type) and field.type.index_type.bit_width < 32:
            wide = pa.dictionary(pa.int32(), field.type.value_type, field.type.ordered)
            schema = schema.set(number, field.with_type(wide))
    return schema


def _same_names(first: pa.Schema, other: pa.Schema, place: str) -> None:
    lacking = [name for name in first.names if name not in other.names]
    surplus = [name for name in other.names if name not in first.names]
    if lacking or surplus:
        words = [f"lacks {lacking[:5]}"] * bool(lacking) + [f"has also {surplus[:5]}"] * bool(surplus)
        raise SchemaMismatch(f"its columns differ from the first file's: it {' and '.join(words)}").at(place)


def _common(first: pa.Schema, other: pa.Schema, name: str, place: str, file_format: str) -> pa.Field[Any]:
    fields = [schema.field(name) for schema in (first, other) if name in schema.names]
    if len(fields) == 1:
        return fields[0].with_nullable(True)
    mine, theirs = fields
    if mine.type == theirs.type and is_json(mine) == is_json(theirs):
        return mine.with_nullable(mine.nullable or theirs.nullable)
    if pa.types.is_null(mine.type) or pa.types.is_null(theirs.type):
        return theirs if pa.types.is_null(mine.type) else mine
    numbers = {mine.type, theirs.type} == {pa.int64(), pa.float64()}
    if is_json(mine) or is_json(theirs) or (file_format in _TYPED_BY_TEXT and not numbers):
        return pa.field(name, pa.string(), metadata=JSON_MARK if file_format in _ABSENT_IS_MISSING else None)
    if pa.types.is_dictionary(mine.type) != pa.types.is_dictionary(theirs.type):
        fields = [field.with_type(value_type(field.type)) for field in fields]
    try:
        if len({is_text(field.type) for field in fields}) > 1:
            # Arrow would make the text binary.
            raise pa.ArrowTypeError("text and something else")
        schemas = [pa.schema([field.remove_metadata()]) for field in fields]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0)
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        message = f"column {name!r} is {theirs.type} here and {mine.type} in the files before"
        raise SchemaMismatch(message).at(place) from error


def holds(part: pa.Schema, schema: pa.Schema) -> bool:
    """Whether the columns of a part have the types of `schema` already, so that no text has to be read again."""
    wanted = {field.name: field for field in schema}
    return all(f.type == wanted[f.name].type and is_json(f) == is_json(wanted[f.name]) for f in part)


def conform(batch: pa.RecordBatch, schema: pa.Schema, place: str) -> pa.RecordBatch:
    """The rows with the columns and types of `schema`, of which each value has one.

    Raises SchemaMismatch for a value that a common type does not hold (an integer above 2⁵³ in a
    column of doubles).
    """
    if batch.schema.equals(schema, check_metadata=True):
        return batch
    columns = []
    for field in schema:
        if field.name not in batch.schema.names:
            columns.append(pa.nulls(batch.num_rows, field.type))
            continue
        column = batch.column(field.name)
        try:
            columns.append(_cast(column, field.type))
        except pa.ArrowInvalid as error:
            message = f"a value of column {field.name!r} does not fit {field.type}, the type that all files share"
            raise SchemaMismatch(message).at(place) from error
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: Any, kind: Any) -> Any:
    if column.type == kind:
        return column
    if pa.types.is_dictionary(kind) and pa.types.is_dictionary(column.type):
        indices, words = pc.cast(column.indices, kind.index_type), pc.cast(column.dictionary, kind.value_type)
        return pa.DictionaryArray.from_arrays(indices, words, ordered=kind.ordered)
    if pa.types.is_floating(column.type) and pa.types.is_float64(kind):
        # A narrow float must not gain digits that nobody wrote.
        column = as_doubles(column)
    return pc.cast(column, kind)

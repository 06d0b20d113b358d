"""Types that the rest of the engine works with, from types that only mean the same. Pure.

Views become plain text, binary and lists; run-end encoding is undone; an extension is read as what
it stores. A union or an interval has no such type and is refused.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from synthos_api.errors import UnknownFormat

from ..columns import unique_names


def plain_schema(schema: pa.Schema, place: str) -> pa.Schema:
    """The schema with plain types, each name once. Raises UnknownFormat for a type that is not read."""
    fields = []
    for field, name in zip(schema, unique_names(schema.names), strict=True):
        try:
            kind = plain_type(field.type)
            if kind != field.type:
                _plain(pa.array([], field.type), kind)
        except (pa.ArrowException, TypeError) as error:
            raise UnknownFormat(f"column {name!r} is of type {field.type}, which is not read").at(place) from error
        fields.append(pa.field(name, kind, field.nullable, field.metadata))
    metadata: Any = schema.metadata
    return pa.schema(fields, metadata)


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch in the types of `schema`, which `plain_schema` gave."""
    columns = [_plain(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def plain_type(kind: Any) -> Any:
    """Raises TypeError for a type that none stands for."""
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    for test, plain in _SAME:
        if test(kind):
            found: pa.DataType = plain
            return found
    if pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if pa.types.is_dictionary(kind):
        ordered: Any = kind.ordered
        return pa.dictionary(kind.index_type, plain_type(kind.value_type), ordered=ordered)
    if pa.types.is_struct(kind):
        return pa.struct([_field(field) for field in kind])
    if pa.types.is_map(kind):
        key, item = _field(kind.key_field), _field(kind.item_field)
        return pa.map_(key, item, kind.keys_sorted)
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field), kind.list_size)
    if pa.types.is_list(kind) or pa.types.is_list_view(kind):
        return pa.list_(_field(kind.value_field))
    if pa.types.is_large_list(kind) or pa.types.is_large_list_view(kind):
        return pa.large_list(_field(kind.value_field))
    if pa.types.is_union(kind) or pa.types.is_interval(kind):
        raise TypeError(str(kind))
    return kind


_SAME: Any = (
    (pa.types.is_string_view, pa.string()),
    (pa.types.is_binary_view, pa.binary()),
)


def _field(field: Any) -> Any:
    return field.with_type(plain_type(field.type))


def _plain(column: Any, kind: Any) -> Any:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_run_end_encoded(column.type):
        column = pc.call_function("run_end_decode", [column])
    if column.type == kind:
        return column
    if pa.types.is_dictionary(kind) and pa.types.is_dictionary(column.type):
        indices = pc.cast(column.indices, kind.index_type)
        words = _plain(column.dictionary, kind.value_type)
        return pa.DictionaryArray.from_arrays(indices, words, ordered=kind.ordered)
    return pc.cast(column, kind)

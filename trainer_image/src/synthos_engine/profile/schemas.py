"""Candidate and reference must be comparable: the same columns, in types that have one in common."""

from __future__ import annotations

import pyarrow as pa

from synthos_api.errors import SchemaMismatch
from synthos_engine.data.columns import is_json, passes_through, value_type

from .extract import sample_schema


def common_schemas(candidate: pa.Schema, reference: pa.Schema, place: str) -> tuple[pa.Schema, pa.Schema]:
    """(candidate's, reference's) schema to compare them in: the candidate's order, common types.

    Two datasets of plain text need no common name. Numbers of different width or kind meet in the
    wider type, a column without any value takes the other's type. Raises SchemaMismatch, naming
    `place` (the reference), where names differ or types have nothing in common.
    """
    ours, theirs = sample_schema(candidate), sample_schema(reference)
    if passes_through(ours) and passes_through(theirs):
        return ours, theirs
    missing = [name for name in ours.names if name not in theirs.names]
    surplus = [name for name in theirs.names if name not in ours.names]
    if missing or surplus:
        words = [f"lacks {_listed(missing)}"] * bool(missing) + [f"has also {_listed(surplus)}"] * bool(surplus)
        raise SchemaMismatch(f"the reference's columns differ from the dataset's: it {' and '.join(words)}").at(place)
    fields = []
    for field in ours:
        other = theirs.field(field.name)
        try:
            if is_json(field) != is_json(other) and not {field.type, other.type} & {pa.null()}:
                raise pa.ArrowTypeError("JSON and plain text")
            plain = [pa.field(f.name, f.type) for f in (field, other)]
            if len({pa.types.is_dictionary(f.type) for f in plain}) > 1:  # the same values, written in two ways
                plain = [f.with_type(value_type(f.type)) for f in plain]
            pair = [pa.schema([f]) for f in plain]
            common = pa.unify_schemas(pair, promote_options="permissive").field(0)
        except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
            text = f"column {field.name!r} is {other.type} in the reference and {field.type} in the dataset"
            raise SchemaMismatch(text).at(place) from error
        fields.append(pa.field(field.name, common.type, metadata=field.metadata))
    schema = pa.schema(fields)
    return schema, schema


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown

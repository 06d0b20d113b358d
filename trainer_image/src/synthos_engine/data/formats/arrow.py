"""Arrow IPC, file and stream (Feather version 2 is the file): rows one batch after the other.

Rows are counted from the headers of the batches. Types are kept, but for those of `plain`; columns
whose dictionary is replaced or grows within the file get indices of 32 bits at least.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.ipc

from synthos_api.errors import CorruptData, EmptyDataset, SynthosError

from ..layout import Layout, mean_row_bytes
from ..options import ReadOptions
from ..source import Source
from ..unify import wide_indices
from .arrow_messages import FILE_MAGIC, Message, check_size, messages_of_file, messages_of_stream
from .plain import plain_batch, plain_schema
from .valid import check_values

_FIRST_ROWS: Final = 1000


@dataclass(frozen=True, kw_only=True)
class ArrowLayout(Layout):
    """`messages`: those with a body, in the order in which Arrow reads them."""

    is_file: bool
    messages: tuple[Message, ...]


def scan(source: Source, _file_format: str, options: ReadOptions, _types: object = None) -> ArrowLayout:
    """Reads headers and the first batch. Raises EmptyDataset, UnknownFormat, CorruptData, DatasetTooLarge."""
    with source.open() as raw, corrupt(source, 0):
        is_file = raw.read(len(FILE_MAGIC)) == FILE_MAGIC
        found = messages_of_file(raw, source.size) if is_file else messages_of_stream(raw, source.size)
        messages = tuple(message for message in found if message.kind != "schema")
        raw.seek(0)
        reader = _reader(raw, is_file=is_file)
        schema = plain_schema(reader.schema, source.text)
        dictionaries = [message.dictionary for message in messages if message.kind == "dictionary"]
        if len(set(dictionaries)) < len(dictionaries):
            schema = wide_indices(schema)
    rows = sum(message.rows for message in messages if message.kind == "batch")
    if not rows or not len(schema):
        raise EmptyDataset("it holds no row" if len(schema) else "it holds no column").at(source.text)
    layout = ArrowLayout(schema=schema, rows=rows, row_bytes=0.0, options=options, is_file=is_file, messages=messages)
    first = next(batch for batch in batches(source, layout, 0) if batch.num_rows)
    first = pa.RecordBatch.from_arrays([_copied(c) for c in first.slice(0, _FIRST_ROWS).columns], schema=schema)
    return replace(layout, row_bytes=mean_row_bytes(first))


def batches(source: Source, layout: ArrowLayout, _chunk_rows: int) -> Iterator[pa.RecordBatch]:
    """The rows, in the file's own batches."""
    seen = 0
    with source.open() as raw:
        with corrupt(source, 0):
            reader = _reader(raw, is_file=layout.is_file)
        number = 0
        for message in layout.messages:
            with corrupt(source, seen):
                _check(raw, message)
                if message.kind == "dictionary":
                    continue
                batch = reader.get_batch(number) if layout.is_file else reader.read_next_batch()
                if batch.num_rows != message.rows:
                    raise CorruptData(f"a batch holds {batch.num_rows} rows and tells {message.rows}")
            check_values(batch, source, seen)
            with corrupt(source, seen):
                yield plain_batch(batch, layout.schema)
            seen += batch.num_rows
            number += 1


def _reader(raw: Any, *, is_file: bool) -> Any:
    return pa.ipc.open_file(raw) if is_file else pa.ipc.open_stream(raw)


def _check(raw: BinaryIO, message: Message) -> None:
    position = raw.tell()
    check_size(raw, message)
    raw.seek(position)


def _copied(column: pa.Array[Any]) -> pa.Array[Any]:
    """A slice without the rest of its batch, so that its size is its own."""
    return pa.concat_arrays([column, column.slice(0, 0)])


@contextmanager
def corrupt(source: Source, row: int) -> Iterator[None]:
    """Arrow reports damage as ArrowException and OSError, `flatbuffer` as ValueError."""
    try:
        yield
    except SynthosError as error:
        raise error.at(source.text) from error.__cause__
    except (pa.ArrowException, OSError, ValueError, StopIteration) as error:
        words = " ".join(str(error).split())[:300] or "it ends early"
        raise CorruptData(f"Arrow cannot read it: {words}").at(source.text, row=row) from error

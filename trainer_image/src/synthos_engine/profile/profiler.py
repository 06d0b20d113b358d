"""Phase 2: one pass over a dataset, in blocks that any executor may take, and the profile of what it kept."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from typing import Final

import pyarrow as pa

from synthos_api.errors import EmptyDataset
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader, DatasetMetadata
from synthos_engine.data.columns import content_columns

from .executors import Block, Executor, OneCore
from .modality import Modality
from .sketch import DatasetSketch
from .strata import Strata as Strata
from .summary import Profile as Profile
from .summary import summarise

CHUNK_BYTES: Final = 32_000_000
MIN_CHUNK_ROWS: Final = 64
MAX_CHUNK_ROWS: Final = 65_536
BLOCK_CHUNKS: Final = 4
"""Chunks that make a block: an executor's unit of work."""

OnRows = Callable[[int, int], None]
"""Called with (rows done, rows in all) after every chunk; may raise to stop."""


def chunk_rows(metadata: DatasetMetadata) -> int:
    """Rows of a chunk of about CHUNK_BYTES."""
    row_bytes = max(1.0, metadata.estimated_memory_mb * 1e6 / metadata.total_rows)
    return int(min(MAX_CHUNK_ROWS, max(MIN_CHUNK_ROWS, CHUNK_BYTES / row_bytes)))


def numbered_chunks(loader: DatasetLoader, dataset: DatasetRef) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(number of the first row, rows) of the dataset's chunks."""
    rows = chunk_rows(loader.get_metadata(dataset.uri, dataset.format))
    first = 0
    for batch in loader.stream_chunks(dataset.uri, dataset.format, chunk_size=rows):
        yield first, batch
        first += batch.num_rows


def blocks_of(chunks: Iterator[tuple[int, pa.RecordBatch]]) -> Iterator[Block]:
    """The chunks in blocks of BLOCK_CHUNKS, the last one shorter: a function of the rows alone."""
    while held := list(itertools.islice(chunks, BLOCK_CHUNKS)):
        yield Block(held[0][0], tuple(batch for _, batch in held))


def profile_dataset(
    loader: DatasetLoader,
    dataset: DatasetRef,
    *,
    seed: int,
    on_rows: OnRows = lambda _done, _all: None,
    modality: Modality | None = None,
    executor: Executor | None = None,
) -> Profile:
    """Profile a dataset. Deterministic for the same rows and seed, whatever the executor.

    `modality` None finds it out. Raises what the loader raises, and what the executor does
    (OutOfMemory, ResourceError); what `on_rows` raises stops the work.
    """
    metadata = loader.get_metadata(dataset.uri, dataset.format)
    schema = loader.schema(dataset.uri, dataset.format)
    if not content_columns(schema):
        raise EmptyDataset("it has no column of its own, only those of a sample").at(dataset.uri)
    sketch = DatasetSketch(schema, seed)
    blocks = blocks_of(numbered_chunks(loader, dataset))
    with contextlib.closing((executor or OneCore()).sketches(schema, seed, blocks)) as parts:
        for part in parts:
            sketch.merge(part)
            on_rows(sketch.total_rows, metadata.total_rows)
    return summarise(sketch, schema, metadata, seed, modality)

"""Where blocks of rows are sketched: here, in processes of this machine, or on a Dask cluster.

A block is a function of the rows' numbers, its sketch one of its rows, and sketches are handed back in
the order of blocks: so every executor gives the same profile to the last bit. The reader stays in
this process and ships rows as Arrow IPC; only so many blocks as the workers can use are in flight.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from synthos_api.errors import OutOfMemory, UsageError

from .sketch import DatasetSketch

Sketches = Generator[DatasetSketch, None, None]


@dataclass(frozen=True)
class Block:
    """Consecutive chunks, from row number `first_row` of the dataset on."""

    first_row: int
    batches: tuple[pa.RecordBatch, ...]


class Executor(Protocol):
    def sketches(self, schema: pa.Schema, seed: int, blocks: Iterator[Block]) -> Sketches:
        """A sketch of each block, in order. Closing the generator ends the work."""


class OneCore:
    def sketches(self, schema: pa.Schema, seed: int, blocks: Iterator[Block]) -> Sketches:
        for block in blocks:
            yield sketched(schema, seed, block)


@dataclass(frozen=True)
class ProcessPool:
    """Raises OutOfMemory when a worker dies, UsageError for fewer than one worker."""

    workers: int

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise UsageError(f"workers must be at least 1, not {self.workers}")

    def sketches(self, schema: pa.Schema, seed: int, blocks: Iterator[Block]) -> Sketches:
        # Spawned, not forked: Arrow's threads do not live through a fork.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(self.workers, context, initializer=_leave_interrupts_to_parent)
        waiting: deque[Future[DatasetSketch]] = deque()
        try:
            for block in blocks:
                waiting.append(pool.submit(sketch_shipped, schema, seed, block.first_row, shipped(block)))
                if len(waiting) > 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            message = "a worker process died while it profiled rows; most likely the machine ran out of memory"
            raise OutOfMemory(message) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def sketched(schema: pa.Schema, seed: int, block: Block) -> DatasetSketch:
    """Sketch of one block."""
    sketch = DatasetSketch(schema, seed)
    first = block.first_row
    for batch in block.batches:
        sketch.add(batch, first)
        first += batch.num_rows
    return sketch


def shipped(block: Block) -> bytes:
    """A block's rows as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, block.batches[0].schema) as writer:
        for batch in block.batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def sketch_shipped(schema: pa.Schema, seed: int, first_row: int, stream: bytes) -> DatasetSketch:
    """Sketch of a block that was shipped; what a worker runs."""
    with contextlib.closing(pa.ipc.open_stream(stream)) as reader:
        return sketched(schema, seed, Block(first_row, tuple(reader)))


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)

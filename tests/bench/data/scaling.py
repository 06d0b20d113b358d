"""`profile_dataset` on one core against two processes, on the same file; the profiles are equal to the last bit."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import Profile, profile_dataset
from synthos_engine.profile.executors import Executor, OneCore, ProcessPool
from tests.bench.data.memory import PIECE_ROWS, piece
from tests.bench.measure import ratio

PIECES = 8


def profiled(path: Path, executor: Executor) -> Profile:
    return profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=0, executor=executor)


def main() -> None:
    print(f"profile, two processes against one core, {PIECES * PIECE_ROWS:,} rows (above 1: two are faster)")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "t.parquet"
        pieces = [piece(number) for number in range(PIECES)]
        with pq.ParquetWriter(path, pieces[0].schema) as writer:
            for table in pieces:
                writer.write_table(table)
        two, one = partial(profiled, path, ProcessPool(2)), partial(profiled, path, OneCore())
        assert two().result == one().result
        ratio("profile of a table", two, one, "one core")

"""One core, processes and Dask give the same profile to the last bit; what goes wrong there ends clearly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import CorruptData, OutOfMemory, ResourceError, UsageError
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import Profile, executors, profile_dataset, profiler
from synthos_engine.profile.dask_executor import DaskCluster
from synthos_engine.profile.executors import Block, Executor, OneCore, ProcessPool
from synthos_engine.profile.sketch import DatasetSketch

from .sources import shop


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatasetRef:
    """Of several blocks."""
    monkeypatch.setattr(profiler, "MAX_CHUNK_ROWS", 300)
    pq.write_table(shop(5000, 1), tmp_path / "t.parquet")
    return DatasetRef(uri=str(tmp_path / "t.parquet"))


def profiled(dataset: DatasetRef, executor: Executor | None) -> Profile:
    return profile_dataset(DatasetLoader(), dataset, seed=3, executor=executor)


def same(one: Profile, two: Profile) -> bool:
    return (one.result, one.columns, one.details) == (two.result, two.columns, two.details)


def test_processes_give_what_one_core_gives(dataset: DatasetRef) -> None:
    assert same(profiled(dataset, ProcessPool(2)), profiled(dataset, OneCore()))


def test_dask_gives_what_one_core_gives(dataset: DatasetRef) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, host="tcp://127.0.0.1"
    ) as cluster:
        assert same(profiled(dataset, DaskCluster(cluster.scheduler_address)), profiled(dataset, OneCore()))


def test_no_scheduler_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthos_engine.profile.dask_executor._CONNECT_SECONDS", 1)
    work = DaskCluster("tcp://127.0.0.1:9").sketches(pa.schema([]), 0, iter(()))
    with pytest.raises(ResourceError, match="no Dask scheduler answers"):
        next(work)


def test_a_cluster_without_workers_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("synthos_engine.profile.dask_executor._LOOK_SECONDS", 0.2)
    table = shop(100, 1)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, dashboard_address=None, host="tcp://127.0.0.1"
        ) as cluster,
        pytest.raises(ResourceError, match="no worker left"),
    ):
        list(DaskCluster(cluster.scheduler_address).sketches(table.schema, 0, blocks(table)))


def blocks(table: pa.Table) -> Iterator[Block]:
    yield Block(0, tuple(table.to_batches()))


def dies(*_: object) -> DatasetSketch:
    os._exit(9)


def fails(*_: object) -> DatasetSketch:
    raise CorruptData("a damaged value").at("t.csv", row=7)


def test_a_worker_that_dies_or_fails_ends_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    table = shop(100, 1)
    monkeypatch.setattr(executors, "sketch_shipped", dies)
    with pytest.raises(OutOfMemory, match="worker process died"):
        list(ProcessPool(1).sketches(table.schema, 0, blocks(table)))
    monkeypatch.setattr(executors, "sketch_shipped", fails)
    with pytest.raises(CorruptData, match="row 7: a damaged value"):
        list(ProcessPool(1).sketches(table.schema, 0, blocks(table)))


def test_stopping_ends_the_pool(dataset: DatasetRef) -> None:
    def stop(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        profile_dataset(DatasetLoader(), dataset, seed=0, on_rows=stop, executor=ProcessPool(2))


def test_no_workers_are_refused() -> None:
    with pytest.raises(UsageError, match="at least 1"):
        ProcessPool(0)

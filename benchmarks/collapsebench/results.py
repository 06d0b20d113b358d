"""Results row by row in Parquet files that are part of the repository; a row is there or not, never half."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.results import Mode

COMMITTED: Final = Path(__file__).parent / "results"
FOLDER: Final = Path(os.environ.get("SYNTHOS_BENCH_RESULTS") or COMMITTED).resolve()


def read(name: str, folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """The rows of a file by their key; empty where there is none yet."""
    path = (folder or FOLDER) / f"{name}.parquet"
    if not path.exists():
        return {}
    return {key(row): row for row in pq.read_table(path).to_pylist()}


def key(row: Mapping[str, Any]) -> str:
    """The row's `id`, and its mode where that is not with a reference: a candidate has a verdict in each mode."""
    return keyed(row["id"], row.get("mode", "with_reference"))


def keyed(identifier: str, mode: Mode) -> str:
    return identifier if mode == "with_reference" else f"{identifier} {mode}"


def add(name: str, row: Mapping[str, Any], folder: Path | None = None) -> None:
    """Add the row, in place of one with the same key. Safe from several processes."""
    target = folder or FOLDER
    target.mkdir(parents=True, exist_ok=True)
    with (target / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = read(name, target) | {key(row): dict(row)}
        names = list(dict.fromkeys(column for one in rows.values() for column in one))
        table = pa.table({column: [one.get(column) for one in rows.values()] for column in names})
        temporary = target / f".{os.getpid()}-{name}.parquet"
        pq.write_table(table, temporary)
        temporary.replace(target / f"{name}.parquet")

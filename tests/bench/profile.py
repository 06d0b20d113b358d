"""The profile on one core against DuckDB's SUMMARIZE on one thread, of the same Parquet file.

Both read the file. SUMMARIZE gives counts, missing and distinct values, extremes, mean, deviation and
three quantiles of each column; the profile all of docs/profile.md.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import profile_dataset
from tests.bench.measure import ratio

ROWS = 1_000_000
TEXT_ROWS = 100_000


def table() -> pa.Table:
    """Identifiers, numbers, categories, short texts of few and of many values, flags and dates."""
    rng = np.random.default_rng(0)
    words = np.array(["alpha", "beta", "gamma", "delta, with comma", 'a "quoted" word', "zeta"])
    columns: dict[str, Any] = {
        "id": np.arange(ROWS),
        "value": rng.normal(size=ROWS),
        "amount": pa.array(np.round(rng.lognormal(3, 1, ROWS), 2), mask=rng.random(ROWS) < 0.1),
        "count": rng.integers(0, 50, ROWS),
        "label": words[rng.integers(0, len(words), ROWS)],
        "note": np.char.add("row ", rng.integers(0, 1000, ROWS).astype(str)),
        "key": np.char.add("k", rng.permutation(ROWS).astype(str)),
        "flag": rng.random(ROWS) < 0.3,
        "day": pa.array(rng.integers(0, 20_000, ROWS).astype("int32")).cast(pa.date32()),
    }
    return pa.table(columns)


def texts() -> pa.Table:
    """Of some 400 characters each."""
    rng = np.random.default_rng(1)
    words = np.array([f"w{'aeiou'[i % 5]}rd{i}" for i in range(5000)])
    found = words[np.minimum(rng.zipf(1.3, (TEXT_ROWS, 55)), 5000) - 1]
    return pa.table({"text": [" ".join(row) for row in found.tolist()]})


def ours(path: Path) -> int:
    return profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=0).result.total_rows


def peer(path: Path) -> int:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute(f"SUMMARIZE SELECT * FROM '{path}'")
        rows: list[Any] = connection.fetchall()
    return len(rows)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for title, content in (("mixed columns", table()), ("text", texts())):
            path = Path(name) / "t.parquet"
            pq.write_table(content, path)
            print(f"profile against DuckDB's SUMMARIZE, {content.num_rows} rows (above 1: ours is faster)")
            assert ours(path) == content.num_rows
            ratio(f"{title}, {content.num_columns} columns", partial(ours, path), partial(peer, path), "DuckDB")


if __name__ == "__main__":
    main()

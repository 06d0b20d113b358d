"""DatasetLoader.stream_chunks against plain pyarrow reading the same file with the same batch size."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.json
import pyarrow.parquet as pq

from synthos_engine.data import DatasetLoader
from tests.bench.measure import ratio

ROWS = 2_000_000
CHUNK = 50_000


def table() -> pa.Table:
    rng = np.random.default_rng(0)
    words = np.array(["alpha", "beta", "gamma", "delta, with comma", 'a "quoted" word'])
    return pa.table(
        {
            "id": pa.array(np.arange(ROWS)),
            "value": pa.array(rng.normal(size=ROWS)),
            "label": pa.array(words[rng.integers(0, len(words), ROWS)]),
            "note": pa.array(np.char.add("row ", rng.integers(0, 1000, ROWS).astype(str))),
        }
    )


def write_files(folder: Path) -> None:
    content = table()
    pq.write_table(content, folder / "t.parquet", row_group_size=100_000)
    pyarrow.csv.write_csv(content, folder / "t.csv")
    content.to_pandas().to_json(folder / "t.jsonl", orient="records", lines=True)


def ours(path: Path) -> int:
    return sum(batch.num_rows for batch in DatasetLoader(chunk_size=CHUNK).stream_chunks(str(path)))


def peer_parquet(path: Path) -> int:
    return sum(batch.num_rows for batch in pq.ParquetFile(path).iter_batches(batch_size=CHUNK))


def peer_csv(path: Path) -> int:
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return sum(batch.num_rows for batch in pyarrow.csv.open_csv(path, parse_options=options))


def peer_jsonl(path: Path) -> int:
    return sum(
        batch.num_rows for batch in pyarrow.dataset.dataset(path, format=pyarrow.dataset.JsonFileFormat()).to_batches()
    )


def known(loader: DatasetLoader, path: Path) -> int:
    return sum(batch.num_rows for batch in loader.stream_chunks(str(path)))


def main() -> None:
    print(f"stream_chunks against pyarrow, {ROWS} rows of 4 columns (above 1: ours is faster)")
    print("first: with a loader that has not seen the file; again: with one that has")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder)
        peers = {"t.parquet": peer_parquet, "t.csv": peer_csv, "t.jsonl": peer_jsonl}
        for file, peer in peers.items():
            path = folder / file
            assert ours(path) == peer(path) == ROWS
            ratio(f"{file}, first", partial(ours, path), partial(peer, path), "pyarrow")
            loader = DatasetLoader(chunk_size=CHUNK)
            ratio(f"{file}, again", partial(known, loader, path), partial(peer, path), "pyarrow")

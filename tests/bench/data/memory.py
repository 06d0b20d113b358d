"""Peak resident memory of `synthos profile` and `synthos sample` on files of several sizes.

    python -m tests.bench.data.memory [GIGABYTES ...]        (1 4 16 when left out)

Samples are drawn of files up to SAMPLED_GB only: they take minutes for each GB.

Files hold rows of ten columns, made once in pieces and removed at the end. The peak is the kernel's
(ru_maxrss) of the command's own process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

PIECE_ROWS = 250_000
GIGABYTE = 10**9
SAMPLED_GB = 4


def piece(number: int) -> pa.Table:
    rng = np.random.default_rng(number)
    words = np.array(["alpha", "beta", "gamma", "delta", "epsilon"])
    columns: dict[str, Any] = {"id": pa.array(np.arange(PIECE_ROWS) + number * PIECE_ROWS)}
    for index in range(5):
        columns[f"x{index}"] = pa.array(rng.normal(size=PIECE_ROWS))
    for index in range(2):
        columns[f"label{index}"] = pa.array(words[rng.integers(0, len(words), PIECE_ROWS)])
    tokens = rng.integers(0, 5000, (PIECE_ROWS, 8)).astype(str)
    columns["text"] = pa.array([" ".join(row) for row in tokens])
    columns["flag"] = pa.array(rng.integers(0, 2, PIECE_ROWS).astype(bool))
    return pa.table(columns)


def write(path: Path, gigabytes: float) -> int:
    """Rows written, until the file has that size; four different pieces in turn."""
    pieces = [piece(number) for number in range(4)]
    rows = 0
    csv = path.suffix == ".csv"
    with path.open("wb") as file:
        schema = pieces[0].schema
        with pyarrow.csv.CSVWriter(file, schema) if csv else pq.ParquetWriter(file, schema) as writer:
            while file.tell() < gigabytes * GIGABYTE:
                writer.write_table(pieces[rows // PIECE_ROWS % len(pieces)])
                rows += PIECE_ROWS
    return rows


def peak(*arguments: str) -> tuple[float, float]:
    """(peak resident megabytes, seconds) of a `synthos` command. Ends the program where it fails."""
    start = time.monotonic()
    command = [sys.executable, "-c", "from synthos_engine.cli.main import main; main()", *arguments]
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"synthos {arguments[0]} ended with {process.returncode}: {errors.read()[-500:]}")
    return usage.ru_maxrss / 1000, time.monotonic() - start


def main(sizes: list[float]) -> None:
    print("peak resident memory, ten columns (ids, doubles, labels, text, a flag)")
    for gigabytes in sizes:
        for suffix in (".parquet", ".csv"):
            with tempfile.TemporaryDirectory() as name:
                path = Path(name) / f"data{suffix}"
                rows = write(path, gigabytes)
                commands = [["profile", str(path), "--json"]]
                if gigabytes <= SAMPLED_GB:
                    commands += [["sample", str(path), "--rows", "100000", "--out", str(Path(name) / "sample.out")]]
                for command in commands:
                    megabytes, seconds = peak(*command)
                    print(
                        f"{gigabytes:5g} GB {suffix:9} {rows:12,} rows {command[0]:8} {megabytes:7.0f} MB "
                        f"{seconds:7.0f} s",
                        flush=True,
                    )


if __name__ == "__main__":
    main([float(size) for size in sys.argv[1:]] or [1, 4, 16])

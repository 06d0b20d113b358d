"""The same rows written in each format that is read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Rows = list[dict[str, Any]]


def people(count: int) -> Rows:
    """Rows with every plain type, text that needs quoting, and missing values."""
    return [
        {
            "id": i,
            "name": f'n"{i}", with\na line break' if i % 5 == 0 else f"name {i} é",
            "height": None if i % 7 == 3 else i / 8,
            "member": i % 2 == 0,
            "code": f"{i:05d}",
        }
        for i in range(count)
    ]


def write_csv(path: Path, rows: Rows, delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(rows[0])
        for row in rows:
            writer.writerow([str(v).lower() if isinstance(v, bool) else v for v in row.values()])
    return path


def write_tsv(path: Path, rows: Rows) -> Path:
    return write_csv(path, rows, "\t")


def write_jsonl(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_parquet(path: Path, rows: Rows) -> Path:
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=100)
    return path


WRITERS: dict[str, tuple[str, Callable[[Path, Rows], Path]]] = {
    "CSV": (".csv", write_csv),
    "TSV": (".tsv", write_tsv),
    "JSONL": (".jsonl", write_jsonl),
    "PARQUET": (".parquet", write_parquet),
}

"""The same rows written in each format that is read."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
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


def write_json(path: Path, rows: Rows) -> Path:
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def write_arrow(path: Path, rows: Rows) -> Path:
    table = pa.Table.from_pylist(rows)
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return path


def write_arrow_stream(path: Path, rows: Rows) -> Path:
    table = pa.Table.from_pylist(rows)
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return path


def write_feather(path: Path, rows: Rows) -> Path:
    pyarrow.feather.write_feather(pa.Table.from_pylist(rows), str(path), chunksize=100)
    return path


def write_feather_1(path: Path, rows: Rows) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyarrow.feather.write_feather(pa.Table.from_pylist(rows), str(path), version=1)
    return path


def write_hdf5(path: Path, rows: Rows) -> Path:
    kind = [
        ("id", "i8"),
        ("name", h5py.string_dtype()),
        ("height", "f8"),
        ("member", "?"),
        ("code", h5py.string_dtype("utf-8", 5)),
    ]
    values = [tuple(np.nan if v is None else v.encode() if k == "code" else v for k, v in r.items()) for r in rows]
    with h5py.File(path, "w") as file:
        file.create_dataset("people", data=np.array(values, kind), chunks=(min(64, len(rows)),), compression="gzip")
    return path


def write_excel(path: Path, rows: Rows) -> Path:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("people")
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    book.save(path)
    return path


WRITERS: dict[str, tuple[str, Callable[[Path, Rows], Path]]] = {
    "CSV": (".csv", write_csv),
    "TSV": (".tsv", write_tsv),
    "JSON": (".json", write_json),
    "JSONL": (".jsonl", write_jsonl),
    "PARQUET": (".parquet", write_parquet),
    "ARROW": (".arrow", write_arrow),
    "ARROW stream": (".arrows", write_arrow_stream),
    "FEATHER 1": (".feather", write_feather_1),
    "HDF5": (".h5", write_hdf5),
    "EXCEL": (".xlsx", write_excel),
}
"""By format, and which of its kinds where there are more than one."""


def format_of(name: str) -> str:
    return name.partition(" ")[0]

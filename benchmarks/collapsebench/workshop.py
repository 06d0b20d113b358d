"""Real rows and generated ones, each made once and kept in the cache."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .generators import generate
from .pools import Pools, pools
from .registration import digest, registration
from .sources import text
from .sources.packages import CACHE


class CachedWorkshop:
    """Of this machine: the cache lies below `packages.CACHE`."""

    @cache  # noqa: B019 - one workshop lives as long as the process
    def text(self, source: str) -> text.Text:
        return text.load(source)

    @cache  # noqa: B019
    def pools(self, source: str) -> Pools:
        return pools(source, self.text(source))

    def fingerprint(self, source: str) -> str:
        return text.fingerprint(self.text(source))

    def generated(self, source: str, family: str, generation: int, temperature: float, seed: int) -> Sequence[str]:
        name = f"{source}-{family}-{generation}-{temperature}-{seed}-{self.fingerprint(source)}-{digest()}.parquet"
        path = CACHE / "generated" / name
        if not path.exists():
            before = (
                self.pools(source).base
                if generation == 1
                else self.generated(source, family, generation - 1, temperature, seed)
            )
            rows = generate(family, before, registration()["text"]["base_bytes"], temperature, 1000 * seed + generation)
            write_rows(path, rows)
        return read_rows(path)


def write_rows(path: Path, rows: Sequence[str]) -> None:
    """As a table of one text column; complete or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    pq.write_table(pa.table({"text": pa.array(rows, pa.string())}), temporary)
    temporary.replace(path)


def read_rows(path: Path) -> list[str]:
    return [str(row) for row in pq.read_table(path)["text"].to_pylist()]

"""Real rows and generated ones, each made once and kept in the cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .generators.sampling import Sampling
from .modalities import of_source
from .pools import Pools, pools
from .registration import digest
from .rows import Real, Row
from .sources.packages import CACHE


class CachedWorkshop:
    """Of this machine: the cache lies below `packages.CACHE`."""

    @cache  # noqa: B019 - one workshop lives as long as the process
    def real(self, source: str) -> Real:
        return of_source(source).load(source)

    @cache  # noqa: B019
    def pools(self, source: str) -> Pools:
        modality, real = of_source(source), self.real(source)
        return pools(source, real, modality.sizes(real), weight=modality.weight, key=modality.key)

    @cache  # noqa: B019
    def fingerprint(self, source: str) -> str:
        """Of the rows, so that a label knows which version of a package it was measured on."""
        key = of_source(source).key
        return hashlib.sha256("\n".join(key(row) for row in self.real(source).rows).encode()).hexdigest()[:12]

    def generated(self, source: str, family: str, generation: int, sampling: Sampling, seed: int) -> Sequence[Row]:
        modality, parts = of_source(source), self.pools(source)
        registered = digest(modality.name)
        name = f"{source}-{family}-{generation}-{sampling}-{seed}-{self.fingerprint(source)}-{registered}.parquet"
        path = CACHE / "generated" / name
        if not path.exists():
            before = parts.base if generation == 1 else self.generated(source, family, generation - 1, sampling, seed)
            model_seed = 1000 * seed + generation
            rows = modality.generate(family, before, parts.columns, parts.size, sampling, model_seed)
            write(path, modality.to_arrow(rows, parts.columns))
        return modality.from_arrow(pq.read_table(path))


def write(path: Path, table: pa.Table) -> None:
    """Complete or not there at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    pq.write_table(table, temporary)
    temporary.replace(path)

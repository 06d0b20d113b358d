"""Sources that any number of rows can be drawn from, and their profiles without a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from scipy import signal

from synthos_engine.data.metadata import DatasetMetadata, columns_of
from synthos_engine.profile import Profile
from synthos_engine.profile.modality import Modality
from synthos_engine.profile.sketch import DatasetSketch
from synthos_engine.profile.summary import summarise

Generator = np.random.Generator


def prose(rows: int, seed: int) -> pa.Table:
    """Sentences of twelve subjects, words by Zipf's law; one row in ten is another one with a word changed."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, 301)
    share /= share.sum()
    ranks = rng.choice(300, (rows, 24), p=share)
    subject = rng.integers(0, 12, rows)
    copied = np.flatnonzero(rng.random(rows) < 0.1)
    pool = np.random.default_rng(5).choice(300, (40, 24), p=share)
    ranks[copied] = pool[rng.integers(0, 40, len(copied))]
    subject[copied] = 3
    ranks[copied, rng.integers(0, 24, len(copied))] = 7
    words = np.array([[f"{'abcdefghijkl'[s]}w{'aeiou'[i % 5]}{i}" for i in range(300)] for s in range(12)])
    texts = words[subject[:, None], ranks]
    return pa.table({"text": [" ".join(row[:12]) + ". " + " ".join(row[12:]) + "." for row in texts.tolist()]})


def shop(rows: int, seed: int) -> pa.Table:
    """Numbers and categories that hang together, missing values, and a tenth of rows from a pool of 300."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    price = np.exp(rng.normal(kind, 0.3))
    weight = price * 2 + rng.normal(0, 0.5, rows)
    weight[rng.random(rows) < 0.01] *= 40
    region = np.where(rng.random(rows) < 0.7, kind, rng.integers(0, 4, rows))
    count = rng.poisson(3, rows)
    pooled = np.flatnonzero(rng.random(rows) < 0.1)
    pool = np.random.default_rng(9)
    for values, fresh in ((price, pool.normal(5, 1, 300)), (weight, pool.normal(9, 1, 300))):
        values[pooled] = fresh[pooled % 300]
    count[pooled] = region[pooled] = kind[pooled] = 1
    columns: dict[str, Any] = {
        "kind": np.array(["tool", "toy", "food", "cloth"])[kind],
        "price": price,
        "weight": pa.array(weight, mask=rng.random(rows) < 0.2),
        "region": np.array(["north", "south", "east", "west"])[region],
        "count": count,
    }
    return pa.table(columns)


def sensor(rows: int, seed: int) -> pa.Table:
    """Two variables in the order of rows: one with memory and a season of 24, one that freezes now and then."""
    rng = np.random.default_rng(seed)
    drift = signal.lfilter([1.0], [1.0, -0.9], rng.normal(size=rows))
    season = 3 * np.sin(2 * np.pi * np.arange(rows) / 24)
    frozen = np.repeat(rng.normal(size=rows // 16 + 1), 16)[:rows]
    other = np.where(np.arange(rows) // 64 % 3 == 0, frozen, signal.lfilter([1.0], [1.0, -0.8], rng.normal(size=rows)))
    columns: dict[str, Any] = {"level": drift + season, "flow": other}
    return pa.table(columns)


def sketch_of(table: pa.Table, seed: int = 0, chunk: int = 50_000) -> DatasetSketch:
    sketch = DatasetSketch(table.schema, seed)
    first = 0
    for batch in table.combine_chunks().to_batches(max_chunksize=chunk):
        sketch.add(batch, first)
        first += batch.num_rows
    return sketch


def profile_of(table: pa.Table, seed: int = 0, modality: Modality | None = None) -> Profile:
    metadata = DatasetMetadata("PARQUET", table.num_rows, columns_of(table.schema), table.nbytes, 1.0)
    return summarise(sketch_of(table, seed), table.schema, metadata, seed, modality)

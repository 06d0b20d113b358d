"""Real data of three modalities, made up: a different seed is another draw of the same source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

WORDS = [f"{a}{b}{c}" for a in "bdfgklmprst" for b in "aeiou" for c in ("lto", "nda", "rmi", "sku", "ten", "", "vo")]
TOPICS = 12


def with_rows(columns: dict[str, Any]) -> pa.Table:
    """As a sample: with the number of each row."""
    table = pa.table(columns)
    return table.append_column("__row__", pa.array(np.arange(len(table))))


def text(seed: int, rows: int = 700) -> pa.Table:
    """Rows of a topic each: its words, frequent and rare ones, every word followed by one of a few."""
    rng = np.random.default_rng(seed)
    return with_rows({"text": pa.array([" ".join(_sentence(rng)) for _ in range(rows)])})


def _sentence(rng: np.random.Generator) -> list[str]:
    own = WORDS[int(rng.integers(TOPICS)) :: TOPICS]
    place = int(rng.integers(len(own)))
    words = []
    for _ in range(rng.integers(20, 60)):
        place = (place + int(rng.zipf(2))) % len(own)
        words.append(own[place] if rng.random() < 0.95 else own[place] + str(rng.choice(WORDS)))
    return words


def table(seed: int, rows: int = 2000) -> pa.Table:
    """A group decides on two numbers with a tail, which decide on a third."""
    rng = np.random.default_rng(seed)
    group = rng.choice(6, rows, p=[0.4, 0.3, 0.15, 0.1, 0.04, 0.01])
    size = np.exp(rng.standard_normal(rows) / 2 + group / 3)
    age = 20 + 5 * group + rng.gamma(2, 4, rows)
    columns = {
        "group": pa.array([f"g{i}" for i in group]),
        "size": np.round(size, 3),
        "age": np.round(age).astype(np.int64),
        "price": np.round(size * age + rng.standard_normal(rows), 2),
    }
    return with_rows(columns)


def series(seed: int, rows: int = 600, steps: int = 24) -> pa.Table:
    """Two variables, one much like the other, of different levels and movements."""
    rng = np.random.default_rng(seed)
    values = np.zeros((rows, steps))
    values[:, 0] = rng.standard_normal(rows)
    moves = rng.gamma(3, 0.2, (rows, 1)) * rng.standard_normal((rows, steps))
    for step in range(1, steps):
        values[:, step] = 0.9 * values[:, step - 1] + moves[:, step]
    other = values + 0.2 * rng.standard_normal((rows, steps))
    return windows(values, other)


def windows(*variables: np.ndarray) -> pa.Table:
    return with_rows({f"v{i}": pa.array(np.round(values, 3).tolist()) for i, values in enumerate(variables)})

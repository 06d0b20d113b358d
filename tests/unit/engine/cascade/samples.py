"""Small samples in a store, as phase 2 leaves them, and a cascade that takes seconds."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.phases import REFERENCE_SAMPLE, SAMPLE, PhaseConfig
from synthos_api.v1alpha1 import DatasetRef, TierSpec
from tests.unit.engine.stores import MemoryStore

CONTEXT = 32
_NOUNS = (
    "graph",
    "node",
    "edge",
    "matrix",
    "array",
    "index",
    "column",
    "frame",
    "series",
    "tensor",
    "path",
    "tree",
    "value",
    "label",
    "axis",
    "plot",
)
_VERBS = (
    "returns",
    "computes",
    "draws",
    "reads",
    "builds",
    "merges",
    "sorts",
    "yields",
    "joins",
    "finds",
    "keeps",
    "drops",
)
_RARE = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in ("lto", "nda", "rmi", "sku")]


def sentences(count: int, seed: int, words: int = 1000) -> list[str]:
    """Text of one source: a different seed is another draw. `words`: how many of each kind it knows."""
    rng = np.random.default_rng(seed)
    nouns, verbs, rare = _NOUNS[:words], _VERBS[:words], _RARE[:words]
    return [
        f"The {rng.choice(nouns)} {rng.choice(rare)} {rng.choice(verbs)} the {rng.choice(nouns)} of "
        f"{rng.choice(rare)} and {rng.choice(verbs)} {rng.choice(rare)} {rng.integers(min(1000, 20 * words))}."
        for _ in range(count)
    ]


def collapsed(count: int) -> list[str]:
    """The same source with its tails lost."""
    return sentences(count, 0, words=3)


def put(store: MemoryStore, name: str, texts: Sequence[str], column: str = "text", **more: Sequence[int]) -> None:
    rows = pa.array(np.arange(len(texts)))
    table = pa.table({column: pa.array(list(texts)), **more, "__row__": rows})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    store.content[name] = buffer.getvalue()


def tier(number: int, steps: int = 8, variants: int = 2, rows: int = 1000) -> TierSpec:
    return TierSpec(
        tier=number,
        model_size=30_000,
        variants=variants,
        training_rows=rows,
        batch_size=4,
        steps=steps,
        context_length=CONTEXT,
    )


def config(tiers: Sequence[TierSpec], *, reference: bool = True, seed: int = 0) -> PhaseConfig:
    return PhaseConfig(
        phase="Cascade",
        run="test/run",
        dataset=DatasetRef(uri="/data/candidate.parquet"),
        reference=DatasetRef(uri="/data/reference.parquet") if reference else None,
        artifacts_uri="memory://",
        seed=seed,
        sample_rows=max(t.training_rows for t in tiers),
        tiers=tuple(tiers),
        tier=tiers[0].tier,
    )


def store_with(candidate: Sequence[str], reference: Sequence[str] | None) -> MemoryStore:
    store = MemoryStore()
    put(store, SAMPLE, candidate)
    if reference is not None:
        put(store, REFERENCE_SAMPLE, reference)
    return store

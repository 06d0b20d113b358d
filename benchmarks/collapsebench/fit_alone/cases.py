"""Features of labelled candidates of the development split, and of real corpora that no candidate is made of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from synthos_engine.alone.features import features_of
from synthos_engine.alone.repetition import Features
from synthos_engine.data.columns import ROW_COLUMN
from synthos_engine.data.serialize import rows_to_text

from .. import results
from ..candidates import candidates
from ..modalities.modality import Name
from ..registration import digest
from ..sources import library
from ..workshop import CachedWorkshop

SEED: Final = 1
_DRAWS: Final = 3
"""Disjoint ones of each corpus, as large as candidates, as far as it has rows."""
_SIZES: Final = {"text": 120_000, "table": 1500, "series": 300}
"""Bytes of text, rows of the others."""


@dataclass(frozen=True)
class Case:
    """A candidate; `mechanism` is how it was made."""

    source: str
    mechanism: str
    collapsed: bool
    features: Features


def labelled(modality: Name) -> list[Case]:
    """Of the development split, as registered, with the rows that were labelled; prints how many have others.

    Grey ones are left out; shifts are real data and so no collapse.
    """
    labels = {key: row for key, row in results.read("labels").items() if row["registration"] == digest(modality)}
    workshop = CachedWorkshop()
    cases, stale = [], 0
    for candidate in candidates("development", [modality]):
        row = labels.get(candidate.id)
        if row is None or row["label"] == "grey":
            continue
        if candidate.content(workshop) != row["content"]:
            stale += 1
            continue
        mechanism = f"{candidate.route} {candidate.generator}".strip()
        features = measured(candidate.table(workshop))
        cases.append(Case(candidate.source, mechanism, row["label"] == "collapsed", features))
    print(f"{modality}: left out {stale} whose label is of other rows", file=sys.stderr, flush=True)
    return cases


def corpora(modality: Name) -> dict[str, list[Features]]:
    """The features of draws of each corpus of the library."""
    return {name: [measured(draw) for draw in draws_of_corpus(modality, name)] for name in library.NAMES[modality]}


def measured(table: pa.Table) -> Features:
    numbered = table.append_column(ROW_COLUMN, pa.array(np.arange(len(table)))).combine_chunks()
    texts = [text for batch in numbered.to_batches() for text in rows_to_text(batch)]
    return features_of(numbered, texts, SEED)[1]


def draws_of_corpus(modality: Name, name: str) -> Iterator[pa.Table]:
    """Disjoint ones of a candidate's size; at least one, however small the corpus is."""
    table = library.load(modality, name)
    order = np.random.default_rng(SEED).permutation(len(table))
    weights = np.array([_weight(row) for row in table.column(0).to_pylist()]) if modality == "text" else None
    ends = np.cumsum(weights[order] if weights is not None else np.ones(len(table)))
    start = 0
    for number in range(_DRAWS):
        end = int(np.searchsorted(ends, (number + 1) * _SIZES[modality])) + 1
        if end > len(table) and number > 0:
            return
        yield table.take(pa.array(order[start:end], pa.int64()))
        start = end


def _weight(row: Any) -> int:
    return len(row.encode()) + 1

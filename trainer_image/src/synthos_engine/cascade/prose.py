"""The columns of a table that say something in prose, as material of their own."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from synthos_engine.cells.layout import prose_columns
from synthos_engine.data.columns import ROW_COLUMN
from synthos_engine.train.corpus import Corpus, Ints
from synthos_engine.train.evaluate import Holdout

from .cell_readings import rows_of
from .material import FEWEST_HOLDOUT_WINDOWS, LARGEST_POOL_SHARE, Material, Rows, rows_of_batches

MUCH: Final = 0.2
"""Of the bytes of a table's rows, in prose: enough for what happens to it to matter."""
SMALLEST: Final = 16_000
"""Bytes to train on below which models of text say nothing."""
_LOOKED_AT: Final = 2000


def prose_of(material: Material, candidate: pa.Table, reference: pa.Table) -> Material | None:
    """The same rows, held out or not as in `material`, with their prose alone.

    None where there is little of it beside the rest, or too little to read.
    """
    names = prose_columns(reference)
    if material.reference is None or material.real_holdout is None or not names:
        return None
    ours, theirs = candidate.select([*names, ROW_COLUMN]), reference.select([*names, ROW_COLUMN])
    if _size(theirs.slice(0, _LOOKED_AT)) < MUCH * _size(reference.slice(0, _LOOKED_AT)):
        return None
    prose = Material(
        _rows(ours, material.candidate.numbers),
        _holdout(ours, material.candidate_holdout),
        _rows(theirs, material.reference.numbers),
        _holdout(theirs, material.real_holdout),
        material.held_out,
    )
    holdouts = (holdout for holdout in (prose.candidate_holdout, prose.real_holdout) if holdout is not None)
    enough = all(len(holdout.corpus) > FEWEST_HOLDOUT_WINDOWS * holdout.context for holdout in holdouts)
    return prose if enough and prose_size(prose) >= SMALLEST else None


def prose_size(prose: Material) -> int:
    """Bytes that a model is fitted to: of all there is, with draws of at most a half of the reference."""
    pool = prose.reference.size if prose.reference is not None else 0
    return min(prose.candidate.size, int(LARGEST_POOL_SHARE * pool))


def _size(table: pa.Table) -> int:
    return rows_of_batches(table.to_batches()).size


def _rows(table: pa.Table, numbers: Ints) -> Rows:
    return rows_of_batches(rows_of(table, numbers).to_batches())


def _holdout(table: pa.Table, whole: Holdout) -> Holdout:
    rows = _rows(table, whole.corpus.rows)
    return Holdout(Corpus.of(rows.texts, rows.numbers, len(whole.corpus)), whole.context)

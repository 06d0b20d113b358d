"""Readers of tables and series: small networks over cells, and kernel ridge regression for series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from synthos_engine.cells.binning import Floats, Ints
from synthos_engine.cells.cohesion import cohesion
from synthos_engine.cells.layout import Layout, series_layouts, table_layouts
from synthos_engine.cells.network import CellTraining, constant_costs, costs, train_networks, weights
from synthos_engine.cells.ridge import ridge_costs
from synthos_engine.data.columns import ROW_COLUMN
from synthos_engine.data.modality import modality_of
from synthos_engine.train.corpus import Corpus

from .material import Material
from .readings import Readings, Scored

CANDIDATES: Final = 2
"""Networks of the candidate, whose mean is its cost."""
DRAWS: Final = 8
MOST_ROWS: Final = 20_000
"""That a network is trained on; it would not come to see more."""
RANKED, BITS, RIDGE = "cell networks, ranked", "cell networks, bits", "kernel ridge, ranked"
_PURPOSE: Final = 8
_OF_CANDIDATE, _OF_DRAWS, _PRESENT, _BOTH = (
    slice(0, CANDIDATES),
    slice(CANDIDATES, CANDIDATES + DRAWS),
    CANDIDATES + DRAWS,
    CANDIDATES + DRAWS + 1,
)


def read_cells(material: Material, candidate: pa.Table, reference: pa.Table, seed: int) -> Readings | None:
    """Costs in multiples of the best constants', summed over a row's cells; None where no cells can be laid out.

    Args:
        candidate, reference: the samples of which the material holds the rows as text.
    """
    if material.reference is None or material.real_holdout is None:
        raise ValueError("there is no reference to read")
    ours, known = rows_of(candidate, material.candidate.numbers), rows_of(reference, material.reference.numbers)
    series = modality_of(reference.schema) == "series"
    layouts = series_layouts(known) if series else table_layouts(known)
    size = min(ours.num_rows, known.num_rows // 2, MOST_ROWS)
    rng = np.random.default_rng((seed, _PURPOSE))
    chosen = [rng.permutation(part)[:size] for part in [ours.num_rows] * CANDIDATES + [known.num_rows] * DRAWS]
    order = _in_time(known) if series else rng.permutation(known.num_rows)
    data = _Data(ours, known, chosen, order[: known.num_rows // 2],
                 held_out(reference, material.real_holdout.corpus),
                 held_out(candidate, material.candidate_holdout.corpus))  # fmt: skip
    read = [one for layout in layouts if (one := _read(layout, data, seed, series)) is not None]
    if not read:
        return None
    scores = {name: np.sum([one.scores[name] for one in read], 0) for name in read[0].scores}
    ranked, bits = scores[RANKED], scores[BITS]
    on_own = np.mean([one.own for one in read], 0)
    together = [one.cohesion for one in read if one.cohesion is not None]
    return Readings(
        scores={name: _scored(paid) for name, paid in scores.items()},
        present=ranked[_PRESENT],
        both=ranked[_BOTH],
        share=size / known.num_rows,
        draws_on_real=float(bits[_OF_DRAWS].sum(1).mean()) / sum(one.moments for one in read),
        draws_on_candidate=float(on_own[_OF_DRAWS].mean()),
        candidate_on_candidate=float(on_own[_OF_CANDIDATE].mean()) if material.held_out else None,
        # A table's only: where the reference is easy to predict, any other series looks as if it had lost something.
        candidate_by_itself=float(np.mean([one.by_itself for one in read]))
        if material.held_out and not series
        else None,
        cohesion=float(np.mean(together)) if together else None,
    )


def _scored(paid: Floats) -> Scored:
    return Scored(paid[_OF_CANDIDATE].mean(0), paid[_OF_DRAWS])


def _in_time(known: pa.Table) -> Ints:
    """Places of the rows in the order of the dataset: windows that overlap must not stand on both sides of a cut."""
    return np.argsort(np.asarray(known[ROW_COLUMN], np.int64), kind="stable")


@dataclass(frozen=True)
class _Data:
    """Rows to train on, which of them each network sees, and the held-out rows with their contents' numbers."""

    ours: pa.Table
    known: pa.Table
    chosen: list[Ints]
    half: Ints
    """Of the known rows, with which the candidate's and those of the other half are compared."""
    real: tuple[pa.Table, Ints]
    own: tuple[pa.Table, Ints]


@dataclass(frozen=True)
class _Read:
    """Of one layout, in multiples of what the best constant costs."""

    scores: Mapping[str, Floats]
    """(models, different real rows) each."""
    own: Floats
    """(networks,), mean of a moment of the candidate's held-out rows, by log loss."""
    moments: int
    """Of the real rows."""
    by_itself: float
    """Mean of such a moment by the candidate's own networks, in multiples of the candidate's own best constant."""
    cohesion: float | None


def _read(layout: Layout, data: _Data, seed: int, series: bool) -> _Read | None:
    """None where nothing can be predicted: a part has no moments, or no target varies."""
    ours, our_rows = layout.encode(data.ours)
    known, known_rows = layout.encode(data.known)
    real, real_rows = layout.encode(data.real[0])
    own, _ = layout.encode(data.own[0])
    parts = [ours[np.isin(our_rows, rows)] for rows in data.chosen[:CANDIDATES]]
    parts += [known[np.isin(known_rows, rows)] for rows in data.chosen[CANDIDATES:]]
    parts += [known, np.concatenate([known, parts[0]])]
    constant = constant_costs(real, layout.problem)
    if min(map(len, [*parts, real, own])) == 0 or not constant.bits.any():
        return None
    networks = train_networks(parts, real, _OF_DRAWS, layout.problem, seed, CellTraining())
    on_real, on_own = costs(networks, real), costs(networks, own).bits
    groups = data.real[1][real_rows]

    def by_content(cost: Floats, best: Floats) -> Floats:
        return np.stack(
            [np.bincount(groups, one, minlength=int(data.real[1].max()) + 1) for one in cost @ weights(best)]
        )

    scores = {RANKED: by_content(on_real.ranked, constant.ranked), BITS: by_content(on_real.bits, constant.bits)}
    if series:
        ridge = ridge_costs(parts[:_PRESENT], real, _OF_DRAWS, layout.problem, seed)
        scores[RIDGE] = by_content(ridge, constant.ranked)
    half = np.isin(known_rows, data.half)
    return _Read(
        scores=scores,
        own=(on_own @ weights(constant.bits)).mean(1),
        moments=len(real),
        by_itself=float((on_own[_OF_CANDIDATE] @ weights(constant_costs(own, layout.problem).bits)).mean()),
        cohesion=cohesion(
            (ours, our_rows), (known[half], known_rows[half]), (known[~half], known_rows[~half]), layout.problem, seed
        ),
    )


def held_out(table: pa.Table, corpus: Corpus) -> tuple[pa.Table, Ints]:
    """The held-out rows, and of each the number of its content: copies are not independent."""
    bounds = zip(corpus.starts(), corpus.ends, strict=True)
    contents: dict[bytes, int] = {}
    groups = [contents.setdefault(corpus.data[a:b].tobytes(), len(contents)) for a, b in bounds]
    return rows_of(table, corpus.rows), np.array(groups, np.int64)


def rows_of(table: pa.Table, numbers: Ints) -> pa.Table:
    """The rows of these numbers, in this order."""
    place = {number: i for i, number in enumerate(table[ROW_COLUMN].to_pylist())}
    return table.take(pa.array([place[number] for number in numbers.tolist()], pa.int64()))

"""Tables: a row is a row, written to Parquet with the type of its column."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from ..generators.table import FAMILIES, generate
from ..judge.table import holdout_loss
from ..registration import registration
from ..routes.table import ROUTES
from ..rows import Column, Real, Row, Sizes
from ..sources import table
from .modality import Modality, Planned
from .plans import CHAINS, SHARES, made, more_chains

_TYPES: Final = {"words": pa.string(), "integer": pa.int64(), "number": pa.float64(), "flag": pa.bool_()}


def sizes(_real: Real) -> Sizes:
    numbers = registration()["table"]
    return Sizes(
        holdout=numbers["holdout_rows"],
        draw=numbers["draw_rows"],
        draws=numbers["draws"],
        reference=numbers["reference_rows"],
        base=numbers["base_rows"],
    )


def one(_row: Row) -> int:
    """All rows weigh the same."""
    return 1


def to_arrow(rows: Sequence[Row], columns: tuple[Column, ...]) -> pa.Table:
    cells = zip(*rows, strict=True)
    arrays = [pa.array(values, _TYPES[column.kind]) for column, values in zip(columns, cells, strict=True)]
    return pa.table(arrays, names=[column.name for column in columns])


def from_arrow(content: pa.Table) -> list[Row]:
    return list(zip(*(column.to_pylist() for column in content.columns), strict=True))


def _plan(_sources: Sequence[str], generators: Sequence[str], _place: int) -> Iterator[Planned]:
    # In this order because sessions end: real data and clear cases of every kind first, degrees later.
    yield made("draw", seed=0)
    yield made("recursive", generators[0], generation=3, temperature=0.8)
    yield made("uncoupled", share=1.0)
    yield made("section")
    yield made("duplicated", times=5)
    yield made("ordered")
    yield made("recursive", generators[1], generation=1, temperature=1.0)
    yield made("draw", seed=1)
    yield made("noisy", deviations=0.5)
    yield made("typical", share=0.2)
    yield made("narrow-types")
    for share in SHARES:
        yield made("recursive", generators[0], generation=1, temperature=0.8, share=share)
    for seed in range(2, 5):
        yield made("draw", seed=seed)
    for generator, (generation, temperature) in itertools.product(generators, CHAINS):
        yield made("recursive", generator, generation=generation, temperature=temperature)
    for share in SHARES:
        yield made("recursive", generators[1], generation=1, temperature=1.0, share=share)
    yield made("duplicated", times=2)
    yield made("duplicated", times=15)
    yield made("uncoupled", share=0.3)
    yield made("uncoupled", share=0.05)
    yield made("noisy", deviations=0.1)
    yield made("typical", share=0.5)
    # After what was planned at first, so that its order stays.
    yield made("deduplicated")
    yield made("imbalanced", odds=0.5)
    yield made("imbalanced", odds=2.0)
    yield from more_chains(generators, (0.5,))


TABLE: Final = Modality(
    name="table",
    unit="of the best constant's loss",
    load=table.load,
    sizes=sizes,
    weight=one,
    key=repr,
    routes=ROUTES,
    plan=_plan,
    families=FAMILIES,
    generate=generate,
    loss=holdout_loss,
    to_arrow=to_arrow,
    from_arrow=from_arrow,
)

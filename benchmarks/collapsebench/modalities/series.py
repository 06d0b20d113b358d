"""Series: a row is a window, written to Parquet as a list of numbers for each variable.

That is how libraries of forecasters take their training data (a `target` of each window), and how a row can
show the detector, which holds out, draws and shuffles whole rows, what stands in which order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from ..generators.series import FAMILIES, generate
from ..judge.series import holdout_loss
from ..registration import registration
from ..routes.series import ROUTES
from ..rows import Column, Real, Row, Sizes
from ..sources import series
from .modality import Modality, Planned
from .plans import CHAINS, SHARES, made, more_chains
from .table import one

_OTHER_SOURCES: Final = 2


def sizes(real: Real) -> Sizes:
    """Shares of the source's windows that are not apart."""
    numbers = registration()["series"]
    count = len(real.rows) - sum(real.apart)
    return Sizes(
        holdout=int(numbers["holdout_share"] * count),
        draw=int(numbers["draw_share"] * count),
        draws=numbers["draws"],
        reference=int(numbers["reference_share"] * count),
        base=int(numbers["base_share"] * count),
    )


def to_arrow(rows: Sequence[Row], columns: tuple[Column, ...]) -> pa.Table:
    types = [pa.list_(pa.int64() if column.kind == "integer" else pa.float64()) for column in columns]
    arrays = [pa.array(map(list, values), kind) for values, kind in zip(zip(*rows, strict=True), types, strict=True)]
    return pa.table(arrays, names=[column.name for column in columns])


def from_arrow(content: pa.Table) -> list[Row]:
    windows = [[tuple(values) for values in column.to_pylist() if values is not None] for column in content.columns]
    return list(zip(*windows, strict=True))


def _plan(sources: Sequence[str], generators: Sequence[str], place: int) -> Iterator[Planned]:
    # In this order because sessions end: real data and clear cases of every kind first, degrees later.
    yield made("draw", seed=0)
    yield made("recursive", generators[0], generation=3, temperature=0.8)
    yield made("shuffled", share=1.0)
    yield made("section")
    yield made("duplicated", times=5)
    yield made("ordered")
    yield made("recursive", generators[1], generation=1, temperature=1.0)
    yield made("draw", seed=1)
    yield made("frozen", share=1.0)
    yield made("noisy", deviations=0.5)
    yield made("calm", share=0.2)
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
    yield made("shuffled", share=0.3)
    yield made("frozen", share=0.3)
    yield made("frozen", share=0.05)
    yield made("noisy", deviations=0.1)
    # After what was planned at first, so that its order stays.
    yield from more_chains(generators, (0.5,))
    for other in _alike(sources, place)[:_OTHER_SOURCES]:
        yield made("other-source", source=other)


def _alike(sources: Sequence[str], place: int) -> list[str]:
    """The sources after this one with as many variables: a model of one can be given the other."""
    variables = series.variables(sources[place])
    return [one for one in [*sources[place + 1 :], *sources[:place]] if series.variables(one) == variables]


SERIES: Final = Modality(
    name="series",
    unit="of the best constant's loss",
    load=series.load,
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

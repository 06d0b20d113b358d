"""Text: a row is a paragraph, weighed in bytes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa

from ..generators import FAMILIES, generate
from ..generators.sampling import Sampling
from ..judge.text import holdout_loss
from ..pools import place
from ..registration import registration
from ..routes.text import ROUTES
from ..rows import Column, Real, Sizes
from ..sources import text
from .modality import Modality, Planned
from .plans import CHAINS, SHARES, made, more_chains

DRAWS: Final = 4


def real(source: str, content: text.Text) -> Real:
    """Documents whose place falls in the section's share are kept apart."""
    share = registration()["text"]["section_share"]
    apart = {d for d in set(content.documents) if place(source, f"document {d}") < share}
    return Real(content.rows, tuple(document in apart for document in content.documents))


def _load(source: str) -> Real:
    return real(source, text.load(source))


def sizes(_real: Real) -> Sizes:
    numbers = registration()["text"]
    return Sizes(
        holdout=numbers["holdout_bytes"],
        draw=numbers["draw_bytes"],
        draws=numbers["draws"],
        reference=numbers["reference_bytes"],
        base=numbers["base_bytes"],
    )


def size_of(row: str) -> int:
    """Bytes of the row as text, its line feed included."""
    return len(row.encode()) + 1


def _generate(
    family: str, rows: Sequence[str], _columns: tuple[Column, ...], size: int, sampling: Sampling, seed: int
) -> list[str]:
    return generate(family, rows, size, sampling, seed)


def _loss(rows: Sequence[str], holdout: Sequence[str], _columns: tuple[Column, ...], seed: int) -> float:
    return holdout_loss(rows, holdout, seed)


def _to_arrow(rows: Sequence[str], _columns: tuple[Column, ...]) -> pa.Table:
    """One column of text."""
    return pa.table({"text": pa.array(rows, pa.string())})


def _from_arrow(table: pa.Table) -> list[str]:
    return [str(row) for row in table["text"].to_pylist()]


def _plan(sources: Sequence[str], generators: Sequence[str], place: int) -> Iterator[Planned]:
    # In this order because sessions end: real data and clear cases of every kind first, degrees later.
    yield made("draw", seed=0)
    yield made("recursive", generators[0], generation=3, temperature=0.8)
    yield made("other-source", source=sources[(place + 1) % len(sources)])
    yield made("duplicated", times=5)
    yield made("wrapped", columns=60)
    yield made("scrambled", share=1.0)
    yield made("draw", seed=1)
    yield made("recursive", generators[1], generation=1, temperature=1.0)
    yield made("section")
    yield made("misspelt", share=0.1)
    for share in SHARES:
        yield made("recursive", generators[0], generation=1, temperature=0.8, share=share)
    for seed in range(2, DRAWS):
        yield made("draw", seed=seed)
    for generator, (generation, temperature) in itertools.product(generators, CHAINS):
        yield made("recursive", generator, generation=generation, temperature=temperature)
    for share in SHARES:
        yield made("recursive", generators[1], generation=1, temperature=1.0, share=share)
    yield made("duplicated", times=2)
    yield made("scrambled", share=0.3)
    yield made("misspelt", share=0.02)
    yield made("short-rows", share=0.2)
    yield made("other-source", source=sources[(place + 2) % len(sources)])
    # After what was planned at first, so that its order stays.
    yield made("ordered")
    yield made("deduplicated", share=0.2)
    yield made("list-items")
    yield made("typographic")
    for generator in generators:
        yield made("recursive", generator, generation=1, temperature=1.0, top_k=10)
        yield made("recursive", generator, generation=1, temperature=1.0, top_p=0.9)
    yield from more_chains(generators, (0.5, 1.2))


TEXT: Final = Modality(
    name="text",
    unit="bits per byte",
    load=_load,
    sizes=sizes,
    weight=size_of,
    key=str,
    routes=ROUTES,
    plan=_plan,
    families=FAMILIES,
    generate=_generate,
    loss=_loss,
    to_arrow=_to_arrow,
    from_arrow=_from_arrow,
)

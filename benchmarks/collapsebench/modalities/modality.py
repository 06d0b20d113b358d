"""What a modality is: the few things in which text, tables and series differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import pyarrow as pa

from ..generators.sampling import Sampling
from ..rows import Column, Real, Row, Sizes

Name = Literal["text", "table", "series"]
Planned = tuple[str, str, dict[str, Any], int]
"""Route, generator ("" where no model writes), parameters, seed."""


class Generate(Protocol):
    def __call__(
        self, family: str, rows: Sequence[Row], columns: tuple[Column, ...], size: int, sampling: Sampling, seed: int, /
    ) -> list[Row]:
        """New rows of that size by a model of the family fitted to `rows`."""


class Loss(Protocol):
    def __call__(self, rows: Sequence[Row], holdout: Sequence[Row], columns: tuple[Column, ...], seed: int, /) -> float:
        """Of the registered judge trained on `rows`, on the holdout; deterministic from the seed."""


@dataclass(frozen=True)
class Modality:
    """`load` raises SourceUnavailable; `key` is the content that a row's place follows from."""

    name: Name
    unit: str
    load: Callable[[str], Real]
    sizes: Callable[[Real], Sizes]
    weight: Callable[[Row], int]
    key: Callable[[Row], str]
    routes: Mapping[str, Callable[[Any], list[Row]]]
    plan: Callable[[Sequence[str], Sequence[str], int], Iterator[Planned]]
    families: Mapping[str, Any]
    generate: Generate
    loss: Loss
    to_arrow: Callable[[Sequence[Row], tuple[Column, ...]], pa.Table]
    from_arrow: Callable[[pa.Table], list[Row]]

"""Rows of a source, whatever they are made of, and what the rows of one source have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Row = Any
"""Text: a string. Table: a tuple of one value for each column, None where it is missing. Series: a tuple,
for each variable, of a tuple of numbers. Hashable, and equal where the content is."""


def content_of(keys: Iterable[str]) -> str:
    """Digest of rows in their order: a label and a verdict belong together when they are of the same rows."""
    return hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]


Kind = Literal["words", "integer", "number", "flag"]


@dataclass(frozen=True)
class Column:
    """Of a table or, of all steps of a variable, of a series; `decimals` as the source writes its numbers."""

    name: str
    kind: Kind
    decimals: int = 0

    @property
    def is_number(self) -> bool:
        return self.kind in ("integer", "number")


@dataclass(frozen=True)
class Real:
    """All rows of a source, each once; `apart`: those of another domain, kept for candidates of that kind."""

    rows: Sequence[Row]
    apart: Sequence[bool]
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class Sizes:
    """Of the parts of a source, in the unit of the modality (bytes or rows)."""

    holdout: int
    draw: int
    draws: int
    reference: int
    base: int

"""The registration as code reads it, and its digest."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

FILE: Final = Path(__file__).parent / "registration.toml"

Split = Literal["development", "test"]


@cache
def registration() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def digest() -> str:
    """Of what the registration says; comments and blanks may change."""
    return hashlib.sha256(repr(sorted(registration().items())).encode()).hexdigest()[:12]


def split_of_source(modality: str, source: str) -> Split:
    """Raises KeyError for a source that is not registered."""
    return _split(modality, source)


def split_of_generator(generator: str) -> Split:
    """Raises KeyError for a generator family that is not registered."""
    return _split("generators", generator)


def _split(kind: str, name: str) -> Split:
    splits: tuple[Split, Split] = ("development", "test")
    for split in splits:
        if name in registration()["split"][split][kind]:
            return split
    raise KeyError(f"{name} is not registered")

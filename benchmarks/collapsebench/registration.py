"""The registration as code reads it, and its digest."""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

FILE: Final = Path(__file__).parent / "registration.toml"

Split = Literal["development", "test"]
SPLITS: Final[tuple[Split, Split]] = ("development", "test")


@cache
def registration() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def digest(modality: str) -> str:
    """Of what is registered for a modality; comments and blanks may change."""
    whole = registration()
    content = json.dumps([whole["question"], whole[modality]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def registered(modality: str, split: Split, kind: Literal["sources", "generators"]) -> list[str]:
    names: list[str] = registration()[modality]["split"][split][kind]
    return names


def split_of(modality: str, kind: Literal["sources", "generators"], name: str) -> Split:
    """Raises KeyError for a source or generator family that is not registered."""
    for split in SPLITS:
        if name in registered(modality, split, kind):
            return split
    raise KeyError(f"{name} is not registered")


@cache
def modality_of(source: str) -> str:
    """No two modalities have a source of the same name. Raises KeyError for one that is not registered."""
    for modality in registration():
        if modality != "question" and any(source in registered(modality, split, "sources") for split in SPLITS):
            return modality
    raise KeyError(f"{source} is not registered")

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


@cache
def registration() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def digest(modality: str = "text") -> str:
    """Of what is registered for a modality; comments and blanks may change."""
    whole = registration()
    content = json.dumps([whole["question"], whole[modality]], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def registered(modality: str, split: Split, kind: Literal["sources", "generators"]) -> list[str]:
    names: list[str] = registration()[modality]["split"][split][kind]
    return names


def split_of(modality: str, kind: Literal["sources", "generators"], name: str) -> Split:
    """Raises KeyError for a source or generator family that is not registered."""
    splits: tuple[Split, Split] = ("development", "test")
    for split in splits:
        if name in registered(modality, split, kind):
            return split
    raise KeyError(f"{name} is not registered")

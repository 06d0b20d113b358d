"""Which engine this is; results of another one are not taken for its own."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

RESULTS: Final = 8
"""Raised whenever the same configuration and data give another verdict, or another result of a tier."""
PROFILES: Final = 2
"""Raised whenever the same configuration and data give another profile or sample, but no other verdict of the same
sample: verdicts that were measured stay what they are."""

_DISTRIBUTION: Final = "synthos-validation"


def engine_version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"

"""Which engine this is; results of another one are not taken for its own."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

RESULTS: Final = 8
"""Raised whenever the same configuration and data give another result or artifact than before."""

_DISTRIBUTION: Final = "synthos-validation"


def engine_version() -> str:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"

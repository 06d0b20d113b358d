"""The modalities by name."""

from __future__ import annotations

from typing import Final

from ..registration import modality_of
from .modality import Modality
from .series import SERIES
from .table import TABLE
from .text import TEXT

MODALITIES: Final[dict[str, Modality]] = {modality.name: modality for modality in (TEXT, TABLE, SERIES)}


def of_source(source: str) -> Modality:
    """Raises KeyError for a source that is not registered."""
    return MODALITIES[modality_of(source)]

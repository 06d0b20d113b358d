"""What is measured of a dataset by itself: repetition, and what its modality shows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from synthos_engine.data.modality import Modality, modality_of

from .repetition import Features, repetition
from .series import series_features
from .table import table_features
from .text import text_features


def features_of(table: pa.Table, rows: Sequence[bytes], seed: int) -> tuple[Modality, Features]:
    """Of the sample's rows and their text (data.serialize); what cannot be measured is absent."""
    modality = modality_of(table.schema)
    if modality == "text":
        own = text_features(rows, seed)
    elif modality == "series":
        own = series_features(table, rows, seed)
    else:
        own = table_features(table, rows, seed)
    return modality, repetition(rows) | own

"""From a sample to what it shows by itself: features, their probability of collapse, and the signs in words."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from synthos_engine.data.serialize import rows_to_text
from synthos_engine.verdict.suspicion import Suspicion

from .features import features_of
from .model import Model, Signature, models
from .repetition import Features
from .wording import COPIES, in_words

MOST_ROWS: Final = 100_000
"""Looked at; more would not change what is measured at a fixed size."""
_SHOWN: Final = 3


def assess(sample: pa.Table, seed: int) -> Suspicion:
    """Of the rows of a sample artifact; rows without text are left out."""
    if sample.num_rows > MOST_ROWS:
        places = np.random.default_rng((seed, 10)).choice(sample.num_rows, MOST_ROWS, replace=False)
        sample = sample.take(pa.array(np.sort(places), pa.int64()))
    texts = [text for batch in sample.to_batches() for text in rows_to_text(batch)]
    kept = np.flatnonzero([bool(text) for text in texts])
    modality, features = features_of(sample.take(pa.array(kept, pa.int64())), [texts[i] for i in kept], seed)
    model = models().get(modality)
    return Suspicion() if model is None else _suspicion(model, features)


def _suspicion(model: Model, features: Features) -> Suspicion:
    strongest = model.strongest(features)
    missing = any(signature.feature not in features for signature in model.signatures)
    if missing and not strongest:
        return Suspicion()
    probability = model.probability(features)
    firm = model.firm_from is not None and probability >= model.firm_from
    return Suspicion(
        probability=probability,
        firm=firm,
        signs=[in_words(s, features[s.feature]) for s in strongest[:_SHOWN]],
        mechanism="duplicated" if _are_copies(strongest) else "other",
    )


def _are_copies(strongest: list[Signature]) -> bool:
    return bool(strongest) and strongest[0].feature in COPIES

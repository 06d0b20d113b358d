"""The first rung of the ladder: byte n-gram models, which cost seconds, on many draws of the reference.

They answer both questions. Is the dataset worse than real data of its size: a model of the dataset
against models of draws as large. Does adding it to what there is hurt: a model of the reference and the
dataset against one of the reference alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from synthos_engine.byte_ngram import ByteNgram
from synthos_engine.verdict.effect import (
    MANY_DEGREES,
    EffectEstimate,
    FirstRung,
    estimate_from_draws,
    ratio_standard_error,
)

from .material import Material, Rows, draw

ORDER: Final = 5
DRAWS: Final = 10
MOST_BYTES: Final = 2_000_000
"""What a model is fitted to at most; more would cost memory, and this rung is about small ones."""
_CANDIDATE, _REFERENCE, _PRESENT = 5, 6, 7


def climb(material: Material, size: int, seed: int) -> FirstRung | None:
    """The effects on the real holdout with models of `size` bytes (a tier's plan has it); None without a reference."""
    if material.reference is None or material.real_holdout is None:
        return None
    corpus = material.real_holdout.corpus
    # Copies say nothing new: each different row counts once.
    holdout = list(dict.fromkeys(corpus.data[a:b].tobytes() for a, b in zip(corpus.starts(), corpus.ends, strict=True)))
    size = min(size, MOST_BYTES)
    candidate = _drawn(material.candidate, size, (seed, _CANDIDATE))
    draws = [_drawn(material.reference, size, (seed, _REFERENCE, i + 1)) for i in range(DRAWS)]
    costs = np.stack([ByteNgram(rows, ORDER).bits(holdout) for rows in draws])
    share = size / material.reference.size  # at most a half (material.LARGEST_POOL_SHARE)
    replaced = estimate_from_draws(ByteNgram(candidate, ORDER).bits(holdout), costs, share)
    return FirstRung(f"byte {ORDER}-gram", replaced, _added(material.reference, candidate, holdout, seed))


def _added(reference: Rows, candidate: Sequence[bytes], holdout: Sequence[bytes], seed: int) -> EffectEstimate:
    """One model of each kind on all there is: what is uncertain is the holdout alone."""
    present = _drawn(reference, MOST_BYTES, (seed, _PRESENT))
    without = ByteNgram(present, ORDER).bits(holdout)
    with_it = ByteNgram([*present, *candidate], ORDER).bits(holdout)
    error = ratio_standard_error(with_it, without)
    return EffectEstimate(float(with_it.sum() / without.sum() - 1), error, MANY_DEGREES if error is not None else 0, 1)


def _drawn(rows: Rows, size: int, seed: Sequence[int]) -> list[bytes]:
    corpus = draw(rows, size, seed)
    return [corpus.data[a:b].tobytes() for a, b in zip(corpus.starts(), corpus.ends, strict=True)]

"""Byte n-gram models as readers of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from synthos_engine.byte_ngram import ByteNgram
from synthos_engine.train.evaluate import Holdout

from .material import Material, Rows, draw
from .readings import Readings, Scored

ORDER: Final = 5
DRAWS: Final = 10
MOST_BYTES: Final = 2_000_000
"""What a model is fitted to at most; more would cost memory, and this rung is about small ones."""
_CANDIDATE, _REFERENCE, _PRESENT = 5, 6, 7


def read_bytes(material: Material, size: int, seed: int) -> Readings:
    """Costs in bits. Raises ValueError for material without a reference."""
    if material.reference is None or material.real_holdout is None:
        raise ValueError("there is no reference to read")
    real, own = different(material.real_holdout), different(material.candidate_holdout)
    size = min(size, MOST_BYTES)
    candidate = _drawn(material.candidate, size, (seed, _CANDIDATE))
    model = ByteNgram(candidate, ORDER)
    draws = [ByteNgram(_drawn(material.reference, size, (seed, _REFERENCE, i + 1)), ORDER) for i in range(DRAWS)]
    present = _drawn(material.reference, MOST_BYTES, (seed, _PRESENT))
    scored = Scored(candidate=model.bits(real), draws=np.stack([one.bits(real) for one in draws]))
    return Readings(
        scores={f"byte {ORDER}-gram": scored},
        present=ByteNgram(present, ORDER).bits(real),
        both=ByteNgram([*present, *candidate], ORDER).bits(real),
        share=size / material.reference.size,  # at most a half (material.LARGEST_POOL_SHARE)
        draws_on_real=float(scored.draws.sum()) / len(draws) / _size(real),
        draws_on_candidate=float(np.mean([one.bits(own).sum() for one in draws])) / _size(own),
        candidate_on_candidate=float(model.bits(own).sum()) / _size(own) if material.held_out else None,
    )


def different(holdout: Holdout) -> list[bytes]:
    """Copies say nothing new: each different row counts once."""
    corpus = holdout.corpus
    return list(dict.fromkeys(corpus.data[a:b].tobytes() for a, b in zip(corpus.starts(), corpus.ends, strict=True)))


def _size(rows: Sequence[bytes]) -> int:
    return sum(map(len, rows))


def _drawn(rows: Rows, size: int, seed: Sequence[int]) -> list[bytes]:
    corpus = draw(rows, size, seed)
    return [corpus.data[a:b].tobytes() for a, b in zip(corpus.starts(), corpus.ends, strict=True)]

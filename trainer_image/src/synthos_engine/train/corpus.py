"""A stream of bytes that knows which row each byte came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Corpus:
    """Rows one after another. `ends[i]` is where row i ends in `data`, `rows[i]` its number in the dataset."""

    data: Bytes
    ends: Ints
    rows: Ints

    @classmethod
    def of(cls, texts: Sequence[bytes], rows: Sequence[int] | Ints, limit: int | None = None) -> Corpus:
        """The texts in this order, cut to `limit` bytes; rows that the cut leaves empty are left out."""
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
        size = int(ends[-1]) if len(ends) else 0
        size = size if limit is None else min(size, limit)
        used = int(np.searchsorted(ends, size, side="left")) + 1 if size else 0
        data = np.frombuffer(b"".join(texts[:used]), np.uint8)[:size]
        return cls(data, np.minimum(ends[:used], size), np.asarray(rows, np.int64)[:used])

    def __len__(self) -> int:
        """Bytes."""
        return len(self.data)

    def indices_at(self, positions: Ints) -> Ints:
        """Which of this corpus's rows (0-based, in its own order) the bytes at these positions belong to."""
        return np.searchsorted(self.ends, positions, side="right").astype(np.int64)

    def starts(self) -> Ints:
        """Where each row begins in `data`."""
        return np.concatenate([np.zeros(1, np.int64), self.ends[:-1]])

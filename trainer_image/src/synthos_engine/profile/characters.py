"""Lengths and classes of characters of text columns: sums of whole numbers, so exact in any order of merging."""

from __future__ import annotations

import math
import string
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .hashing import contents

Ints = NDArray[np.int64]

_AT_ONCE: Final = 1 << 20
CLASSES: Final = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "digit": string.digits,
    "space": string.whitespace,
    "punctuation": string.punctuation,
}
"""ASCII; the other bytes are `control` below 128 and `beyond_ascii` from there."""


class TextSums:
    """Of values that are there: lengths in characters, and how often each byte of their UTF-8 occurs."""

    def __init__(self) -> None:
        self.count = self._sum = self._squares = 0
        self.minimum: int | None = None
        self.maximum: int | None = None
        self._bytes: Ints = np.zeros(256, np.int64)

    def add(self, texts: pa.Array[Any], times: Ints | None = None) -> None:
        """Take in texts; with `times`, each so often (a missing one never)."""
        column: Any = texts
        found: Any = pc.utf8_length(column)
        lengths = found.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
        if times is None:
            there = found.is_valid().to_numpy(zero_copy_only=False) if found.null_count else None
            here = lengths if there is None else lengths[there]
            self.count += len(here)
            self._bytes += _byte_counts(contents(texts)[0])
        else:
            here = lengths[times > 0]
            self.count += int(times.sum())
            content, offsets = contents(texts)
            weights = np.repeat(times, np.diff(offsets)).astype(np.float64)
            self._bytes += np.bincount(content, weights, 256).astype(np.int64)
        if not len(here):
            return
        self._sum += int(lengths.sum() if times is None else lengths @ times)
        self._squares += int(lengths @ lengths if times is None else (lengths * lengths) @ times)
        least, most = int(here.min()), int(here.max())
        self.minimum = least if self.minimum is None else min(self.minimum, least)
        self.maximum = most if self.maximum is None else max(self.maximum, most)

    def merge(self, other: Self) -> None:
        self.count += other.count
        self._sum += other._sum
        self._squares += other._squares
        self._bytes = self._bytes + other._bytes
        if other.minimum is not None and other.maximum is not None:
            self.minimum = other.minimum if self.minimum is None else min(self.minimum, other.minimum)
            self.maximum = other.maximum if self.maximum is None else max(self.maximum, other.maximum)

    @property
    def mean(self) -> float:
        return self._sum / self.count

    @property
    def standard_deviation(self) -> float | None:
        """Of the sample (n − 1)."""
        if self.count < 2:
            return None
        # In whole numbers up to the last step: no digit is lost.
        return math.sqrt((self.count * self._squares - self._sum**2) / (self.count * (self.count - 1)))

    @property
    def classes(self) -> dict[str, float]:
        """Shares of bytes."""
        total = int(self._bytes.sum())
        if not total:
            return {}
        counts = {name: int(self._bytes[[ord(c) for c in members]].sum()) for name, members in CLASSES.items()}
        counts["beyond_ascii"] = int(self._bytes[128:].sum())
        counts["control"] = total - sum(counts.values())
        return {name: count / total for name, count in counts.items()}

    @property
    def byte_entropy(self) -> float | None:
        """Shannon entropy of single bytes, bits."""
        shares = self._bytes[self._bytes > 0] / max(1, self._bytes.sum())
        return max(0.0, float(-(shares * np.log2(shares)).sum())) if len(shares) else None


def _byte_counts(content: NDArray[np.uint8]) -> Ints:
    """Two bytes at a time, which is twice as fast."""
    total = np.zeros(256, np.int64)
    for first in range(0, len(content), _AT_ONCE):
        piece = content[first : first + _AT_ONCE]
        if len(piece) % 2:
            total[piece[-1]] += 1
            piece = piece[:-1]
        pairs = np.bincount(np.ascontiguousarray(piece).view(np.uint16), minlength=1 << 16).reshape(256, 256)
        total += pairs.sum(axis=0) + pairs.sum(axis=1)
    return total

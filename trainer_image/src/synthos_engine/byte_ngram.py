"""Byte n-gram model with interpolated absolute discounting (Ney, Essen and Kneser 1994). NumPy only.

p(c | context) = max(n(context c) - D, 0) / n(context) + D * types(context) / n(context) * p(c | shorter context)

Cheap and strong on little text: the first rung of the ladder. Rows are independent of each other;
each begins in an empty context and ends with a zero byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Table = tuple[Keys, npt.NDArray[np.int64], Keys, npt.NDArray[np.int64]]

BYTES: Final = 256
_BYTE: Final = np.uint64(8)


class ByteNgram:
    """Fitted at once; `order` counts the predicted byte, so 5 looks at the four bytes before it."""

    def __init__(self, rows: Sequence[bytes], order: int = 5, discount: float = 0.75) -> None:
        if not 2 <= order <= 7:
            raise ValueError("order must be between 2 and 7: a context and its byte are kept in 64 bits")
        self.order, self.discount = order, discount
        windows = self._windows(rows)
        self.tables = [_table(windows, length) for length in range(order)]

    def bits(self, rows: Sequence[bytes]) -> Floats:
        """What each row costs, its end included, in bits; shape (rows,)."""
        cost = -np.log2(self._probability(self._windows(rows)))
        lengths = np.array([len(row) + 1 for row in rows], np.int64)
        return np.add.reduceat(cost, np.cumsum(lengths) - lengths) if len(rows) else np.zeros(0)

    def probabilities(self, history: Keys) -> Floats:
        """(rows,) last bytes packed into 64 bits -> (rows, 256) probabilities of the next byte."""
        result = np.full((len(history), BYTES), 1 / BYTES)
        for length, (contexts, first, windows, counts) in enumerate(self.tables):
            place, known = _find(contexts, history & _mask(length))
            types = first[place + 1] - first[place]
            rows = np.repeat(known, types)
            entries = np.arange(types.sum()) + np.repeat(first[place] - (np.cumsum(types) - types), types)
            total = np.zeros(len(history))
            np.add.at(total, rows, counts[entries])
            result[known] *= (self.discount * types / total[known])[:, None]
            following = (windows[entries] & np.uint64(BYTES - 1)).astype(np.int64)
            result[rows, following] += (counts[entries] - self.discount) / total[rows]
        return result

    def _probability(self, windows: Keys) -> Floats:
        """Of the last byte of each window given those before it; shape (windows,)."""
        result = np.full(len(windows), 1 / BYTES)
        for length, (contexts, first, entries, counts) in enumerate(self.tables):
            window = windows & _mask(length + 1)
            place, known = _find(contexts, window >> _BYTE)
            sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
            total = sums[first[place + 1]] - sums[first[place]]
            types = first[place + 1] - first[place]
            result[known] *= self.discount * types / total
            entry, seen = _find(entries, window[known])
            result[known[seen]] += (counts[entry] - self.discount) / total[seen]
        return result

    def _windows(self, rows: Sequence[bytes]) -> Keys:
        """Of each byte of each row, and of its end, the `order` bytes up to it; shape (bytes + rows,)."""
        padding = bytes(self.order - 1)
        stream = np.frombuffer(b"".join(padding + row + b"\0" for row in rows), np.uint8)
        keys = np.zeros(max(0, len(stream) - self.order + 1), np.uint64)
        for i in range(self.order):
            keys = (keys << _BYTE) | stream[i : i + len(keys)]
        # A window that ends in the next row's padding is none.
        lengths = np.array([len(row) + 1 for row in rows], np.int64)
        starts = np.cumsum(lengths + self.order - 1) - (lengths + self.order - 1)
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        windows: Keys = keys[np.repeat(starts, lengths) + within]
        return windows


def _mask(length: int) -> np.uint64:
    return np.uint64((1 << (8 * length)) - 1)


def _table(windows: Keys, length: int) -> Table:
    """Of contexts of this length: the sorted contexts, the first entry of each, the entries, their counts.

    An entry is a context and its next byte: the end of a window.
    """
    entries, counts = np.unique(windows & _mask(length + 1), return_counts=True)
    contexts, first = np.unique(entries >> _BYTE, return_index=True)
    return contexts, np.append(first, len(entries)).astype(np.int64), entries, counts.astype(np.int64)


def _find(table: Keys, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places in the sorted table of those keys that are in it, and which keys these are."""
    place = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    known = np.flatnonzero(table[place] == keys)
    return place[known].astype(np.int64), known

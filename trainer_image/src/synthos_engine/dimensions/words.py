"""Rows of text as bytes and as words, each word a 64-bit hash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from synthos_engine.sample.priority import mixed

from .draws import Ints

Hashes = npt.NDArray[np.uint64]
Bytes = npt.NDArray[np.uint8]

_LONGEST: Final = 64
"""Bytes of a word whose order counts."""
_BASE: Final = 0x100000001B3
SPACE: Final = 32


def _tables() -> tuple[npt.NDArray[np.bool_], Bytes]:
    """Whether a byte belongs to a word (letters, digits, `_`, everything beyond ASCII), and its lower case."""
    belongs = [byte >= 128 or chr(byte).isalnum() or byte == ord("_") for byte in range(256)]
    lower = [ord(chr(byte).lower()) if byte < 128 else byte for byte in range(256)]
    return np.array(belongs), np.array(lower, np.uint8)


_BELONGS, _LOWER = _tables()
_POWERS: Final = np.array([pow(_BASE, i, 2**64) for i in range(_LONGEST)], np.uint64)


@dataclass(frozen=True)
class Ragged:
    """Values of rows one after the other; `ends` is where each row's end."""

    values: npt.NDArray[Any]
    ends: Ints

    @property
    def lengths(self) -> Ints:
        return np.diff(self.ends, prepend=0)

    @property
    def rows(self) -> Ints:
        """The row of each value."""
        return np.repeat(np.arange(len(self.ends)), self.lengths)

    @property
    def places(self) -> Ints:
        """The place of each value within its row."""
        return np.arange(len(self.values)) - np.repeat(self.ends - self.lengths, self.lengths)

    def take(self, rows: Ints) -> Ragged:
        lengths = self.lengths[rows]
        ends = np.cumsum(lengths)
        shift = (self.ends - self.lengths)[rows] - (ends - lengths)
        return Ragged(self.values[np.arange(int(lengths.sum())) + np.repeat(shift, lengths)], ends)


def bytes_of(texts: list[str]) -> Ragged:
    """In lower case; any run of white space is one space, so that line breaks are no difference."""
    rows = [" ".join(text.split()).encode(errors="surrogatepass") + b" " for text in texts]
    content = np.frombuffer(b"".join(rows), np.uint8)
    return Ragged(_LOWER[content], np.cumsum([len(row) for row in rows], dtype=np.int64))


def words_of(content: Ragged) -> Ragged:
    """Hashes of the words in the rows' bytes."""
    belongs = _BELONGS[content.values]
    begins = belongs.copy()
    begins[1:] &= ~belongs[:-1]
    starts, places = np.flatnonzero(begins), np.flatnonzero(belongs)
    if not len(starts):
        return Ragged(np.empty(0, np.uint64), np.zeros(len(content.ends), np.int64))
    within = np.minimum(places - starts[np.cumsum(begins)[places] - 1], _LONGEST - 1)
    with np.errstate(over="ignore"):
        letters = (content.values[places].astype(np.uint64) + np.uint64(1)) * _POWERS[within]
        hashes = mixed(np.add.reduceat(letters, np.searchsorted(places, starts)))
    rows = np.searchsorted(content.ends, starts, side="right")
    return Ragged(hashes, np.cumsum(np.bincount(rows, minlength=len(content.ends))))


def trigrams(content: Ragged) -> Hashes:
    """Hashes of three bytes in a row without a space among them."""
    a, b, c = content.values[:-2], content.values[1:-1], content.values[2:]
    inside = (a != SPACE) & (b != SPACE) & (c != SPACE)
    joined = (a[inside].astype(np.uint64) << np.uint64(16)) | (b[inside].astype(np.uint64) << np.uint64(8)) | c[inside]
    return mixed(joined)


def buckets(hashes: Hashes, count: int) -> Ints:
    """A number below `count` for each hash."""
    return (hashes % np.uint64(count)).astype(np.int64)

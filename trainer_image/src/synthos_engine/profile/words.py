"""Words of many texts at once, each as a 64-bit hash: no Python object for a word is ever made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from synthos_engine.sample.priority import mixed

from .reservoir import TEXT_CHARS
from .values import Hashes

Indices = NDArray[np.int64]

_BYTES_AT_ONCE: Final = 512 * 1024
_LONGEST: Final = 64
_BASE: Final = 0x100000001B3


def _tables() -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Whether a byte belongs to a word (letters, digits, `_`, everything beyond ASCII), and its lower case."""
    belongs = np.zeros(256, np.bool_)
    lower = np.arange(256, dtype=np.uint64)
    for byte in range(256):
        belongs[byte] = byte >= 128 or chr(byte).isalnum() or byte == ord("_")
        lower[byte] = ord(chr(byte).lower()) if byte < 128 else byte
    return belongs, lower


_BELONGS, _LOWER = _tables()
_POWERS: Final = np.array([pow(_BASE, i, 2**64) for i in range(_LONGEST)], np.uint64)


def word_hashes(texts: pa.Array[Any], salt: int) -> Iterator[tuple[Indices, Hashes]]:
    """(row, hash) of every word in the first TEXT_CHARS characters of each text, piece by piece.

    Pieces hold whole rows, in order. Equal words (ASCII case apart) with equal salt have equal
    hashes; bytes of a word after the 64th count without their order. Missing texts have no word.
    """
    raw: Any = pc.cast(texts, pa.large_binary()).fill_null(b"")
    cut: Any = pc.binary_slice(raw, 0, TEXT_CHARS)
    # Joined by a line feed to an empty text: each text ends in a byte that belongs to no word.
    empty: Any = pa.scalar(b"", pa.large_binary())
    ended: Any = pc.binary_join_element_wise(cut, empty, pa.scalar(b"\n", pa.large_binary()))
    if not len(ended):
        return
    offsets = np.frombuffer(ended.buffers()[1], np.int64)[ended.offset : ended.offset + len(ended) + 1]
    content = np.frombuffer(ended.buffers()[2], np.uint8)
    first = 0
    while first < len(ended):
        last = int(np.searchsorted(offsets, offsets[first] + _BYTES_AT_ONCE))
        last = min(max(last, first + 1), len(ended))
        bounds = offsets[first : last + 1] - offsets[first]
        rows, hashes = words_in(content[offsets[first] : offsets[last]], bounds, salt)
        yield rows + first, hashes
        first = last


def words_in(content: NDArray[np.uint8], bounds: Indices, salt: int = 0) -> tuple[Indices, Hashes]:
    """(row, hash) of every word of texts that lie one after the other, in order; bounds as offsets, from 0 on."""
    belongs = _BELONGS[content]
    begins = belongs.copy()
    begins[1:] &= ~belongs[:-1]
    firsts = bounds[:-1][bounds[:-1] < len(content)]
    begins[firsts] = belongs[firsts]
    places = np.flatnonzero(belongs)
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.empty(0, np.int64), np.empty(0, np.uint64)
    word = np.cumsum(begins)[places] - 1
    within = np.minimum(places - starts[word], _LONGEST - 1)
    with np.errstate(over="ignore"):
        values = (_LOWER[content[places]] + np.uint64(1)) * _POWERS[within]
        sums = np.add.reduceat(values, np.searchsorted(places, starts))
    rows = np.searchsorted(bounds, starts, side="right") - 1
    return rows, mixed(sums ^ np.uint64(salt))

"""Measures of repetition in text, at equal size: blocks of BLOCK_BYTES, of rows in random order.

Every measure falls or rises with the amount of text, so it is taken on blocks of the same number of
bytes (distinct-n: words, near duplicates: rows) whatever the dataset's size, and averaged over the
blocks there are; a dataset smaller than a block is one block of its own size.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from synthos_engine.sample.priority import mixed
from synthos_engine.text_measures import compressed_share

from .hashing import contents
from .near import near_duplicates, shingles
from .values import Hashes
from .words import words_in

BLOCK_BYTES: Final = 131_072
MOST_BLOCKS: Final = 4
BLOCK_WORDS: Final = 8192
NGRAMS: Final = (4, 8, 16, 32)
"""Bytes."""
DISTINCT: Final = (1, 2, 3)
"""Words."""
NEAR_ROWS: Final = 1000
NEAR_BYTES: Final = 2048
"""Of a row, as many as are compared."""
_NEAR_BLOCKS: Final = 2
_CHAIN: Final = np.uint64(0xD6E8FEB86659FD93)
_SENTENCE: Final = re.compile(rb"(?<=[.!?])\s+|\n+")
_LINE: Final = re.compile(rb"\n+")
_FEWEST_PIECES: Final = 20

Measures = dict[str, float]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class TextMeasures:
    """`block_bytes` is the size of a block, `blocks` how many were averaged."""

    values: Measures
    block_bytes: int
    blocks: int


def text_measures(texts: pa.Array[pa.LargeStringScalar]) -> TextMeasures | None:
    """Of texts in random order; None without any byte."""
    content, offsets = contents(texts)
    blocks = _blocks(content.tobytes(), offsets)
    if not blocks:
        return None
    found = [_block_measures(rows) for rows in blocks] + _near(content.tobytes(), offsets)
    names = list(dict.fromkeys(name for one in found for name in one))
    means = {name: float(np.mean([one[name] for one in found if name in one])) for name in names}
    return TextMeasures(means, sum(map(len, blocks[0])), len(blocks))


def _blocks(content: bytes, offsets: Ints) -> list[list[bytes]]:
    """Rows of each block, the last one cut; one of all where there are fewer bytes."""
    blocks: list[list[bytes]] = []
    rows: list[bytes] = []
    size = 0
    for start, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
        if start == end:
            continue
        rows.append(content[start : min(end, start + BLOCK_BYTES - size)])
        size += len(rows[-1])
        if size == BLOCK_BYTES:
            blocks.append(rows)
            rows, size = [], 0
            if len(blocks) == MOST_BLOCKS:
                return blocks
    return blocks or ([rows] if rows else [])


def _block_measures(rows: Sequence[bytes]) -> Measures:
    content = np.frombuffer(b"".join(rows), np.uint8)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    found = {f"ngram_repetition_{n}": _ngram_repetition(content, offsets, n) for n in NGRAMS}
    found["compressibility"] = 1 - compressed_share(rows)
    lines = [line.strip() for row in rows for line in _LINE.split(row)]
    sentences = [piece.strip() for row in rows for piece in _SENTENCE.split(row)]
    found["line_repetition"] = _repetition(lines)
    found["sentence_repetition"] = _repetition(sentences)
    row_of, words = words_in(content, offsets)
    row_of, words = row_of[:BLOCK_WORDS], words[:BLOCK_WORDS]
    for n in DISTINCT:
        found[f"distinct_{n}"] = _distinct(row_of, words, n)
    return {name: value for name, value in found.items() if value is not None}


def _repetition(pieces: Sequence[bytes]) -> float | None:
    """Share of pieces that are not empty and repeat an earlier one; None of too few."""
    there = [piece for piece in pieces if piece]
    return 1 - len(set(there)) / len(there) if len(there) >= _FEWEST_PIECES else None


def _ngram_repetition(content: NDArray[np.uint8], offsets: Ints, n: int) -> float | None:
    """Share of runs of n bytes, within rows, that repeat an earlier one."""
    count = len(content) - n + 1
    if count < 1:
        return None
    inside = np.ones(len(content) + 1, np.bool_)
    for back in range(1, n):
        inside[np.maximum(0, offsets[1:] - back)] = False
    padded = np.concatenate([content, np.zeros(8, np.uint8)])
    width = min(n, 8)
    pieces = np.ndarray((len(content),), f"<u{width}", padded, strides=(1,)).astype(np.uint64)
    hashes = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for start in range(0, n, width):
            hashes = mixed(hashes * _CHAIN + pieces[start : start + count])
    hashes = hashes[inside[:count]]
    return 1 - len(np.unique(hashes)) / len(hashes) if len(hashes) else None


def _distinct(row_of: Ints, words: Hashes, n: int) -> float | None:
    """Different runs of n words over all of them, within rows (Li et al. 2016, distinct-n)."""
    count = len(words) - n + 1
    if count < 1:
        return None
    hashes = np.zeros(count, np.uint64)
    with np.errstate(over="ignore"):
        for i in range(n):
            hashes = mixed(hashes * _CHAIN + words[i : i + count])
    hashes = hashes[row_of[:count] == row_of[n - 1 : n - 1 + count]]
    return len(np.unique(hashes)) / len(hashes) if len(hashes) else None


def _near(content: bytes, offsets: Ints) -> list[Measures]:
    """Share of rows with a near duplicate, of blocks of NEAR_ROWS rows."""
    rows = len(offsets) - 1
    blocks = min(_NEAR_BLOCKS, max(1, rows // NEAR_ROWS))
    found = []
    for block in range(blocks):
        first, last = block * NEAR_ROWS, min(rows, (block + 1) * NEAR_ROWS)
        texts = [
            content[s : min(e, s + NEAR_BYTES)]
            for s, e in zip(offsets[first:last].tolist(), offsets[first + 1 : last + 1].tolist(), strict=True)
        ]
        ends = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
        row_of, words = words_in(np.frombuffer(b"".join(texts), np.uint8), ends)
        sets = [shingles(part) for part in np.split(words, np.searchsorted(row_of, np.arange(1, len(texts))))]
        if len(sets) > 1:
            found.append({"near_duplicate_share": float(near_duplicates(sets).mean())})
    return found

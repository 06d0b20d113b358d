"""Rows as vectors of one length, whatever their columns: signed feature hashing.

Each column adds a vector of length about 1 to its row: a number adds its z-score (cut at ±5) times
a fixed random direction of its column; a text adds the normalised sum of its byte trigrams, each a
signed coordinate that trigram and column decide (Weinberger et al. 2009, "Feature hashing for large
scale multitask learning"); a missing value adds a direction of its own. The sum is divided by the
square root of the number of columns. Inner products of such vectors estimate those of the full
one-hot and trigram vectors without bias.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .reservoir import TEXT_CHARS
from .values import as_text, decoded, is_numeric_like, missing_mask, numbers

DIMENSIONS: Final = 64
_CUT: Final = 5.0
_BYTES_AT_ONCE: Final = 512 * 1024
_START, _END = b"\x02", b"\x03"

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class ColumnScale:
    """How a column's numbers become z-scores; a text column has neither number."""

    name: str
    mean: float = 0.0
    deviation: float = 1.0


def embed(batch: pa.RecordBatch, scales: tuple[ColumnScale, ...]) -> Vectors:
    """Vectors of the rows, shape (rows, DIMENSIONS), of the columns named in `scales`."""
    total = np.zeros((batch.num_rows, DIMENSIONS))
    for scale in scales:
        column = decoded(batch.column(scale.name))
        missing = missing_mask(column)
        if is_numeric_like(column.type):
            z = np.nan_to_num((numbers(column) - scale.mean) / scale.deviation, nan=0.0, posinf=_CUT, neginf=-_CUT)
            total += np.clip(z, -_CUT, _CUT)[:, None] * _direction(scale.name, "number")
        elif not pa.types.is_null(column.type):
            total += _trigrams(as_text(column), _salt(scale.name))
        total[missing] += _direction(scale.name, "missing")
    embedded: Vectors = total / np.sqrt(max(1, len(scales)))
    return embedded


def _salt(*words: str) -> int:
    # CRC-32 is the same on every machine and in every process, unlike Python's hash().
    return zlib.crc32("\x00".join(words).encode(errors="surrogatepass"))


def _direction(name: str, use: str) -> Vectors:
    """A random unit vector with entries ±1/√DIMENSIONS, the same wherever the name is the same."""
    signs = np.random.default_rng(_salt(name, use)).integers(0, 2, DIMENSIONS) * 2 - 1
    direction: Vectors = signs / np.sqrt(DIMENSIONS)
    return direction


def _trigrams(texts: pa.Array[Any], salt: int) -> Vectors:
    """Normalised trigram vectors of the texts, shape (rows, DIMENSIONS); zero for missing ones."""
    raw: Any = pc.cast(texts, pa.large_binary()).fill_null(b"")
    marks: tuple[Any, ...] = tuple(pa.scalar(mark, pa.large_binary()) for mark in (_START, _END, b""))
    cut: Any = pc.binary_slice(raw, 0, TEXT_CHARS)
    marked: Any = pc.binary_join_element_wise(marks[0], cut, marks[1], marks[2])
    offsets = np.frombuffer(marked.buffers()[1], np.int64)[marked.offset : marked.offset + len(marked) + 1]
    content = np.frombuffer(marked.buffers()[2], np.uint8) if len(marked) else np.empty(0, np.uint8)
    vectors = np.zeros((len(marked), DIMENSIONS))
    first = 0
    while first < len(marked):
        last = max(first + 1, int(np.searchsorted(offsets, offsets[first] + _BYTES_AT_ONCE)))
        last = min(last, len(marked))
        piece = content[offsets[first] : offsets[last]]
        vectors[first:last] = _hashed(piece, offsets[first : last + 1] - offsets[first], salt)
        first = last
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Vectors = np.divide(vectors, norms, out=vectors, where=norms > 0)
    return unit


def _hashed(content: NDArray[np.uint8], offsets: NDArray[np.int64], salt: int) -> Vectors:
    rows = len(offsets) - 1
    if len(content) < 3:
        return np.zeros((rows, DIMENSIONS))
    wide = content.astype(np.uint32)
    code = wide[:-2] | (wide[1:-1] << np.uint32(8)) | (wide[2:] << np.uint32(16))
    code = (code ^ np.uint32(salt)) * np.uint32(0x9E3779B1)
    code = (code ^ (code >> np.uint32(15))) * np.uint32(0x85EBCA77)
    code ^= code >> np.uint32(13)
    sign = 1.0 - 2.0 * ((code >> np.uint32(16)) & np.uint32(1))
    row = np.repeat(np.arange(rows), np.diff(offsets))
    # A trigram belongs to a row only when it ends in the same row.
    inside = row[:-2] == row[2:]
    place = row[:-2][inside] * DIMENSIONS + (code[inside] % DIMENSIONS)
    counts = np.bincount(place, weights=sign[inside], minlength=rows * DIMENSIONS)
    vectors: Vectors = counts.reshape(rows, DIMENSIONS).astype(np.float64)
    return vectors

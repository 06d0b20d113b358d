"""Statistics of text: bytes, words, and pieces of rows as points.

Distribution fidelity: Jensen-Shannon divergence of the byte trigrams within words.
Correlation preservation: difference of the mutual information of neighbouring words, of which the
frequent ones count apart (Church and Hanks 1990, "Word association norms, mutual information").
Diversity retention: probability that a piece of the candidate lies nearer to the next of its pieces than a
piece of the reference does to the next of its own.
Rare pattern handling: of the words that occur a few times in the reference, the share that the
candidate lacks.
Semantic coherence: how much less the two halves of a row are about the same things: minus the mean
cosine of their vectors, over what halves of different rows have in common (latent semantic analysis
by random indexing: Foltz, Kintsch and Landauer 1998; Sahlgren 2005).
Temporal stability does not apply.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import sparse

from synthos_engine.data.columns import content_columns

from .draws import Floats, Ints, some_rows
from .histograms import contingency, divergence, mutual_information
from .names import CORRELATION, DISTRIBUTION, DIVERSITY, RARE, SEMANTIC
from .neighbours import MOST_POINTS, Points, crowding, random_axes
from .words import Hashes, Ragged, buckets, bytes_of, trigrams, words_of

UNITS: Final = {
    DISTRIBUTION: "bits of divergence",
    CORRELATION: "bits of mutual information",
    DIVERSITY: "probability of a nearer neighbour",
    RARE: "share of the reference's rare words",
    SEMANTIC: "cosine",
}
LARGEST_PART: Final = 300_000
"""Bytes."""
MOST_BYTES: Final = 2_000_000
LONGEST_ROW: Final = 20_000
"""Characters; what follows is left out."""
FREQUENT: Final = 200
"""Words that count apart for what neighbours tell of each other."""
PIECE: Final = 48
"""Words of a row that make a point."""
SHORTEST: Final = 12
"""Words of a row that has two halves."""
_RARE_WORD: Final = (2, 5)
"""Occurrences, from and to."""
_BUCKETS: Final = 1 << 16
_WORDS: Final = 1 << 14
"""Coordinates of words before they are projected."""


@dataclass(frozen=True)
class TextRows:
    """Bytes and words of each row."""

    content: Ragged
    words: Ragged

    @property
    def weights(self) -> Floats:
        return self.content.lengths.astype(np.float64)

    def take(self, rows: Ints) -> TextRows:
        return TextRows(self.content.take(rows), self.words.take(rows))

    @cached_property
    def vocabulary(self) -> tuple[Hashes, Ints]:
        """Different words in order of their hashes, and how often each occurs."""
        words, counts = np.unique(self.words.values, return_counts=True)
        return words, counts

    @cached_property
    def meanings(self) -> Points:
        """Of each bucket of words a vector: the sum of random vectors of the rows it stands in."""
        occurs = _occurrences(self.words.rows, self.words.values, len(self.words.ends), _WORDS)
        occurs.data[:] = 1
        rows = np.bincount(occurs.indices, minlength=_WORDS)
        vectors = occurs.T @ random_axes(occurs.shape[0])
        specific = np.log((1 + occurs.shape[0]) / (1 + rows)) * (rows > 1) / np.sqrt(np.maximum(rows, 1))
        meanings: Points = (vectors * specific[:, None]).astype(np.float32)
        return meanings

    def compared_with(self, drawn: TextRows) -> dict[str, float]:
        found = {DISTRIBUTION: _divergence(self, drawn)}
        if min(len(self.words.values), len(drawn.words.values)) < 2:
            return found
        frequent = self._frequent
        known, other = (_neighbours_information(rows.words.values, frequent) for rows in (self, drawn))
        pieces = _pieces(self, drawn)
        if min(map(len, pieces)) > 1:
            found[DIVERSITY] = crowding(*pieces)
        found[CORRELATION] = abs(known - other)
        words, counts = self.vocabulary
        rare = words[(counts >= _RARE_WORD[0]) & (counts <= _RARE_WORD[1])]
        if len(rare):
            found[RARE] = float((~np.isin(rare, drawn.vocabulary[0])).mean())
        coherence = _coherence(self.meanings, drawn.words)
        return found if coherence is None else found | {SEMANTIC: -coherence}

    @property
    def _frequent(self) -> Hashes:
        words, counts = self.vocabulary
        return np.sort(words[np.argsort(-counts, kind="stable")[:FREQUENT]])


def encode(candidate: pa.Table, reference: pa.Table, seed: int) -> tuple[TextRows, TextRows]:
    """Of each a random part of MOST_BYTES."""
    return _encode(candidate, seed), _encode(reference, seed)


def _encode(table: pa.Table, seed: int) -> TextRows:
    texts: Any = table.column(content_columns(table.schema)[0])
    texts = pc.utf8_slice_codeunits(pc.cast(texts, pa.large_string()).fill_null(""), 0, LONGEST_ROW)
    lengths = pc.binary_length(texts).to_numpy().astype(np.float64) + 1
    content = bytes_of(texts.take(pa.array(some_rows(lengths, MOST_BYTES, seed))).to_pylist())
    return TextRows(content, words_of(content))


def _divergence(known: TextRows, drawn: TextRows) -> float:
    counts = [np.bincount(buckets(trigrams(rows.content), _BUCKETS), minlength=_BUCKETS) for rows in (known, drawn)]
    return divergence(*counts)


def _neighbours_information(words: Hashes, frequent: Hashes) -> float:
    place = np.searchsorted(frequent, words).clip(0, len(frequent) - 1)
    code = np.where(frequent[place] == words, place, len(frequent))
    count = len(frequent) + 1
    return mutual_information(contingency(code[:-1], code[1:], (count, count)))


def _occurrences(rows: Ints, words: Hashes, count: int, width: int) -> Any:
    """A sparse matrix of shape (count, width): how often a bucket of words occurs in a row."""
    return sparse.csr_matrix((np.ones(len(words), np.float32), (rows, buckets(words, width))), (count, width))


def _pieces(known: TextRows, drawn: TextRows) -> tuple[Points, Points]:
    """Pieces as vectors of log(1 + count) · idf of their words, of length 1 (Salton and Buckley 1988)."""
    counted = [_counted_pieces(rows.words) for rows in (known, drawn)]
    rows = np.bincount(counted[0].indices, minlength=_WORDS)
    specific = np.log((1 + counted[0].shape[0]) / (1 + rows))
    axes = random_axes(_WORDS) * specific[:, None].astype(np.float32)
    first, second = (_directions(matrix[:MOST_POINTS] @ axes) for matrix in counted)
    return first, second


def _counted_pieces(words: Ragged) -> Any:
    begins = words.places % PIECE == 0
    piece = np.cumsum(begins) - 1
    counts = _occurrences(piece, words.values, int(begins.sum()), _WORDS)
    counts.data = np.log1p(counts.data)
    return counts


def _directions(vectors: npt.NDArray[Any]) -> Points:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    directions: Points = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
    return directions


def _coherence(meanings: Points, words: Ragged) -> float | None:
    """Mean cosine of the halves of a row above that of halves of different rows; None where no row has two."""
    long = words.lengths >= SHORTEST
    if not long.any():
        return None
    rows = words.rows
    late = 2 * words.places >= words.lengths[rows]
    halves = [
        _directions(_occurrences(rows[half], words.values[half], len(long), _WORDS) @ meanings)[long]
        for half in (~late, late)
    ]
    same = float((halves[0] * halves[1]).sum(axis=1).mean())
    return same - float(halves[0].mean(axis=0) @ halves[1].mean(axis=0))

"""Models of the first rung as readers of repaired candidates: what rows cost, what sets of rows are worth."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from synthos_engine.byte_ngram import ByteNgram
from synthos_engine.cells.layout import Layout, series_layouts, table_layouts
from synthos_engine.cells.network import CellTraining, constant_costs, costs, train_networks, weights
from synthos_engine.data.modality import modality_of

from .cell_readings import held_out, rows_of
from .material import Material
from .ngram_readings import ORDER, different
from .repairs import Floats, Ints

TEXT_BYTES: Final = 1_000_000
TABLE_ROWS: Final = 20_000
"""What a set of rows weighs at most."""
TRAINING: Final = CellTraining(most_steps=400)
"""Shorter than that of the first rung: up to twenty networks are trained at once, and they are only compared."""
HASHES: Final = 64
"""Features of a row of text."""


class Reader(Protocol):
    """Of rows that are numbered: the candidate's, then the reference's."""

    own: int
    content: Ints
    weight: Ints
    most: int
    """What a set may weigh."""

    def row_costs(self, known: Ints) -> Floats:
        """Of all rows, for a unit of weight, by a model of the `known` ones."""

    def features(self) -> Floats:
        """(rows, features): what kind of row each is."""

    def losses(self, sets: Sequence[Ints], judges: slice) -> Floats:
        """(sets,) on the real holdout, by a model of each; `judges`: sets of real rows."""


def reader_of(material: Material, candidate: pa.Table, reference: pa.Table, seed: int) -> Reader | None:
    """The reader whose score is told of the first rung; None where there is nothing to read."""
    if material.reference is None or material.real_holdout is None:
        return None
    if modality_of(reference.schema) != "text":
        cells = CellReader.of(material, candidate, reference, seed)
        if cells is not None:
            return cells
    return TextReader(material)


class TextReader:
    """Byte n-gram models; losses in bits."""

    most: int = TEXT_BYTES

    def __init__(self, material: Material) -> None:
        if material.reference is None or material.real_holdout is None:
            raise ValueError("there is no reference to read")
        self.own = len(material.candidate.texts)
        self._texts = [*material.candidate.texts, *material.reference.texts]
        self.content = _numbered(self._texts)
        self.weight = np.array([len(text) for text in self._texts], np.int64)
        self._real = different(material.real_holdout)

    def row_costs(self, known: Ints) -> Floats:
        bits: Floats = ByteNgram(self._of(known), ORDER).bits(self._texts) / (self.weight + 1)
        return bits

    def features(self) -> Floats:
        """Signed hashes of a row's words (Weinberger et al. 2009), over the square root of their number."""
        found = np.zeros((len(self._texts), HASHES))
        for row, text in enumerate(self._texts):
            hashes = np.array([zlib.crc32(word) for word in text.split()], np.int64)
            signs = 1 - 2 * (hashes // HASHES % 2)
            found[row] = np.bincount(hashes % HASHES, signs, HASHES) / max(1, len(hashes)) ** 0.5
        return found

    def losses(self, sets: Sequence[Ints], judges: slice) -> Floats:
        del judges  # models are fitted at once: there is no step to stop at
        return np.array([ByteNgram(self._of(rows), ORDER).bits(self._real).sum() for rows in sets])

    def _of(self, rows: Ints) -> list[bytes]:
        return [self._texts[i] for i in rows]


@dataclass(frozen=True)
class _Cells:
    """Of one layout: moments of all rows in the rows' order, the place of each row's first, those of the holdout."""

    layout: Layout
    moments: Ints
    first: Ints
    real: Ints

    def of(self, rows: Ints) -> Ints:
        """The moments of these rows."""
        counts = np.diff(self.first)[rows]
        ends = np.cumsum(counts)
        moments: Ints = self.moments[np.repeat(self.first[rows] - (ends - counts), counts) + np.arange(ends[-1])]
        return moments

    def means(self, values: Floats) -> Floats:
        """Of each row, over its moments; 0 for a row without any. Shape (..., moments) -> (..., rows)."""
        sums = np.cumsum(np.concatenate([np.zeros((*values.shape[:-1], 1)), values], axis=-1), axis=-1)
        found: Floats = np.diff(sums[..., self.first]) / np.maximum(1, np.diff(self.first))
        return found


class CellReader:
    """Small networks over cells; losses by the ranked score, in multiples of the best constant's."""

    most: int = TABLE_ROWS

    def __init__(self, cells: Sequence[_Cells], own: int, content: Ints, seed: int) -> None:
        self.own, self.content = own, content
        self.weight = np.ones(len(content), np.int64)
        self._cells, self._seed = cells, seed

    @classmethod
    def of(cls, material: Material, candidate: pa.Table, reference: pa.Table, seed: int) -> CellReader | None:
        """None where no cells can be laid out or predicted."""
        if material.reference is None or material.real_holdout is None:
            raise ValueError("there is no reference to read")
        ours, known = rows_of(candidate, material.candidate.numbers), rows_of(reference, material.reference.numbers)
        real, groups = held_out(reference, material.real_holdout.corpus)
        real = real.take(np.unique(groups, return_index=True)[1])
        layouts = series_layouts(known) if modality_of(reference.schema) == "series" else table_layouts(known)
        cells = []
        for layout in layouts:
            parts = [layout.encode(part) for part in (ours, known, real)]
            rows = np.concatenate([parts[0][1], parts[1][1] + ours.num_rows])
            first = np.searchsorted(rows, np.arange(ours.num_rows + known.num_rows + 1))
            if all(len(part[0]) for part in parts) and constant_costs(parts[2][0], layout.problem).ranked.any():
                cells.append(_Cells(layout, np.concatenate([parts[0][0], parts[1][0]]), first, parts[2][0]))
        content = _numbered([*material.candidate.texts, *material.reference.texts])
        return cls(cells, ours.num_rows, content, seed) if cells else None

    def row_costs(self, known: Ints) -> Floats:
        """By the log loss: what is strange by it is the improbable."""
        found = np.zeros(len(self.content))
        for one in self._cells:
            problem, read = one.layout.problem, one.of(known)
            if not len(read):
                continue
            network = train_networks([read], one.real, slice(0, 1), problem, self._seed, TRAINING)
            by_moment = costs(network, one.moments).bits[0] @ weights(constant_costs(one.real, problem).bits)
            found += one.means(by_moment)
        return found

    def features(self) -> Floats:
        """Of each column, mean over a row's moments of the bins' places and of their squares.

        Bins without order have random places, so that rows with equal ones are near to each other.
        """
        rng = np.random.default_rng(self._seed)
        found = []
        for one in self._cells:
            problem = one.layout.problem
            for column, (bins, ordered) in enumerate(zip(problem.counts, problem.ordered, strict=True)):
                line = np.linspace(-1, 1, bins)
                places = np.stack([line, line**2]) if ordered else rng.normal(size=(2, bins))
                found.append(one.means(places[:, one.moments[:, column]]))
        return np.concatenate(found).T

    def losses(self, sets: Sequence[Ints], judges: slice) -> Floats:
        total = np.zeros(len(sets))
        for one in self._cells:
            problem = one.layout.problem
            parts = [one.of(rows) for rows in sets]
            if min(map(len, parts)):
                networks = train_networks(parts, one.real, judges, problem, self._seed, TRAINING)
                best = weights(constant_costs(one.real, problem).ranked)
                total += (costs(networks, one.real).ranked @ best).sum(1)
        return total


def _numbered(texts: Sequence[bytes]) -> Ints:
    """Equal where the texts are."""
    numbers: dict[bytes, int] = {}
    return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)

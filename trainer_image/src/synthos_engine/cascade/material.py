"""What a tier trains on and is scored on: rows of the samples, the holdout taken out of them.

Which rows are held out is decided by a hash of the row's content and the seed. So equal rows are on
the same side, in the candidate and in the reference alike, and no row that a model is scored on was
ever trained on, not even when a dataset is validated against itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from synthos_api.errors import CorruptData, DatasetTooSmall, SchemaMismatch
from synthos_api.phases import REFERENCE_SAMPLE, SAMPLE, PhaseConfig
from synthos_api.v1alpha1 import TierSpec
from synthos_engine.context import Store
from synthos_engine.data.columns import ROW_COLUMN, SAMPLE_COLUMNS, WEIGHT_COLUMN, content_columns, passes_through
from synthos_engine.data.serialize import rows_to_text
from synthos_engine.sample import in_own_proportions
from synthos_engine.train.corpus import Corpus, Ints
from synthos_engine.train.evaluate import Holdout
from synthos_engine.verdict.effect import FEWEST_HOLDOUT_ROWS

HOLDOUT_BYTES: Final = 100_000
"""Enough for a standard error of half a percent on the texts measured (docs/verdict.md)."""
HOLDOUT_WINDOWS: Final = 64
LARGEST_HOLDOUT_SHARE: Final = 0.15
LARGEST_OWN_SHARE: Final = 0.5
"""Of a candidate with few different rows the hash may hold out nearly everything, or nothing."""
FEWEST_HOLDOUT_WINDOWS: Final = 8
FEWEST_TRAINING_WINDOWS: Final = 128
LARGEST_POOL_SHARE: Final = 0.5
"""A draw takes at most this share of the reference, so that draws differ and their scatter means something."""


@dataclass(frozen=True)
class Rows:
    """Rows as text, with their numbers in the dataset."""

    texts: Sequence[bytes]
    numbers: Ints

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.texts))

    def where(self, chosen: np.ndarray) -> Rows:
        """The rows at these places, in this order."""
        return Rows([self.texts[i] for i in chosen], self.numbers[chosen])

    def repeated_share(self, rows: int | None = None, seed: int = 0) -> float:
        """Share of rows that repeat another one; of a random part of so many rows, for it grows with their number."""
        texts: Sequence[bytes] = self.texts
        if rows is not None and rows < len(texts):
            texts = [texts[i] for i in np.random.default_rng(seed).choice(len(texts), rows, replace=False)]
        return 1.0 - len(set(texts)) / max(1, len(texts))


@dataclass(frozen=True)
class Material:
    """Training rows and holdouts; the reference's are None without a reference.

    A candidate of a few rows over and over has nothing to hold out. Against a reference its effect on
    real rows can be measured all the same: it is then trained on whole, `held_out` is False, and what
    stands for its holdout are rows that only the reference's models have not seen.
    """

    candidate: Rows
    candidate_holdout: Holdout
    reference: Rows | None
    real_holdout: Holdout | None
    held_out: bool = True


def load_table(store: Store, name: str) -> pa.Table:
    """A sample artifact in the dataset's own proportions: the dataset's columns and each row's number."""
    try:
        table = pq.read_table(pa.BufferReader(store.read_bytes(name)))
        kept = _kept(table)
    except (pa.ArrowInvalid, KeyError) as error:
        raise CorruptData("not a sample of this engine").at(store.uri(name)) from error
    table = table if kept.all() else table.filter(pa.array(kept))
    return table.drop_columns([name for name in table.column_names if name in SAMPLE_COLUMNS - {ROW_COLUMN}])


def load_rows(store: Store, name: str) -> tuple[Rows, list[str]]:
    """The rows of `load_table`, without empty ones, and its columns' names (none for plain text)."""
    try:
        with pq.ParquetFile(pa.BufferReader(store.read_bytes(name))) as file:
            rows = rows_of_batches(_proportional(file))
            columns = [] if passes_through(file.schema_arrow) else content_columns(file.schema_arrow)
    except (pa.ArrowInvalid, KeyError) as error:
        raise CorruptData("not a sample of this engine").at(store.uri(name)) from error
    return rows, columns


def _proportional(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    names = [name for name in (WEIGHT_COLUMN, ROW_COLUMN) if name in file.schema_arrow.names]
    kept, first = _kept(file.read(names)), 0
    for batch in file.iter_batches():
        here = kept[first : first + batch.num_rows]
        first += batch.num_rows
        yield batch if here.all() else batch.filter(pa.array(here))


def _kept(sample: pa.Table) -> NDArray[np.bool_]:
    """Which rows of a sample are no surplus of over-represented strata; all, where they have equal weights or none.

    Candidate and reference have different strata: what one of them has more of must not be the sampling's.
    """
    if WEIGHT_COLUMN not in sample.column_names:
        return np.ones(sample.num_rows, np.bool_)
    return in_own_proportions(np.asarray(sample[WEIGHT_COLUMN]), np.asarray(sample[ROW_COLUMN], np.int64))


def rows_of_batches(batches: Iterable[pa.RecordBatch]) -> Rows:
    """The rows of a sample as text, without empty ones. Raises KeyError where they have no numbers."""
    texts: list[bytes] = []
    numbers = [np.zeros(0, np.int64)]
    for batch in batches:
        texts += rows_to_text(batch)
        numbers.append(np.asarray(batch.column(ROW_COLUMN), np.int64))
    kept = np.array([i for i, text in enumerate(texts) if text], np.int64)
    return Rows(texts, np.concatenate(numbers)).where(kept)


def load_samples(store: Store, config: PhaseConfig) -> tuple[Rows, Rows | None]:
    """Candidate and reference. Raises SchemaMismatch when their columns differ; plain text needs no common name."""
    candidate, columns = load_rows(store, SAMPLE)
    if config.reference is None:
        return candidate, None
    reference, theirs = load_rows(store, REFERENCE_SAMPLE)
    if columns != theirs:
        raise SchemaMismatch(
            f"the reference has other columns than the dataset: {_names(theirs)} instead of {_names(columns)}"
        ).at(config.reference.uri)
    return candidate, reference


def split(candidate: Rows, reference: Rows | None, config: PhaseConfig, context: int) -> Material:
    """Take the holdouts out. Raises DatasetTooSmall when one of them is too small to score anything on."""
    cutter = _Cutter.of([rows for rows in (candidate, reference) if rows is not None], config.seed, context)
    training, own = cutter.split(candidate)
    if reference is None or config.reference is None:
        return Material(training, cutter.holdout(own, config.dataset.uri), None, None)
    pool, real = cutter.split(reference)
    real_holdout = cutter.holdout(real, config.reference.uri)
    if cutter.suffices(own, candidate):
        return Material(training, cutter.holdout(own, config.dataset.uri), pool, real_holdout)
    kept = cutter.without(candidate, real)
    return Material(kept, cutter.holdout(kept, config.dataset.uri), pool, real_holdout, held_out=False)


@dataclass(frozen=True)
class _Cutter:
    """Which rows are held out, and how much of each is scored.

    Of a long row only its first `longest` bytes are scored, so that a few documents do not fill the
    holdout: rows, not bytes, are what is independent. So these bytes alone decide the row's side.
    """

    seed: int
    context: int
    wanted: int
    share: float
    longest: int

    @classmethod
    def of(cls, datasets: Sequence[Rows], seed: int, context: int) -> _Cutter:
        wanted = max(HOLDOUT_BYTES, HOLDOUT_WINDOWS * context)
        longest = max(context + 1, wanted // (2 * FEWEST_HOLDOUT_ROWS))
        smallest = min(sum(min(len(text), longest) for text in rows.texts) for rows in datasets)
        return cls(seed, context, wanted, min(LARGEST_HOLDOUT_SHARE, wanted / max(1, smallest)), longest)

    def split(self, rows: Rows) -> tuple[Rows, Rows]:
        """Rows to train on in their order, and held-out rows in the order of their hash."""
        places = np.array([self._place(text) for text in rows.texts])
        held_out = np.flatnonzero(places < self.share)
        order = held_out[np.argsort(places[held_out], kind="stable")]
        return rows.where(np.flatnonzero(places >= self.share)), rows.where(order)

    def suffices(self, own: Rows, candidate: Rows) -> bool:
        """Whether the candidate's held-out rows are a holdout, and leave enough to train on."""
        different = {text[: self.longest] for text in own.texts}
        scored = sum(min(len(text), self.longest) for text in own.texts)
        enough = len(different) >= FEWEST_HOLDOUT_ROWS and scored >= self._needed
        return enough and own.size <= LARGEST_OWN_SHARE * candidate.size

    def without(self, rows: Rows, others: Rows) -> Rows:
        """The rows of which the scored part is not among the others'."""
        known = {text[: self.longest] for text in others.texts}
        chosen = [i for i, text in enumerate(rows.texts) if text[: self.longest] not in known]
        return rows.where(np.array(chosen, np.int64))

    def holdout(self, rows: Rows, uri: str) -> Holdout:
        corpus = Corpus.of([text[: self.longest] for text in rows.texts], rows.numbers, self.wanted)
        if len(corpus) < self._needed:
            raise DatasetTooSmall(
                f"{len(corpus)} bytes of text can be held out, {self._needed} are needed: "
                f"about {_round_up(self._needed / self.share)} bytes in many different rows"
            ).at(uri)
        return Holdout(corpus, self.context)

    @property
    def _needed(self) -> int:
        """Bytes of the smallest holdout."""
        return FEWEST_HOLDOUT_WINDOWS * self.context + 1

    def _place(self, text: bytes) -> float:
        """A number from 0 to 1 that depends on nothing but the scored content and the seed."""
        digest = hashlib.blake2b(text[: self.longest], digest_size=8, key=self.seed.to_bytes(8, "big")).digest()
        return int.from_bytes(digest, "big") / 2**64


@dataclass(frozen=True)
class TierPlan:
    """How much of the data each model of a tier sees."""

    training_bytes: int
    """The same for every model: candidate and reference are size-matched to the byte."""
    reference_share: float
    """Of the reference's training rows, what one draw takes; 0 without a reference."""


def plan_tier(material: Material, config: PhaseConfig, tier: TierSpec, *, trained: bool = True) -> TierPlan:
    """The tier's share of the data: `training_rows` over the largest tier's, or over all rows where there are more.

    Raises DatasetTooSmall where models of text are to be `trained` on it.
    """
    rows = len(material.candidate.texts)
    share = tier.training_rows / max(rows, *(t.training_rows for t in config.tiers))
    available = material.candidate.size
    uri, factor = config.dataset.uri, 1.0
    if material.reference is not None and config.reference is not None:
        half = int(LARGEST_POOL_SHARE * material.reference.size)
        if half < available:
            available, uri, factor = half, config.reference.uri, 1 / LARGEST_POOL_SHARE
    training = int(available * share)
    needed = FEWEST_TRAINING_WINDOWS * tier.sequence_length
    if trained and training < needed:
        total = _round_up(needed / share * factor / (1 - LARGEST_HOLDOUT_SHARE))
        raise DatasetTooSmall(
            f"tier {tier.tier} would train on {training} bytes of text, {needed} are needed: about {total} bytes in all"
        ).at(uri)
    pool = material.reference.size if material.reference is not None else 0
    return TierPlan(training, training / pool if pool else 0.0)


def draw(rows: Rows, size: int, seed: Sequence[int]) -> Corpus:
    """`size` bytes of rows in an order that depends on the seed only: a smaller draw is part of a larger one."""
    order = np.random.default_rng(seed).permutation(len(rows.texts))
    lengths = np.array([len(rows.texts[i]) for i in order])
    used = int(np.searchsorted(np.cumsum(lengths), size)) + 1
    chosen = rows.where(order[:used])
    return Corpus.of(chosen.texts, chosen.numbers, size)


def _names(columns: list[str]) -> str:
    shown = ", ".join(columns[:8])
    return f"{shown}, … ({len(columns)} columns)" if len(columns) > 8 else shown


def _round_up(number: float) -> int:
    return -int(-number // 1000) * 1000

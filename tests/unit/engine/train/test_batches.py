from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.train.batches import Batches
from synthos_engine.train.corpus import Corpus
from synthos_engine.train.evaluate import SEGMENT_BYTES, Holdout

TEXTS = [bytes([65 + i]) * (10 + i) for i in range(20)]
NUMBERS = list(range(100, 120))


def corpus(limit: int | None = None) -> Corpus:
    return Corpus.of(TEXTS, NUMBERS, limit)


def test_a_corpus_knows_the_row_of_every_byte() -> None:
    whole = corpus()
    rows = whole.rows[whole.indices_at(np.arange(len(whole)))]
    assert [chr(byte) for byte in whole.data] == [chr(65 + row - 100) for row in rows]


@pytest.mark.parametrize(("limit", "rows"), [(0, 0), (1, 1), (10, 1), (11, 2), (21, 2), (22, 3), (10_000, 20)])
def test_a_cut_corpus_keeps_the_rows_it_has_bytes_of(limit: int, rows: int) -> None:
    cut = corpus(limit)
    assert len(cut) == min(limit, sum(map(len, TEXTS)))
    assert list(cut.rows) == NUMBERS[:rows]
    assert list(cut.ends) == sorted(set(cut.ends))
    assert bytes(cut.data) == b"".join(TEXTS)[:limit]


def test_batches_are_a_function_of_seed_and_step() -> None:
    first, second = Batches(corpus(), 4, 16, seed=3), Batches(corpus(), 4, 16, seed=3)
    for step in (5, 0, 5):
        assert first.batch(step).tokens.equal(second.batch(step).tokens)
    assert not first.batch(0).tokens.equal(first.batch(1).tokens)
    assert not first.batch(0).tokens.equal(Batches(corpus(), 4, 16, seed=4).batch(0).tokens)


def test_every_token_carries_its_row() -> None:
    batch = Batches(corpus(), 8, 32, seed=0).batch(0)
    assert batch.tokens.shape == batch.rows.shape == (8, 33)
    assert (batch.tokens.numpy() == batch.rows - 100 + 65).all()
    assert batch.targets[:, :-1].equal(batch.inputs[:, 1:])


def test_twins_of_equal_length_are_cut_at_the_same_places() -> None:
    positions = [
        Batches(Corpus(np.arange(200, dtype=np.uint8), np.array([200]), np.array([row])), 4, 16, seed=1).batch(7).tokens
        for row in (0, 1)
    ]
    assert positions[0].equal(positions[1])


def test_a_corpus_shorter_than_a_window_is_refused() -> None:
    Batches(corpus(17), 1, 16, seed=0).batch(0)
    with pytest.raises(ValueError, match="no window"):
        Batches(corpus(16), 1, 16, seed=0)


def test_units_of_a_holdout_are_rows_and_pieces_of_long_rows() -> None:
    texts = [b"a" * 50, b"b" * (2 * SEGMENT_BYTES + 10), b"c" * 200]
    units, rows = Holdout(Corpus.of(texts, [7, 8, 9]), 32).units()
    assert list(rows) == [7, 8, 8, 8, 9]
    counts = np.bincount(units.ravel())
    assert list(counts[:4]) == [49, SEGMENT_BYTES, SEGMENT_BYTES, 10]  # the very first byte is never predicted
    assert counts.sum() == (sum(map(len, texts)) - 1) // 32 * 32

"""The n-gram model against its definition, and what it pays for rows against its own probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synthos_engine.byte_ngram import ByteNgram

ROWS = [b"the cat sat on the mat\n", b"the dog sat on the log\n", b"\xc3\xa9t\xc3\xa9\n", b"", b"a"] * 3


def test_probabilities_are_those_of_absolute_discounting() -> None:
    model = ByteNgram([b"ab", b"ab", b"ac"], order=2, discount=0.5)
    p = model.probabilities(np.array([ord("a"), ord("b"), ord("z")], np.uint64))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    uniform = 1 / 256
    # Unigrams: a 3, b 2, c 1, end 3 of 9.
    unigram_b = 1.5 / 9 + 0.5 * 4 / 9 * uniform
    assert p[0, ord("b")] == pytest.approx(1.5 / 3 + 0.5 * 2 / 3 * unigram_b)
    assert p[2, ord("b")] == pytest.approx(unigram_b)  # an unknown context
    assert p[1, 0] > 0.7  # after b the row ends


@pytest.mark.parametrize("order", [2, 5, 7])
def test_bits_of_a_row_are_those_of_its_bytes_one_by_one(order: int) -> None:
    model = ByteNgram(ROWS, order)
    others = [b"the mat sat\n", b"", b"\xff unseen \x01", ROWS[0]]
    for row, bits in zip(others, model.bits(others), strict=True):
        history, cost = 0, 0.0
        for byte in row + b"\0":
            p = model.probabilities(np.array([history], np.uint64))[0]
            assert p.sum() == pytest.approx(1)
            cost -= math.log2(p[byte])
            history = (history << 8 | byte) & ((1 << (8 * (order - 1))) - 1)
        assert bits == pytest.approx(cost)


def test_what_was_read_is_cheaper_than_what_was_not() -> None:
    model = ByteNgram(ROWS)
    known, new = model.bits([ROWS[0], b"lorem ipsum dolor sit a\n"])
    assert known < 0.3 * new
    assert len(model.bits([])) == 0


def test_an_order_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="between 2 and 7"):
        ByteNgram(ROWS, 8)

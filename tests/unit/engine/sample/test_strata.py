"""Cells become a bounded number of strata, and what is rare is over-represented."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_engine.sample import stratify
from synthos_engine.sample.naming import Label, in_words
from synthos_engine.sample.strata import MOST_PARTS, RARE, WHOLE, rate, smallest_part


def test_the_rate_grows_with_rarity_up_to_a_bound() -> None:
    rates = rate(np.array([1.0, RARE, RARE / 4, RARE / 16, RARE / 1000]))
    assert rates.tolist() == pytest.approx([1, 1, 2, 4, 4])


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(1, 10**4))
def test_every_row_has_one_stratum_and_parts_are_large(
    seed: int, values: int, others: int, clusters: int, rows: int
) -> None:
    rng = np.random.default_rng(seed)
    shape = (values, others, clusters, 2, 9)
    share = rng.dirichlet(np.full(int(np.prod(shape)), 0.05))
    counts = rng.multinomial(rows, share).reshape(shape)
    made = stratify(counts)
    flat = counts.ravel()
    assert ((made.of_cell >= 0) == (flat > 0)).all()
    used = flat > 0
    assert np.array_equal(np.bincount(made.of_cell[used], flat[used]).astype(int), made.sizes)
    assert (made.sizes[made.detail != WHOLE] >= smallest_part(rows)).all()
    assert np.count_nonzero(made.detail != WHOLE) <= min(MOST_PARTS, np.sqrt(rows) + 1)
    rests = made.groups[made.detail == WHOLE]
    assert len(np.unique(rests)) == len(rests) <= values + others + 2 * clusters
    assert np.array_equal(made.of_cell[made.cells], np.arange(len(made.sizes)))


def test_small_parts_stay_together_with_what_they_are_most_like() -> None:
    counts = np.zeros((1, 1, 2, 2, 9), np.int64)
    counts[0, 0, 0, 0, :8] = 2000
    counts[0, 0, 1, 0, :8] = [30, 30, 30, 30, 2000, 2000, 30, 30]
    counts[0, 0, 1, 1, 3] = 40
    made = stratify(counts)
    words = [in_words(made, [], stratum) for stratum in range(len(made.sizes))]
    held = dict(zip(words, made.sizes.tolist(), strict=True))
    assert held == {
        **{f"cluster 0, time {t} of 8": 2000 for t in range(1, 9)},
        "cluster 1, time 5 of 8": 2000,
        "cluster 1, time 6 of 8": 2000,
        "cluster 1": 180,
        "outliers of cluster 1": 40,
    }
    rare = words.index("outliers of cluster 1")
    assert made.rates[rare] == made.rates.max() == pytest.approx(np.sqrt(RARE / (40 / 20_220)))
    assert made.rates[words.index("cluster 1")] == 1.0


def test_rare_values_are_strata_of_their_own() -> None:
    counts = np.zeros((3, 2, 1, 2, 9), np.int64)
    counts[0, 0, 0, 0, 0], counts[0, 1, 0, 0, 0] = 5000, 4985
    counts[1, 0, 0, 0, 1], counts[2, 1, 0, 1, 4] = 10, 5
    labels = [Label("kind", ["a", "b"]), Label("old", ["True", "False"])]
    made = stratify(counts)
    words = [in_words(made, labels, stratum) for stratum in range(len(made.sizes))]
    assert words == [
        "kind=b (rare)",
        "kind: another value (rare)",
        "cluster 0, kind=a, old=True, time 1 of 8",
        "cluster 0, kind=a, old=False, time 1 of 8",
    ]
    assert made.rates.tolist() == [4, 4, 1, 1]

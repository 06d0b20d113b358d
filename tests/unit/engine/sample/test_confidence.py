"""The margin of error holds for the estimates that real samples give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synthos_engine.sample import allocate, sampling_confidence, select, weights_of
from synthos_engine.sample.confidence import margin_of_error

SEEDS = 400


def whole(size: int, taken: int) -> int:
    return sampling_confidence(np.array([size]), np.array([taken]))


def test_of_one_stratum() -> None:
    assert [whole(10, 0), whole(10, 10), whole(10**9, 1067), whole(10**9, 1)] == [0, 100, 97, 0]


def test_strata_without_a_row_count_as_wrong() -> None:
    sizes = np.array([900, 100])
    assert sampling_confidence(sizes, np.array([900, 0])) == 90
    assert sampling_confidence(sizes, np.array([900, 100])) == 100


def test_over_representation_costs_confidence() -> None:
    sizes = np.array([900_000, 100_000])
    even, tilted = (margin_of_error(sizes, np.array(taken)) for taken in ([900, 100], [500, 500]))
    assert tilted > 1.2 * even
    weights = np.repeat(sizes / 500, 500)
    effective = weights.sum() ** 2 / (weights**2).sum()
    assert tilted == pytest.approx(1.96 * np.sqrt(0.25 / effective) + 0.5 / effective, rel=0.01)


@pytest.mark.parametrize("attribute", ["independent", "of a stratum"])
@pytest.mark.parametrize("rows", [400, 3000])
def test_in_95_of_100_samples_the_error_is_within_the_margin(attribute: str, rows: int) -> None:
    rng: Any = np.random.default_rng(8)
    strata = rng.choice(4, 6000, p=[0.7, 0.25, 0.04, 0.01])
    sizes, rates = np.bincount(strata), np.array([1.0, 1.0, 1.0, 1.4])
    value = rng.random(6000) < (0.5 if attribute == "independent" else np.array([0.1, 0.9, 0.5, 0.5])[strata])
    taken = allocate(sizes, rates, rows)
    margin, weights = margin_of_error(sizes, taken), weights_of(sizes, taken)
    codes = strata.astype(np.int16)
    within = 0
    for seed in range(SEEDS):
        chosen = select(lambda: [codes], sizes, rates, rows, seed)
        share = weights[chosen.strata] @ value[chosen.rows] / 6000
        within += abs(share - value.mean()) <= margin
    # Two standard deviations of a share of 95 % in so many samples.
    assert within / SEEDS >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / SEEDS)

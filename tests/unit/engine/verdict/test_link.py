"""The link: what it predicts, how sure it is, and that its interval is what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from synthos_engine.verdict.effect import EffectEstimate
from synthos_engine.verdict.link import Link, links


def effect(excess: float, error: float | None = 0.005) -> EffectEstimate:
    return EffectEstimate(excess, error, 9, 10)


def test_the_links_of_all_modalities_are_there() -> None:
    assert set(links()) == {"text", "table", "series"}
    for link in links().values():
        assert 0.3 < sum(link.weights.values()) < 1.5
        assert 0 < link.floor < 0.03
        assert 0 < link.spread < 0.6


def test_it_is_noise_at_small_effects_and_a_factor_at_large_ones() -> None:
    link = Link({"bits": 1.0}, floor=0.01, spread=0.2, degrees=5)
    small, large = link.predict({"bits": effect(0.0)}), link.predict({"bits": effect(1.0)})
    assert small is not None
    assert large is not None
    low, high = small.interval()
    assert low == pytest.approx(-high, rel=0.1)
    low, high = (math.log1p(bound) for bound in large.interval())
    assert math.log(2) / low == pytest.approx(high / math.log(2), rel=0.01)
    assert low > 0.3, "a large effect is never uncertain down to nothing"


def test_probability_and_interval_agree() -> None:
    found = Link({"ranked": 0.5, "bits": 0.5}, floor=0.005, spread=0.3, degrees=5).predict(
        {"ranked": effect(0.05), "bits": effect(0.03)}
    )
    assert found is not None
    low, high = found.interval()
    assert found.probability_above(low) == pytest.approx(0.975)
    assert found.probability_above(high) == pytest.approx(0.025)
    assert found.probability_above(found.excess) == pytest.approx(0.5)


def test_without_a_standard_error_there_is_no_prediction() -> None:
    assert Link({"bits": 1.0}, 0.01, 0.2, 5).predict({"bits": effect(0.1, None)}) is None


def test_the_interval_covers_what_it_says() -> None:
    rng = np.random.default_rng(0)
    link = Link({"bits": 0.6}, floor=0.008, spread=0.2, degrees=5)
    covered = 0
    for _ in range(2000):
        true = rng.choice([0.0, 0.02, 0.1, 0.8])
        found = link.predict({"bits": effect(math.expm1(true / 0.6), 0.0)})
        assert found is not None
        c = 0.008 / 0.2
        y = c * math.sinh(math.asinh(true / c) + 0.2 * rng.standard_t(5))
        low, high = found.interval()
        covered += low <= math.expm1(y) <= high
    assert 0.935 < covered / 2000 < 0.965

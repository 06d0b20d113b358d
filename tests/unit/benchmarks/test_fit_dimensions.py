"""The fit of the dimensions' scores, on made-up excesses, and what the engine was given."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.collapsebench.fit_dimensions import DAMAGES, TARGET, Case, fit, fitted
from benchmarks.collapsebench.modalities import MODALITIES
from synthos_engine.dimensions.calibration import calibrations
from synthos_engine.dimensions.names import RARE, SEMANTIC

RNG = np.random.default_rng(0)
BENIGN = np.maximum(0, RNG.normal(0, 0.01, 60))
DAMAGED = RNG.uniform(0.1, 0.8, 60)


def cases(benign: np.ndarray, damaged: np.ndarray, sources: int) -> list[Case]:
    groups = (("draw", "benign", benign), ("duplicated", "collapsed", damaged))
    return [
        Case(f"source {i % sources}", route, label, {RARE: float(excess)})
        for route, label, group in groups
        for i, excess in enumerate(group)
    ]


def test_healthy_data_score_high_and_damaged_ones_low() -> None:
    calibration = fit(BENIGN, DAMAGED)
    assert calibration.score(0.0) > 90
    assert calibration.score(0.8) < 10
    assert all(calibration.score(excess) >= calibration.threshold for excess in BENIGN)
    assert all(calibration.score(excess) < calibration.threshold for excess in DAMAGED)


def test_the_score_is_the_probability_of_health_where_the_two_overlap() -> None:
    benign, damaged = RNG.gamma(2, 0.02, 4000), RNG.gamma(2, 0.06, 4000)
    calibration = fit(benign, damaged)
    scores = np.array([calibration.score(excess) for excess in np.concatenate([benign, damaged])])
    healthy = np.repeat([1.0, 0.0], 4000)
    for low in range(10, 90, 20):
        here = (scores >= low) & (scores < low + 20)
        assert healthy[here].mean() == pytest.approx(scores[here].mean() / 100, abs=0.06)


def test_benign_data_that_differ_lower_the_threshold() -> None:
    lenient = fit(np.append(BENIGN, [0.3] * 3), DAMAGED)
    assert lenient.threshold < 50
    assert lenient.score(0.3) >= lenient.threshold


def test_sources_are_left_out_in_turn() -> None:
    fit_of_three = fitted(cases(BENIGN, DAMAGED, 3), RARE, ("duplicated",))
    assert fit_of_three is not None
    assert (fit_of_three[1].auroc, fit_of_three[1].benign_passed, fit_of_three[1].damaged_failed) == (1.0, 1.0, 1.0)
    fit_of_one = fitted(cases(BENIGN, DAMAGED, 1), RARE, ("duplicated",))
    assert fit_of_one is not None
    assert fit_of_one[1].benign_passed is None


def test_too_few_cases_are_not_fitted() -> None:
    assert fitted(cases(BENIGN, DAMAGED[:4], 3), RARE, ("duplicated",)) is None
    assert fitted(cases(BENIGN, DAMAGED, 3), SEMANTIC, ("duplicated",)) is None


@pytest.mark.parametrize("modality", MODALITIES)
def test_the_engine_has_a_fit_of_what_the_bench_can_damage(modality: str) -> None:
    assert TARGET.exists()
    assert set(calibrations(modality)) <= set(DAMAGES[modality])
    for calibration in calibrations(modality).values():
        assert calibration.slope > 0
        assert calibration.bound > 0
        assert 0 < calibration.threshold <= 50 <= calibration.score(0.0)

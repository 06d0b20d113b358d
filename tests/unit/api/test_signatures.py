"""The signature library: the stated formulas, and that unknown never turns into zero."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_api.results import DiversityMetrics
from synthos_api.signatures import prescreen


def metrics(**given_values: object) -> DiversityMetrics:
    return DiversityMetrics.model_validate(given_values)


def ids(result: object) -> list[str]:
    return [match.signature_id for match in result.matches]  # type: ignore[attr-defined]


def test_nothing_measured_gives_no_score_and_proceeds() -> None:
    result = prescreen(DiversityMetrics(), None)
    assert result.pre_risk_score is None
    assert result.matches == []
    assert result.should_proceed


def test_even_clusters_with_tails_and_no_duplicates_score_zero() -> None:
    result = prescreen(
        metrics(entropy=3.0, cluster_count=8, rare_pattern_percentage=2, outlier_percentage=1),
        duplicate_row_percentage=0,
    )
    assert (result.pre_risk_score, result.matches, result.should_proceed) == (0, [], True)


def test_constant_data_stops_the_cascade() -> None:
    result = prescreen(metrics(entropy=0.0, cluster_count=1), 99.99)
    assert not result.should_proceed
    assert result.pre_risk_score == 100
    assert ids(result)[0] == "narrowed/constant-data"


@pytest.mark.parametrize(
    ("given_metrics", "duplicates"),
    [
        (metrics(entropy=0.0, cluster_count=1), None),  # one cluster alone may be perfectly good data
        (metrics(entropy=0.0, cluster_count=1), 99.0),
        (metrics(entropy=0.1, cluster_count=2), 100.0),
        (metrics(), 100.0),
    ],
)
def test_anything_short_of_constant_proceeds(given_metrics: DiversityMetrics, duplicates: float | None) -> None:
    assert prescreen(given_metrics, duplicates).should_proceed


def test_duplication_is_the_share_of_repeated_rows() -> None:
    result = prescreen(DiversityMetrics(), 80.0)
    assert ids(result) == ["duplicated/exact-rows"]
    assert result.matches[0].similarity == pytest.approx(0.8)
    assert result.pre_risk_score == 80
    assert "deduplicate" in result.recommendation


def test_dominance_is_one_minus_pielou_evenness() -> None:
    sizes = [97, 1, 1, 1]
    entropy = -sum(s / 100 * math.log2(s / 100) for s in sizes)
    result = prescreen(metrics(entropy=entropy, cluster_count=4), None)
    assert result.matches[0].signature_id == "narrowed/cluster-dominance"
    assert result.matches[0].similarity == pytest.approx(1 - entropy / 2, abs=1e-4)


def test_vanished_tails_needs_both_dominance_and_missing_tails() -> None:
    dominant = {"entropy": 0.2, "cluster_count": 4}
    gone = prescreen(metrics(**dominant, rare_pattern_percentage=0, outlier_percentage=0), None)
    there = prescreen(metrics(**dominant, rare_pattern_percentage=1, outlier_percentage=1), None)
    assert "narrowed/vanished-tails" in ids(gone)
    assert "narrowed/vanished-tails" not in ids(there)


@given(
    entropy=st.floats(0, 6),
    clusters=st.integers(0, 64),
    rare=st.none() | st.floats(0, 100),
    outliers=st.none() | st.floats(0, 100),
    duplicates=st.none() | st.floats(0, 100),
)
def test_score_is_the_highest_similarity_and_only_constant_data_stops(
    entropy: float, clusters: int, rare: float | None, outliers: float | None, duplicates: float | None
) -> None:
    result = prescreen(
        metrics(entropy=entropy, cluster_count=clusters, rare_pattern_percentage=rare, outlier_percentage=outliers),
        duplicates,
    )
    similarities = [match.similarity for match in result.matches]
    assert similarities == sorted(similarities, reverse=True)
    if similarities:
        assert result.pre_risk_score == pytest.approx(100 * similarities[0], abs=0.6)
    assert result.should_proceed == ("narrowed/constant-data" not in ids(result))
    assert all(match.historical_outcome == "" for match in result.matches)

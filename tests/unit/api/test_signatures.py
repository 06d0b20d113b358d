"""The signature library: the stated formulas, and that unknown never turns into zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_api.results import DiversityMetrics, PreScreenResult
from synthos_api.signatures import prescreen


def metrics(**given_values: object) -> DiversityMetrics:
    return DiversityMetrics.model_validate(given_values)


def correlated(*values: float) -> DiversityMetrics:
    return metrics(correlations=[{"column_a": "a", "column_b": "b", "correlation": r} for r in values])


def found(result: PreScreenResult) -> dict[str, float]:
    return {match.signature_id: match.similarity for match in result.matches}


def test_nothing_measured_gives_no_score_and_proceeds() -> None:
    result = prescreen(DiversityMetrics(), None)
    assert result.pre_risk_score is None
    assert result.matches == []
    assert result.should_proceed


def test_diverse_data_score_zero() -> None:
    result = prescreen(metrics(entropy=3.0, cluster_count=8), duplicate_row_percentage=0, total_rows=100)
    assert (result.pre_risk_score, result.matches, result.should_proceed) == (0, [], True)


def test_constant_data_stops_the_cascade() -> None:
    result = prescreen(metrics(entropy=0.0, cluster_count=1), 99.9, 1000)
    assert not result.should_proceed
    assert result.pre_risk_score == 100
    assert found(result)["constant-data"] == 1.0
    assert "same" in result.recommendation


@pytest.mark.parametrize(
    ("duplicates", "rows"),
    [
        (None, 1000),  # one cluster alone may be perfectly good data
        (99.8, 1000),  # two different rows
        (99.9, None),
        (0.0, 1),  # a single row repeats nothing
        (50.0, 4),
    ],
)
def test_anything_short_of_constant_proceeds(duplicates: float | None, rows: int | None) -> None:
    assert prescreen(metrics(entropy=0.0, cluster_count=1), duplicates, rows).should_proceed


@pytest.mark.parametrize(("percent", "similarity"), [(0, 0), (5, 0), (27.5, 0.5), (50, 1), (90, 1)])
def test_duplication_from_five_percent_to_fifty(percent: float, similarity: float) -> None:
    result = prescreen(DiversityMetrics(), percent, 1000)
    assert found(result).get("heavy-duplication", 0) == pytest.approx(similarity)
    assert result.pre_risk_score == round(100 * similarity)


@pytest.mark.parametrize(("entropy", "similarity"), [(0.0, 0.5), (0.5, 0.25), (1.0, 0), (4.0, 0)])
def test_a_single_cluster_counts_half_at_most(entropy: float, similarity: float) -> None:
    assert found(prescreen(metrics(entropy=entropy), None)).get("single-cluster", 0) == pytest.approx(similarity)


def test_redundant_columns_count_the_perfect_pairs() -> None:
    result = prescreen(correlated(1.0, -0.9995, 0.9, 0.1), None)
    assert found(result) == {"redundant-columns": pytest.approx(0.25)}


@given(
    entropy=st.none() | st.floats(0, 6),
    pairs=st.lists(st.floats(-1, 1), max_size=8),
    duplicates=st.none() | st.floats(0, 100),
    rows=st.none() | st.integers(0, 10**9),
)
def test_score_is_the_highest_similarity_and_only_constant_data_stops(
    entropy: float | None, pairs: list[float], duplicates: float | None, rows: int | None
) -> None:
    measured = correlated(*pairs).model_copy(update={"entropy": entropy})
    result = prescreen(measured, duplicates, rows)
    similarities = [match.similarity for match in result.matches]
    assert similarities == sorted(similarities, reverse=True)
    if similarities:
        assert result.pre_risk_score == pytest.approx(100 * similarities[0], abs=0.51)
    assert result.should_proceed == ("constant-data" not in found(result))
    assert all(match.historical_outcome == "" for match in result.matches)

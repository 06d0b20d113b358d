"""The signature library: reading it, the geometry of its regions, and that unknown never turns into zero."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_api.errors import InternalError
from synthos_api.fingerprint import FINGERPRINT, fingerprint_of, fingerprint_of_metrics
from synthos_api.results import DiversityMetrics, PreScreenResult, ProfileResult
from synthos_api.signature_library import ANY, Extent, Outcome, Part, Signature, library, read_library
from synthos_api.signatures import FARTHEST, judged, logit, outcome_in_words, prescreen, prescreen_metrics

OUTCOME = Outcome(cases=15, collapsed=14, sources=4, families=["gru"], median_effect=0.12)


def extent(feature: str, side: Any = 1, weight: float = 1.0, centre: float = 4.0) -> Extent:
    return Extent(feature=feature, centre=centre, spread=0.5, side=side, weight=weight)


def signature(name: str, *extents: Extent, log_odds: float = 3.0, radius: float = 2.0) -> Signature:
    return Signature(
        signature_id=name,
        collapse_type="Type C",
        extents=list(extents),
        radius=radius,
        learnt_from=9,
        outcome=OUTCOME,
        log_odds=log_odds,
    )


def part(*signatures: Signature) -> Part:
    names = {extent.feature for one in signatures for extent in one.extents}
    return Part.model_validate(
        {"cases": 20, "collapsed": 8, "sources": ["a", "b"], "families": [], "base_rate": 0.4, "intercept": -2.0}
        | {"scales": {name: {"median": 10.0, "scale": 2.0} for name in names}, "signatures": list(signatures)}
    )


TWO = part(signature("x-repeated-01", extent("repeats"), extent("size", side=-1, weight=3.0, centre=-4.0)))


def similarity(**fingerprint: float) -> float:
    return judged(fingerprint, TWO).similarities["x-repeated-01"]


def profile(**given_values: Any) -> ProfileResult:
    plain = {"format": "CSV", "total_rows": 1000, "columns": 1, "size_bytes": 1, "metrics": {}}
    return ProfileResult.model_validate(plain | given_values)


# --- regions ----------------------------------------------------------------------------------


def test_the_centre_and_beyond_it_are_the_region_itself() -> None:
    assert similarity(repeats=18, size=2) == 1  # z = 4 and -4
    assert similarity(repeats=1e9, size=-1e9) == 1


def test_the_edge_is_half_alike() -> None:
    # D² = (1 · (2 / 0.5)² + 3 · 0) / 4 = 4, the radius is 2
    assert similarity(repeats=14, size=2) == pytest.approx(0.5)


def test_real_data_are_not_alike() -> None:
    assert similarity(repeats=10, size=10) < 1e-3


def test_a_closed_side_counts_both_ways() -> None:
    closed = part(signature("x-benign-01", extent("size", side=0, centre=0.0)))
    below, above = (judged({"size": value}, closed).similarities["x-benign-01"] for value in (6, 14))
    assert below == above < 0.1


def test_features_that_were_not_measured_are_left_out_of_the_distance() -> None:
    assert similarity(size=2) == 1
    assert judged({"size": 2.0}, TWO).coverage["x-repeated-01"] == 0.75


def test_nothing_measured_gives_no_risk() -> None:
    assert judged({}, TWO).risk is None
    assert judged({"other": 3.0}, TWO).risk is None
    assert judged({"size": math.nan}, TWO).risk is None


def test_half_known_is_half_as_far_from_the_base_rate() -> None:
    whole, half = judged({"repeats": 18.0, "size": 2.0}, TWO).risk, judged({"size": 2.0}, TWO).risk
    assert whole is not None
    assert half is not None
    assert logit(whole) == pytest.approx(-2 + 3)
    # similarity 1 of what is there, counted by 0.75; the sum again by 0.75 towards the base rate
    assert logit(half) == pytest.approx(logit(0.4) + 0.75 * (-2 + 3 * 0.75 - logit(0.4)))


@given(st.dictionaries(st.sampled_from(["repeats", "size"]), st.floats(-1e300, 1e300), min_size=1))
def test_any_numbers_give_a_probability(fingerprint: dict[str, float]) -> None:
    found = judged(fingerprint, TWO)
    assert found.risk is not None
    assert 0 <= found.risk <= 1
    assert all(0 <= value <= 1 for value in found.similarities.values())


def test_more_of_the_damage_is_never_less_alike() -> None:
    values = [similarity(repeats=value, size=6.0) for value in range(10, 20)]
    assert values == sorted(values)
    assert values[0] < values[-1]


# --- the package's library --------------------------------------------------------------------


def test_the_library_was_learnt_for_every_modality_and_from_todays_fingerprints() -> None:
    known = library()
    assert set(known.parts) == {"text", "table", "series", ANY}
    assert known.fingerprint == FINGERPRINT
    for name, one in known.parts.items():
        assert one.signatures, name
        assert all(signature.signature_id.startswith(f"{name}-") for signature in one.signatures)
        assert all(abs(e.centre) <= FARTHEST for signature in one.signatures for e in signature.extents)


def broken(change: str) -> dict[str, Any]:
    content = library().model_dump(mode="json")
    first = next(iter(content["parts"].values()))
    if change == "schema":
        content["schema_version"] = 99
    elif change == "fingerprints":
        content["fingerprint"] += 1
    elif change == "scale":
        first["scales"].clear()
    elif change == "twice":
        first["signatures"] += first["signatures"][:1]
    elif change == "field":
        del first["signatures"][0]["radius"]
    return content


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("schema", "schema_version"),
        ("fingerprints", "fingerprints of version"),
        ("scale", "without a scale"),
        ("twice", "same id"),
        ("field", "radius"),
    ],
)
def test_a_bad_library_is_an_error_that_says_what_is_wrong(tmp_path: Path, change: str, words: str) -> None:
    path = tmp_path / "library.json"
    path.write_text(json.dumps(broken(change)))
    with pytest.raises(InternalError, match=words) as refused:
        read_library(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"parts": NaN}'])
def test_what_is_no_library_at_all(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "library.json"
    path.write_bytes(content)
    with pytest.raises(InternalError, match=r"library\.json"):
        read_library(path)


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InternalError, match="nowhere"):
        read_library(tmp_path / "nowhere.json")


# --- the pre-screen ---------------------------------------------------------------------------


def test_nothing_measured_gives_no_score_and_proceeds() -> None:
    for result in (prescreen_metrics(DiversityMetrics()), prescreen(profile()), prescreen(profile(modality="text"))):
        assert (result.pre_risk_score, result.matches, result.should_proceed) == (None, [], True)
        assert "Nothing was measured" in result.recommendation


def test_metrics_alone_stay_nearer_to_the_base_rate_than_all_that_a_profile_has() -> None:
    base = library().parts[ANY].base_rate
    little = prescreen_metrics(DiversityMetrics(gini_coefficient=0.3)).pre_risk_score
    assert little is not None
    assert abs(little / 100 - base) < 0.25


def test_constant_data_stop_the_cascade() -> None:
    result = prescreen(profile(duplicate_row_percentage=99.9))
    assert not result.should_proceed
    assert result.pre_risk_score == 100
    assert [match.signature_id for match in result.matches] == ["constant-data"]
    assert "same" in result.recommendation


@pytest.mark.parametrize(
    ("duplicates", "rows"),
    [
        (None, 1000),
        (99.8, 1000),  # two different rows
        (0.0, 1),  # a single row repeats nothing
        (50.0, 4),
    ],
)
def test_anything_short_of_constant_proceeds(duplicates: float | None, rows: int) -> None:
    assert prescreen(profile(duplicate_row_percentage=duplicates, total_rows=rows)).should_proceed


@pytest.mark.parametrize("modality", ["text", "table", "series", "mixed", ""])
def test_copies_match_the_signature_of_copies(modality: str) -> None:
    result = prescreen(profile(modality=modality, fingerprint={"duplicate_share": 0.8}))
    by_id = {match.signature_id: match for match in result.matches}
    name = next(name for name in by_id if "-duplicated-" in name)
    assert by_id[name].similarity == 1
    assert by_id[name].collapse_type == "Type C"
    assert "cases" in by_id[name].historical_outcome
    assert result.should_proceed


@given(
    entropy=st.none() | st.floats(0, 10),
    clusters=st.none() | st.integers(0, 64),
    outliers=st.none() | st.floats(0, 100),
    duplicates=st.none() | st.floats(0, 100),
    modality=st.sampled_from(["", "text", "table", "series", "mixed"]),
)
def test_results_are_always_in_range(
    entropy: float | None, clusters: int | None, outliers: float | None, duplicates: float | None, modality: str
) -> None:
    metrics = {"entropy": entropy, "cluster_count": clusters, "outlier_percentage": outliers}
    result = prescreen(profile(metrics=metrics, duplicate_row_percentage=duplicates, modality=modality))
    assert result == PreScreenResult.model_validate_json(result.model_dump_json())
    assert result.recommendation
    similarities = [match.similarity for match in result.matches]
    assert similarities == sorted(similarities, reverse=True)


# --- fingerprints -----------------------------------------------------------------------------


def test_metrics_tell_what_they_have() -> None:
    pairs = [{"column_a": "a", "column_b": "b", "correlation": r} for r in (-1.0, 0.5)]
    metrics = DiversityMetrics.model_validate({"entropy": 2.5, "cluster_count": 8, "correlations": pairs})
    assert fingerprint_of_metrics(metrics) == {
        "entropy": 2.5,
        "cluster_count": 8.0,
        "largest_correlation": 1.0,
        "mean_correlation": 0.75,
        "redundant_pairs": 0.5,
    }


def test_the_profiles_own_fingerprint_goes_before_what_its_metrics_tell() -> None:
    found = fingerprint_of(profile(duplicate_row_percentage=50, fingerprint={"duplicate_share": 0.4, "x": 1}))
    assert found == {"duplicate_share": 0.4, "x": 1}
    assert fingerprint_of(profile(duplicate_row_percentage=50)) == {"duplicate_share": 0.5}


def test_an_outcome_in_words() -> None:
    assert outcome_in_words(OUTCOME) == "collapsed in 14 of 15 cases (4 sources), median +12% loss"
    nothing = OUTCOME.model_copy(update={"cases": 0, "collapsed": 0, "sources": 0, "median_effect": None})
    assert "no dataset" in outcome_in_words(nothing)

"""The termination message: what a pod says must fit, survive, and never crash its reader."""

from __future__ import annotations

import base64
import json
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_api.errors import CorruptData, to_info
from synthos_api.phases import (
    MAX_INFLATED_BYTES,
    TERMINATION_MESSAGE_BYTES,
    PhaseOutcome,
    decode_outcome,
    encode_outcome,
    thin,
)
from synthos_api.results import GradientStats, ModelResult, PairedLosses, SpectralMetrics, TierResult


def full_model(variant: int, rng: random.Random) -> ModelResult:
    value = rng.random
    return ModelResult(
        tier=1,
        variant=variant,
        model_size=76_000_000,
        training_loss=value(),
        validation_loss=value(),
        training_time_seconds=value() * 1000,
        training_rows=2_000_000,
        convergence_epoch=1,
        collapse_detected=False,
        spectral_metrics=SpectralMetrics(
            spectral_energy=value(),
            spectral_entropy=value(),
            frequency_concentration=value(),
            representation_variance=value(),
        ),
        gradient_stats=GradientStats(total_norm=value(), max_grad=value(), min_grad=-value(), grad_range=value()),
        loss_curve=[value() for _ in range(64)],
        reference_loss_curve=[value() for _ in range(64)],
        paired=PairedLosses(
            candidate_on_real=value(),
            reference_on_real=value(),
            candidate_on_candidate=value(),
            reference_on_candidate=value(),
            relative_excess=value(),
            holdout_standard_error=value(),
        ),
    )


def test_ten_full_models_fit_into_one_termination_message() -> None:
    rng = random.Random(0)
    tier = TierResult(tier=1, models=[full_model(i, rng) for i in range(1, 11)])
    outcome = PhaseOutcome(result_uri="s3://bucket/run/cascade/tier-1/result.json", sha256="a" * 64, tier=tier)
    message = encode_outcome(outcome)
    assert len(message.encode()) <= TERMINATION_MESSAGE_BYTES
    read = decode_outcome(message)
    assert read.tier is not None
    assert read.sha256 == outcome.sha256
    assert [m.training_loss for m in read.tier.models] == [m.training_loss for m in tier.models]
    assert [m.paired for m in read.tier.models] == [m.paired for m in tier.models]


@pytest.mark.parametrize("count", [16, 20, 32, 64])
def test_every_model_of_the_largest_tier_fits(count: int) -> None:
    """64 is the schema's maximum of variants; full-precision floats hardly compress."""
    rng = random.Random(count)
    models = [
        full_model(i, rng).model_copy(
            update={"model_size": 10_000_000_000, "collapse_detected": rng.random() < 0.5, "tier": 3}
        )
        for i in range(1, count + 1)
    ]
    uri = (
        "s3://a-bucket-with-a-name/synthos/team-namespace/customer-dataset-2025-11-0123abcd/cascade/tier-3/result.json"
    )
    digest = f"{rng.getrandbits(256):064x}"
    outcome = PhaseOutcome(result_uri=uri, sha256=digest, tier=TierResult(tier=3, models=models))
    message = encode_outcome(outcome)
    assert len(message.encode()) <= TERMINATION_MESSAGE_BYTES
    read = decode_outcome(message)
    assert read.tier is not None
    assert [m.variant for m in read.tier.models] == list(range(1, count + 1))
    for sent, got in zip(models, read.tier.models, strict=True):
        assert got.collapse_detected == sent.collapse_detected
        assert got.training_loss == pytest.approx(sent.training_loss, rel=1e-3)
        assert got.paired is not None
        assert sent.paired is not None
        assert got.paired.relative_excess == pytest.approx(sent.paired.relative_excess, rel=1e-3)


def test_where_not_even_the_models_fit_the_place_of_the_artifact_is_told() -> None:
    tier = TierResult(tier=1, models=[full_model(i, random.Random(i)) for i in range(1, 65)])
    outcome = PhaseOutcome(result_uri="s3://bucket/result.json", sha256="a" * 64, tier=tier)
    read = decode_outcome(encode_outcome(outcome, limit=256))
    assert (read.result_uri, read.sha256) == (outcome.result_uri, outcome.sha256)
    assert read.tier == TierResult(tier=1, models=[])


def test_a_small_outcome_is_readable_json() -> None:
    outcome = PhaseOutcome(error=to_info(CorruptData("line is not JSON").at("s3://bucket/a.jsonl", row=7)))
    message = encode_outcome(outcome)
    assert json.loads(message)["error"]["code"] == 1005
    assert "a.jsonl, row 7" in message
    assert decode_outcome(message) == outcome


def test_an_outcome_that_cannot_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode_outcome(PhaseOutcome(result_uri=random.Random(0).randbytes(500).hex()), limit=100)


def test_a_zip_bomb_is_refused() -> None:
    bomb = base64.b64encode(zlib.compress(b"0" * (MAX_INFLATED_BYTES * 4), 9)).decode()
    with pytest.raises(ValueError, match="beyond its limit"):
        decode_outcome('{"z":"' + bomb + '"}')


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for message in (text, '{"z":"' + text, '{"z":"' + text + '"}'):
        try:
            decode_outcome(message)
        except ValueError:
            continue


@given(st.lists(st.floats(0, 10), max_size=300), st.integers(0, 64))
def test_thinning_keeps_the_ends_and_the_bound(curve: list[float], points: int) -> None:
    short = thin(curve, points)
    assert len(short) == min(points, len(curve))
    if points >= 2 and len(curve) >= 2:
        assert (short[0], short[-1]) == (curve[0], curve[-1])

"""Types against the specification's numbers and the interfaces' sample."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from synthos_api import cost, presets
from synthos_api.v1alpha1 import CascadeSpec, TierSpec, ValidationRunSpec, ValidationRunStatus

SAMPLE = """
datasetId: ds_test123
validationId: val_test456
dataset:   {uri: s3://bucket/sample.parquet, format: PARQUET}
reference: {uri: s3://bucket/trusted.parquet}
through: Verdict
cascade:
  architecture: resonance_nn
  vocabSize: 50257
  targetModelSize: 7000000000
  tiers: [{tier: 1, modelSize: 76000000, variants: 10, trainingRows: 2000000, batchSize: 256, gpus: 2}]
suspend: false
cancel: false
deadlineSeconds: 172800
ttlSecondsAfterFinished: 604800
budget: {maxCostUSD: 2000, gpuHourUSD: 3.5}
"""


def test_the_documented_sample_is_read_with_every_field() -> None:
    given = yaml.safe_load(SAMPLE)
    written = ValidationRunSpec.model_validate(given).to_kube()
    for key in ("datasetId", "validationId", "dataset", "reference", "deadlineSeconds", "ttlSecondsAfterFinished"):
        assert written[key] == given[key]
    assert written["budget"] == given["budget"]
    assert given["cascade"]["tiers"][0].items() <= written["cascade"]["tiers"][0].items()


def test_synthos_18_is_the_specifications_cascade() -> None:
    tiers = presets.tiers_of(CascadeSpec())
    assert [(t.model_size, t.variants, t.training_rows, t.gpus, t.batch_size) for t in tiers] == [
        (76_000_000, 10, 2_000_000, 2, 256),
        (454_000_000, 5, 10_000_000, 3, 128),
        (983_000_000, 3, 20_000_000, 4, 64),
    ]
    assert sum(t.variants for t in tiers) == 18


def test_nano_is_scheduled_like_the_full_cascade() -> None:
    assert [t.gpus for t in presets.NANO] == [2, 3, 4]
    assert presets.vocabulary_of(CascadeSpec(preset="nano")) == presets.BYTE_VOCABULARY


def test_own_tiers_come_in_order() -> None:
    tiers = [TierSpec(tier=n, model_size=1000, variants=1, training_rows=1) for n in (2, 1)]
    assert [t.tier for t in presets.tiers_of(CascadeSpec(tiers=tiers))] == [1, 2]


@pytest.mark.parametrize("uri", ["", "http://host/x", "s3://b/x", "s3://UPPER/x", "s3://bucket", "relative/path"])
def test_a_uri_outside_the_known_schemes_is_refused(uri: str) -> None:
    with pytest.raises(ValidationError):
        ValidationRunSpec.model_validate({"dataset": {"uri": uri}})


def test_planned_flops_follow_six_n_d() -> None:
    tier = TierSpec(tier=1, model_size=1000, variants=2, training_rows=10, batch_size=4, context_length=16)
    assert cost.planned_tokens(tier) == 3 * 4 * 16
    assert cost.planned_flops(tier) == 6 * 1000 * 192 * 2


def test_progress_is_weighted_by_flops_and_ends_at_100() -> None:
    tiers = presets.SYNTHOS_18
    assert cost.progress_percent(tiers, {1: 1, 2: 1, 3: 1}) == pytest.approx(100)
    assert cost.progress_percent(tiers, {1: 1}) < 5  # ten tiny models are a small part of the work
    assert cost.progress_percent(tiers, {1: 7, 2: -1}) == cost.progress_percent(tiers, {1: 1})


def test_cost_is_gpu_hours_times_price() -> None:
    assert cost.cost_usd(7200, 3.5) == 7


def test_an_empty_status_is_readable() -> None:
    """A run that the operator has not seen yet, or that a newer operator wrote."""
    assert ValidationRunStatus.model_validate({}).phase == "Pending"
    assert ValidationRunStatus.model_validate({"phase": "Training", "later": 1}).phase == "Training"


def test_small_models_get_short_sequences_unless_told_otherwise() -> None:
    """A tier given in full over gRPC has no field for it."""
    fields = {"tier": 1, "variants": 1, "training_rows": 10}
    assert TierSpec(model_size=30_000, **fields).sequence_length == 128
    assert TierSpec(model_size=76_000_000, **fields).sequence_length == 1024
    assert TierSpec(model_size=30_000, context_length=64, **fields).sequence_length == 64

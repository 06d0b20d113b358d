"""What a real API server makes of our CRDs: defaults, refusals, one-way fields, teaching."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hack.localcluster.api import Cluster, ClusterError
from synthos_api.v1alpha1 import API_VERSION, ValidationRunSpec

MINIMAL: dict[str, Any] = {"dataset": {"uri": "s3://bucket/sample.parquet"}}
TIER = {"tier": 1, "modelSize": 1000, "variants": 1, "trainingRows": 10}


def create(cluster: Cluster, namespace: str, spec: dict[str, Any]) -> dict[str, Any]:
    body = {"apiVersion": API_VERSION, "kind": "ValidationRun", "metadata": {"name": "run"}, "spec": spec}
    answer = cluster.run_kubectl("create", "-n", namespace, "-f", "-", "-o", "json", input_text=json.dumps(body))
    return dict(json.loads(answer))


def patch(cluster: Cluster, namespace: str, spec: dict[str, Any]) -> None:
    cluster.run_kubectl("patch", "vrun", "run", "-n", namespace, "--type=merge", "-p", json.dumps({"spec": spec}))


def test_defaults_are_those_of_the_types(control_plane: Cluster, namespace: str) -> None:
    """The API server and pydantic fill in the same values."""
    spec = create(control_plane, namespace, MINIMAL)["spec"]
    assert ValidationRunSpec.model_validate(spec) == ValidationRunSpec.model_validate(MINIMAL)
    assert spec["through"] == "Verdict"
    assert spec["budget"] == {"gpuHourUSD": 3.5}


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        pytest.param({}, "spec.dataset: Required", id="no dataset"),
        pytest.param({"dataset": {"uri": "http://host/file"}}, "spec.dataset.uri", id="a scheme we do not read"),
        pytest.param({**MINIMAL, "through": "Nowhere"}, "spec.through", id="an unknown phase"),
        pytest.param({**MINIMAL, "deadlineSeconds": 0}, "spec.deadlineSeconds", id="no time at all"),
        pytest.param({**MINIMAL, "budget": {"maxCostUSD": 0}}, "maxCostUSD", id="no money at all"),
        pytest.param(
            {**MINIMAL, "cascade": {"preset": "nano", "tiers": [TIER]}}, "either preset or tiers", id="preset and tiers"
        ),
        pytest.param({**MINIMAL, "cascade": {"tiers": [TIER, TIER]}}, "may occur once", id="a tier twice"),
        pytest.param({**MINIMAL, "cascade": {"tiers": [{**TIER, "tier": 4}]}}, "tier", id="a fourth tier"),
        pytest.param({**MINIMAL, "cascade": {"tiers": [{**TIER, "gpus": -1}]}}, "gpus", id="fewer than no GPUs"),
    ],
)
def test_nonsense_is_refused_with_its_field(
    control_plane: Cluster, namespace: str, spec: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClusterError, match=said):
        create(control_plane, namespace, spec)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dataset": {"uri": "s3://bucket/other.parquet"}}, "is immutable"),
        ({"reference": {"uri": "s3://bucket/other.parquet"}}, "reference is immutable"),
        ({"cascade": {"preset": "nano"}}, "cascade is immutable"),
        ({"seed": 1}, "seed is immutable"),
        ({"datasetId": "other"}, "datasetId is immutable"),
        ({"through": "Profile"}, "never shortened"),
    ],
)
def test_what_defines_a_run_cannot_change(
    control_plane: Cluster, namespace: str, change: dict[str, Any], said: str
) -> None:
    create(control_plane, namespace, MINIMAL)
    with pytest.raises(ClusterError, match=said):
        patch(control_plane, namespace, change)


def test_what_steers_a_run_can_change_and_cancel_is_one_way(control_plane: Cluster, namespace: str) -> None:
    create(control_plane, namespace, {**MINIMAL, "through": "Profile"})
    patch(control_plane, namespace, {"suspend": True, "through": "Cascade", "deadlineSeconds": 60})
    patch(control_plane, namespace, {"suspend": False, "cancel": True})
    with pytest.raises(ClusterError, match="one-way"):
        patch(control_plane, namespace, {"cancel": False})


def test_kubectl_shows_the_columns_and_explains(control_plane: Cluster, namespace: str) -> None:
    create(control_plane, namespace, MINIMAL)
    header = control_plane.run_kubectl("get", "vrun", "-n", namespace).splitlines()[0]
    assert header.split() == ["NAME", "PHASE", "PROGRESS", "VERDICT", "RISK", "AGE"]
    wide = control_plane.run_kubectl("get", "synthos", "-n", namespace, "-o", "wide").splitlines()[0]
    assert {"MODELS", "COST", "ERROR"} <= set(wide.split())
    told = control_plane.run_kubectl("explain", "vrun.spec.cascade.tiers.gpus")
    assert "nvidia.com/gpu" in told

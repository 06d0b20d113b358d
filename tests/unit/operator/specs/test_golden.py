"""Each builder against a YAML file that people can read. SYNTHOS_UPDATE_GOLDEN=1 rewrites the files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from synthos_api.phases import PhaseConfig
from synthos_api.v1alpha1 import DatasetRef, TierSpec
from synthos_operator.config import Trainer
from synthos_operator.specs.event import build_event
from synthos_operator.specs.job import build_job
from synthos_operator.specs.owners import Owner
from synthos_operator.specs.tier import build_service, build_tier

GOLDEN = Path(__file__).parent / "golden"
TIER = TierSpec(tier=2, model_size=454_000_000, variants=5, training_rows=10_000_000, batch_size=128, gpus=3)
RUN = Owner(kind="ValidationRun", name="demo", uid="run-uid")
FULL = Trainer.model_validate(
    {
        "image": "registry.example/trainer:1.2",
        "imagePullPolicy": "Always",
        "imagePullSecrets": ["pull"],
        "command": ["python", "-m", "synthos_engine.worker"],
        "serviceAccountName": "synthos-trainer",
        "env": [{"name": "AWS_ENDPOINT_URL_S3", "value": "https://s3.example"}],
        "envFromSecrets": ["s3-keys"],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data", "readOnly": True}}],
        "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": True}],
        "annotations": {"example.org/team": "ml"},
        "labels": {"kueue.x-k8s.io/queue-name": "gpus"},
        "gpuPool": {
            "nodeSelector": {"pool": "h200"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
            "runtimeClassName": "nvidia",
            "priorityClassName": "batch",
        },
    }
)


def phase(**fields: Any) -> PhaseConfig:
    return PhaseConfig(
        run="ns/demo",
        dataset=DatasetRef(uri="s3://data/set.csv"),
        artifacts_uri="s3://artifacts/ns/demo",
        sample_rows=1000,
        tiers=(TIER,),
        **fields,
    )


def job(trainer: Trainer, config: PhaseConfig, **fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"owner": RUN, "gpus": 0, "nodes": 1, **fields}
    return build_job(
        namespace="ns",
        run="demo",
        run_uid="run-uid",
        phase=config,
        trainer=trainer,
        progress_port=8080,
        active_deadline_seconds=3600,
        **values,
    )


CASES: dict[str, dict[str, Any]] = {
    "job-profile": job(Trainer(image="trainer:1"), phase(phase="Profile"), step="profile"),
    "job-tier": job(
        FULL,
        phase(phase="Cascade", tier=2, attempt=3, micro_batch_divisor=2),
        step="tier-2",
        gpus=3,
        owner=Owner(kind="CascadeTier", name="demo-tier-2", uid="tier-uid"),
    ),
    "job-tier-two-nodes": job(
        Trainer(image="trainer:1"), phase(phase="Cascade", tier=2), step="tier-2", gpus=4, nodes=2
    ),
    "job-verdict": job(Trainer(image="trainer:1"), phase(phase="Verdict"), step="verdict", gpus=1),
    "tier": build_tier(namespace="ns", run="demo", run_uid="run-uid", owner=RUN, tier=TIER),
    "service": build_service(namespace="ns", name="demo-tier-2-1-x", job_labels={"a": "b"}, owner=RUN),
    "event": build_event(
        namespace="ns",
        name="demo-0105-x",
        about=RUN,
        reason="TierStarted",
        message="tier 1: Job demo-tier-1-1-x",
        kind="Normal",
        timestamp="2025-11-01T12:00:00Z",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_builder_gives_the_golden_object(name: str) -> None:
    file = GOLDEN / f"{name}.yaml"
    if os.environ.get("SYNTHOS_UPDATE_GOLDEN"):
        file.write_text(yaml.safe_dump(CASES[name], sort_keys=False, width=110), encoding="utf-8")
    assert CASES[name] == yaml.safe_load(file.read_text(encoding="utf-8"))


def test_builders_share_no_mutable_part() -> None:
    """A change of one object's labels must not reach another's."""
    made = CASES["job-tier"]
    assert made["metadata"]["labels"] is not made["spec"]["template"]["metadata"]["labels"]
    made["spec"]["template"]["spec"]["nodeSelector"]["x"] = "y"
    assert FULL.gpu_pool.node_selector == {"pool": "h200"}
    del made["spec"]["template"]["spec"]["nodeSelector"]["x"]


def test_an_events_message_is_cut_between_characters() -> None:
    event = build_event(
        namespace="ns", name="e", about=RUN, reason="R", message="é" * 2000, kind="Normal", timestamp="t"
    )
    assert event["message"] == "é" * 512

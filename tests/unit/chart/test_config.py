"""The ConfigMap is what the operator reads: OperatorConfig accepts it, and every value arrives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from synthos_api.phases import PhaseConfig
from synthos_api.presets import NANO
from synthos_api.v1alpha1 import DatasetRef
from synthos_operator.config import OperatorConfig, Trainer, load
from synthos_operator.specs.job import build_job
from synthos_operator.specs.owners import Owner

from .conftest import Object, Render
from .objects import one

POOL = {
    "nodeSelector": {"gpu": "h200"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
    "runtimeClassName": "nvidia",
    "priorityClassName": "batch",
}
TRAINER: Object = {
    "image": {"repository": "registry.example/trainer", "tag": "1.2", "pullPolicy": "Always"},
    "command": ["python"],
    "args": ["-m", "synthos_engine.worker"],
    "serviceAccount": {"name": "training"},
    "runAsUser": 1000650000,
    "podLabels": {"kueue.x-k8s.io/queue-name": "gpus"},
    "podAnnotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
    "extraEnv": [{"name": "AWS_CA_BUNDLE", "value": "/etc/ca/bundle.pem"}],
    "extraVolumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    "extraVolumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": True}],
    "resources": {"cascade": {"requests": {"cpu": 8, "memory": "32Gi"}, "limits": {"memory": "128Gi", "cpu": 0.5}}},
    "shmSize": "8Gi",
    "tmpSize": "50Gi",
    "terminationGracePeriodSeconds": 300,
    "gpuResource": "amd.com/gpu",
    "verdictGpus": 2,
    "cpuPool": {"nodeSelector": {"pool": "cpu"}},
    "gpuPool": POOL,
}


def config_of(objects: list[Object], tmp_path: Path) -> OperatorConfig:
    """Read as the operator reads it: from the file."""
    file = tmp_path / "operator.yaml"
    file.write_text(one(objects, "ConfigMap", "synthos-operator-config")["data"]["operator.yaml"])
    return load(file)


def test_defaults_are_those_of_the_operator(render: Render, tmp_path: Path) -> None:
    """One home for every default would be better; helm needs them in values.yaml, so they are compared."""
    config = config_of(render(), tmp_path)
    plain = OperatorConfig(artifacts_uri="file:///artifacts", trainer=Trainer(image="localhost/synthos-trainer:0.1.0"))
    expected = plain.model_copy(
        update={"trainer": plain.trainer.model_copy(update={"service_account_name": "synthos-trainer"})}
    )
    assert config == expected


def test_every_trainer_setting_arrives(render: Render, tmp_path: Path) -> None:
    trainer = config_of(render({"trainer": TRAINER, "imagePullSecrets": [{"name": "pull"}]}), tmp_path).trainer
    assert trainer.image == "registry.example/trainer:1.2"
    assert trainer.image_pull_policy == "Always"
    assert trainer.image_pull_secrets == ["pull"]
    assert trainer.command == ["python"]
    assert trainer.args == ["-m", "synthos_engine.worker"]
    assert trainer.service_account_name == "training"
    assert trainer.run_as_user == 1000650000
    assert trainer.labels == TRAINER["podLabels"]
    assert trainer.annotations == TRAINER["podAnnotations"]
    assert trainer.env == TRAINER["extraEnv"]
    assert trainer.volumes == TRAINER["extraVolumes"]
    assert trainer.volume_mounts == TRAINER["extraVolumeMounts"]
    assert trainer.resources.cascade.requests == {"cpu": "8", "memory": "32Gi"}
    assert trainer.resources.cascade.limits == {"memory": "128Gi", "cpu": "0.5"}
    assert (trainer.shm_size, trainer.tmp_size) == ("8Gi", "50Gi")
    assert trainer.termination_grace_period_seconds == 300
    assert (trainer.gpu_resource, trainer.verdict_gpus) == ("amd.com/gpu", 2)
    assert trainer.cpu_pool.node_selector == {"pool": "cpu"}
    assert trainer.gpu_pool.model_dump(by_alias=True) == POOL


def test_empty_requests_and_limits_are_allowed(render: Render, tmp_path: Path) -> None:
    nothing: Object = {"requests": None, "limits": {"memory": None}}
    trainer = config_of(render({"trainer": {"resources": {"profile": nothing}}}), tmp_path).trainer
    assert trainer.resources.profile.requests == {}
    assert trainer.resources.profile.limits == {}


def test_operator_settings_arrive(render: Render, tmp_path: Path) -> None:
    timing = {
        "progressPollSeconds": 1,
        "progressTimeoutSeconds": 0.5,
        "progressWriteSeconds": 2,
        "stalledAfterSeconds": 30,
        "resyncSeconds": 15,
    }
    retry = {"baseSeconds": 2, "maxSeconds": 20, "maxInterruptions": 1}
    lease = {"durationSeconds": 30, "renewDeadlineSeconds": 20, "retryPeriodSeconds": 4}
    settings = {"workers": 3, "timing": timing, "retry": retry, "lease": lease}
    config = config_of(render({"operator": settings}), tmp_path)
    assert config.workers == 3
    assert config.timing.model_dump(by_alias=True) == timing
    assert config.retry.model_dump(by_alias=True) == retry
    assert config.lease.model_dump(by_alias=True, exclude_none=True) == {"name": "synthos-operator", **lease}


@pytest.mark.parametrize(
    ("s3", "env", "secrets"),
    [
        ({}, {}, []),
        (
            {"endpoint": "http://s3.storage.svc:7070", "region": "eu-west-1"},
            {"AWS_ENDPOINT_URL_S3": "http://s3.storage.svc:7070", "AWS_REGION": "eu-west-1"},
            [],
        ),
        ({"existingSecret": "keys"}, {}, ["keys"]),
        ({"accessKeyId": "id", "secretAccessKey": "secret"}, {}, ["synthos-s3"]),
    ],
)
def test_s3_settings_become_what_aws_tools_read(
    render: Render, tmp_path: Path, s3: Object, env: dict[str, str], secrets: list[str]
) -> None:
    config = config_of(render({"s3": {"artifactsURI": "s3://runs/all", **s3}}), tmp_path)
    assert config.artifacts_uri == "s3://runs/all"
    assert {item["name"]: item["value"] for item in config.trainer.env} == env
    assert config.trainer.env_from_secrets == secrets


def test_inline_credentials_stay_out_of_the_configuration(render: Render) -> None:
    objects = render({"s3": {"accessKeyId": "the-id", "secretAccessKey": "the-secret"}})
    secret = one(objects, "Secret", "synthos-s3", "validation")
    assert secret["stringData"] == {"AWS_ACCESS_KEY_ID": "the-id", "AWS_SECRET_ACCESS_KEY": "the-secret"}
    others = yaml.safe_dump([item for item in objects if item["kind"] != "Secret"])
    assert "the-id" not in others
    assert "the-secret" not in others


def test_a_changed_configuration_rolls_the_operator(render: Render) -> None:
    def checksum(values: Object) -> Any:
        deployment = one(render(values), "Deployment", "synthos-operator")
        return deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]

    assert checksum({}) == checksum({})
    assert checksum({}) != checksum({"trainer": {"shmSize": "2Gi"}})


def job_of(config: OperatorConfig, phase: str) -> Object:
    tier = NANO[0] if phase == "Cascade" else None
    document = {
        "phase": phase,
        "run": "validation/first",
        "dataset": DatasetRef(uri="s3://bucket/data.csv"),
        "artifacts_uri": "s3://bucket/artifacts",
        "sample_rows": 10,
        "tiers": NANO,
        "tier": tier.tier if tier else None,
    }
    return build_job(
        namespace="validation",
        run="first",
        run_uid="uid",
        step="tier-1",
        owner=Owner(api_version="synthos.dev/v1alpha1", kind="ValidationRun", name="first", uid="uid"),
        phase=PhaseConfig.model_validate(document),
        trainer=config.trainer,
        progress_port=config.progress_port,
        gpus=2,
        nodes=1,
        active_deadline_seconds=60,
    )


def test_the_jobs_made_with_it_have_the_pools_settings(render: Render, tmp_path: Path) -> None:
    config = config_of(render({"trainer": TRAINER}), tmp_path)
    tier = job_of(config, "Cascade")["spec"]["template"]["spec"]
    assert tier["runtimeClassName"] == "nvidia"
    assert tier["priorityClassName"] == "batch"
    assert tier["tolerations"] == POOL["tolerations"]
    assert tier["containers"][0]["resources"]["limits"]["amd.com/gpu"] == "2"
    assert tier["automountServiceAccountToken"] is False
    profile = job_of(config, "Profile")["spec"]["template"]["spec"]
    assert profile["nodeSelector"] == {"pool": "cpu"}
    assert "runtimeClassName" not in profile

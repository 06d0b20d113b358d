"""The operator's configuration file: where artifacts go, how trainer pods look, how patient it is.

One YAML document, camelCase as in Helm values; the chart mounts it from a ConfigMap. Everything a
platform engineer may wish to set on the trainer pods has a named field here, so that the custom
resources stay small and users of ValidationRun need no rights over pods.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from synthos_api.errors import UsageError
from synthos_api.progress import PROGRESS_PORT, PhaseName

KubeObject = dict[str, Any]
"""A fragment of the Kubernetes API (a volume, a toleration), passed on as it is."""


class Section(BaseModel):
    """camelCase in the file; a misspelt field is an error, not a silent default."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Resources(Section):
    """CPU, memory and ephemeral storage of a trainer container; GPUs come from the tier."""

    requests: dict[str, str] = {}
    limits: dict[str, str] = {}


class Pool(Section):
    """Where pods may run: the settings of one node pool."""

    node_selector: dict[str, str] = {}
    tolerations: list[KubeObject] = []
    affinity: KubeObject = {}
    runtime_class_name: str | None = None
    priority_class_name: str | None = None


class Phases(Section):
    """One set of resources for each kind of pod."""

    profile: Resources = Resources(requests={"cpu": "1", "memory": "2Gi"}, limits={"memory": "8Gi"})
    cascade: Resources = Resources(requests={"cpu": "4", "memory": "16Gi"}, limits={"memory": "64Gi"})
    verdict: Resources = Resources(requests={"cpu": "2", "memory": "8Gi"}, limits={"memory": "32Gi"})

    def of(self, phase: PhaseName) -> Resources:
        return {"Profile": self.profile, "Cascade": self.cascade, "Verdict": self.verdict}[phase]


class Trainer(Section):
    """What every trainer pod is made of."""

    image: str = Field(min_length=1)
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    image_pull_secrets: list[str] = []
    command: list[str] = Field(default=[], description="Instead of the image's entry point; empty keeps it.")
    args: list[str] = []
    service_account_name: str = "default"
    run_as_user: int = Field(default=65532, ge=1)
    env: list[KubeObject] = Field(default=[], description="EnvVar objects, for example the S3 endpoint.")
    env_from_secrets: list[str] = Field(default=[], description="Secrets whose keys become variables (S3 keys).")
    volumes: list[KubeObject] = []
    volume_mounts: list[KubeObject] = []
    annotations: dict[str, str] = {}
    labels: dict[str, str] = Field(default={}, description="Added to Jobs and pods, for example a Kueue queue name.")
    resources: Phases = Phases()
    cpu_pool: Pool = Field(default=Pool(), description="Pool of the profile pods.")
    gpu_pool: Pool = Field(default=Pool(), description="Pool of the tier and verdict pods.")
    gpu_resource: str = Field(default="nvidia.com/gpu", description="Name of the extended resource.")
    verdict_gpus: int = Field(default=1, ge=0, le=64)
    shm_size: str = "1Gi"
    tmp_size: str = "10Gi"
    termination_grace_period_seconds: int = Field(default=120, ge=1, description="Time to save state on SIGTERM.")


class Retry(Section):
    """Back-off between attempts: base x 2^(failures - 1), at most `max_seconds`, and a second at least."""

    base_seconds: float = Field(default=10, ge=0)
    max_seconds: float = Field(default=600, ge=0)
    max_interruptions: int = Field(
        default=20, ge=0, description="Preemptions and lost pods of one step that do not count as failures."
    )


class Timing(Section):
    """How often the operator looks and writes, in seconds."""

    progress_poll_seconds: float = Field(default=5, gt=0)
    progress_timeout_seconds: float = Field(default=3, gt=0)
    progress_write_seconds: float = Field(
        default=10, ge=0, description="At most one progress write per object in this time."
    )
    stalled_after_seconds: float = Field(default=120, gt=0, description="Silence of a pod until it counts as stalled.")
    resync_seconds: float = Field(default=60, gt=0)


class LeaseSettings(Section):
    """Leader election through a coordination.k8s.io Lease; the defaults are those of Kubernetes' own components."""

    name: str = "synthos-operator"
    namespace: str | None = Field(default=None, description="Of the operator's pod if unset.")
    duration_seconds: int = Field(default=15, ge=2)
    renew_deadline_seconds: float = Field(default=10, gt=0)
    retry_period_seconds: float = Field(default=2, gt=0)


class OperatorConfig(Section):
    artifacts_uri: Annotated[
        str,
        Field(
            pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?|file:///.+|/.+)$",
            description="Runs write below it, each in NAMESPACE/NAME-UID: s3://bucket/prefix, or a path on a volume.",
        ),
    ]
    trainer: Trainer
    retry: Retry = Retry()
    timing: Timing = Timing()
    lease: LeaseSettings = LeaseSettings()
    progress_port: int = Field(default=PROGRESS_PORT, ge=1, le=65535)
    workers: int = Field(default=8, ge=1, le=256, description="Runs reconciled at the same time.")


def load(path: Path) -> OperatorConfig:
    """Read the configuration file.

    Raises:
        UsageError: the file cannot be read, is no YAML, or has a wrong or unknown field.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the configuration: {error.strerror}").at(str(path)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration is not YAML: {error}").at(str(path)) from error
    try:
        return OperatorConfig.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'document'}: {e['msg']}" for e in error.errors())
        raise UsageError(f"wrong configuration: {problems}").at(str(path)) from error

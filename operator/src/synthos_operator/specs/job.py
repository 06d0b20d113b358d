"""The Job of one attempt of one step: complete in itself, created once, never changed afterwards."""

from __future__ import annotations

from typing import Any

from synthos_api import errors
from synthos_api.phases import CONFIG_ENV, GRACE_ENV, PORT_ENV, PhaseConfig
from synthos_operator.config import KubeObject, Pool, Trainer

from . import labels, names
from .owners import Owner, reference

CONTAINER = "trainer"
PROGRESS_PORT_NAME = "progress"
FAILURE_EXIT_CODES = (
    errors.POD_EXIT_DATA,
    errors.POD_EXIT_MODEL,
    errors.POD_EXIT_RESOURCE,
    errors.POD_EXIT_TIMEOUT,
    errors.POD_EXIT_INTERNAL,
)
EXIT_SECONDS = 10
"""Of the pod's grace period, kept for the worker's own end after its state is saved."""

RENDEZVOUS_PORT = 29500
"""torchrun's customary port."""


def build_job(
    *,
    namespace: str,
    run: str,
    run_uid: str,
    step: str,
    owner: Owner,
    phase: PhaseConfig,
    trainer: Trainer,
    progress_port: int,
    gpus: int,
    nodes: int,
    active_deadline_seconds: int,
) -> KubeObject:
    """batch/v1 Job of attempt `phase.attempt`.

    One pod, never restarted in place. The exit code of the trainer decides (podFailurePolicy): a
    category's code fails the Job at once; a disruption (drain, preemption by the scheduler) is no
    failure, the Job replaces the pod. With `nodes` > 1 an Indexed Job with torchrun's variables.
    """
    name = names.job_name(run=run, run_uid=run_uid, step=step, attempt=phase.attempt)
    marks = labels.job_labels(
        run=run, run_uid=run_uid, phase=phase.phase, step=step, tier=phase.tier, attempt=phase.attempt
    )
    pod = _pod_spec(name=name, phase=phase, trainer=trainer, progress_port=progress_port, gpus=gpus, nodes=nodes)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {**trainer.labels, **marks},
            "ownerReferences": [reference(owner)],
        },
        "spec": {
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "activeDeadlineSeconds": active_deadline_seconds,
            "podFailurePolicy": _pod_failure_policy(),
            **_spread(nodes),
            "template": {
                "metadata": {
                    "labels": {**trainer.labels, **marks},
                    **({"annotations": dict(trainer.annotations)} if trainer.annotations else {}),
                },
                "spec": pod,
            },
        },
    }


def _pod_failure_policy() -> KubeObject:
    """Our own exit codes first: a pod that reported an error and was then disrupted has still failed."""
    return {
        "rules": [
            {
                "action": "FailJob",
                "onExitCodes": {"containerName": CONTAINER, "operator": "In", "values": list(FAILURE_EXIT_CODES)},
            },
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
        ]
    }


def _spread(nodes: int) -> KubeObject:
    if nodes == 1:
        return {"completions": 1, "parallelism": 1}
    return {"completions": nodes, "parallelism": nodes, "completionMode": "Indexed"}


def _pod_spec(
    *, name: str, phase: PhaseConfig, trainer: Trainer, progress_port: int, gpus: int, nodes: int
) -> KubeObject:
    pool = trainer.cpu_pool if phase.phase == "Profile" else trainer.gpu_pool
    spec: KubeObject = {
        "restartPolicy": "Never",
        "serviceAccountName": trainer.service_account_name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": trainer.termination_grace_period_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": trainer.run_as_user,
            "runAsGroup": trainer.run_as_user,
            "fsGroup": trainer.run_as_user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [
            _container(name=name, phase=phase, trainer=trainer, progress_port=progress_port, gpus=gpus, nodes=nodes)
        ],
        "volumes": [
            {"name": "tmp", "emptyDir": {"sizeLimit": trainer.tmp_size}},
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": trainer.shm_size}},
            *trainer.volumes,
        ],
        **_placement(pool),
    }
    if trainer.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": secret} for secret in trainer.image_pull_secrets]
    if nodes > 1:
        spec["subdomain"] = name
    return spec


def _placement(pool: Pool) -> KubeObject:
    wanted: dict[str, Any] = {
        "nodeSelector": dict(pool.node_selector),
        "tolerations": list(pool.tolerations),
        "affinity": dict(pool.affinity),
        "runtimeClassName": pool.runtime_class_name,
        "priorityClassName": pool.priority_class_name,
    }
    return {key: value for key, value in wanted.items() if value}


def _container(
    *, name: str, phase: PhaseConfig, trainer: Trainer, progress_port: int, gpus: int, nodes: int
) -> KubeObject:
    resources = trainer.resources.of(phase.phase)
    limits = dict(resources.limits)
    if gpus:
        limits[trainer.gpu_resource] = str(gpus)
    container: KubeObject = {
        "name": CONTAINER,
        "image": trainer.image,
        "imagePullPolicy": trainer.image_pull_policy,
        "env": [
            {"name": CONFIG_ENV, "value": phase.model_dump_json(exclude_none=True)},
            {"name": PORT_ENV, "value": str(progress_port)},
            {"name": GRACE_ENV, "value": str(max(1, trainer.termination_grace_period_seconds - EXIT_SECONDS))},
            *_torchrun_environment(name=name, nodes=nodes, gpus=gpus),
            *trainer.env,
        ],
        "ports": [{"name": PROGRESS_PORT_NAME, "containerPort": progress_port, "protocol": "TCP"}],
        "resources": {"requests": dict(resources.requests), "limits": limits},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "terminationMessagePolicy": "File",
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a mount point in the pod
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108
            *trainer.volume_mounts,
        ],
    }
    if trainer.command:
        container["command"] = list(trainer.command)
    if trainer.args:
        container["args"] = list(trainer.args)
    if trainer.env_from_secrets:
        container["envFrom"] = [{"secretRef": {"name": secret}} for secret in trainer.env_from_secrets]
    return container


def _torchrun_environment(*, name: str, nodes: int, gpus: int) -> list[KubeObject]:
    """Variables torchrun reads its options from; pod 0 is the rendezvous, found through the headless Service."""
    if nodes == 1:
        return []
    return [
        {"name": "PET_NNODES", "value": str(nodes)},
        {"name": "PET_NPROC_PER_NODE", "value": str(max(1, gpus))},
        {"name": "PET_RDZV_BACKEND", "value": "c10d"},
        {"name": "PET_RDZV_ID", "value": name},
        {"name": "PET_RDZV_ENDPOINT", "value": f"{name}-0.{name}:{RENDEZVOUS_PORT}"},
    ]

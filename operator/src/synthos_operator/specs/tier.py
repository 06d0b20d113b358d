"""The CascadeTier objects of a run, and the headless Service of a tier that spans several nodes."""

from __future__ import annotations

from synthos_api.v1alpha1 import API_VERSION, TIER_KIND, CascadeTierSpec, TierSpec
from synthos_operator.config import KubeObject

from . import labels, names
from .job import RENDEZVOUS_PORT
from .owners import Owner, reference


def build_tier(*, namespace: str, run: str, run_uid: str, owner: Owner, tier: TierSpec) -> KubeObject:
    spec = CascadeTierSpec(**tier.model_dump(), run_name=run)
    return {
        "apiVersion": API_VERSION,
        "kind": TIER_KIND,
        "metadata": {
            "name": names.tier_name(run=run, run_uid=run_uid, tier=tier.tier),
            "namespace": namespace,
            "labels": labels.tier_labels(run=run, run_uid=run_uid, tier=tier.tier),
            "ownerReferences": [reference(owner)],
        },
        "spec": spec.to_kube(),
    }


def build_service(*, namespace: str, name: str, job_labels: dict[str, str], owner: Owner) -> KubeObject:
    """Headless Service named like the Job, so that its pods find each other as JOB-INDEX.JOB."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": dict(job_labels),
            "ownerReferences": [reference(owner)],
        },
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": {"job-name": name},
            "ports": [{"name": "rendezvous", "port": RENDEZVOUS_PORT, "protocol": "TCP"}],
        },
    }

"""manifests/overlays/dev on the real cluster, under PodSecurity `restricted`; the chart is what all other tests use."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack import manifests
from hack.deploy import provide_images
from hack.localcluster.api import Cluster
from hack.runs import Runs, condition

NAMESPACE = "synthos-e2e-kustomize"


def reference(image: str) -> dict[str, str]:
    name, _, tag = image.rpartition(":")
    return {"newName": name, "newTag": tag}


def write_overlay(folder: Path, images: dict[str, str]) -> Path:
    """As docs/install.md shows: an overlay with another namespace, the images, and the operator's configuration."""
    for part in ("crds", "manifests"):
        shutil.copytree(manifests.ROOT / part, folder / part, ignore=shutil.ignore_patterns("src"))
    config: dict[str, Any] = yaml.safe_load((manifests.BASE / manifests.CONFIG_FILE).read_text())
    config["trainer"]["image"] = images["trainer"]
    config["trainer"]["resources"] = {
        phase: {"limits": {"memory": "1Gi"}} for phase in ("profile", "cascade", "verdict")
    }
    own = folder / "own"
    own.mkdir()
    (own / manifests.CONFIG_FILE).write_text(yaml.safe_dump(config))
    kustomization = {
        "resources": ["../manifests/overlays/dev"],
        "namespace": NAMESPACE,
        "images": [{"name": "localhost/synthos-operator", **reference(images["operator"])}],
        "configMapGenerator": [
            {"name": manifests.CONFIG_MAP, "behavior": "replace", "files": [manifests.CONFIG_FILE]},
        ],
    }
    (own / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return own


@pytest.fixture
def installed(cluster: Cluster, tmp_path: Path) -> Iterator[Cluster]:
    overlay = write_overlay(tmp_path, provide_images(cluster))
    try:
        cluster.run_kubectl("apply", "--server-side", "--force-conflicts", "--kustomize", str(overlay))
        cluster.run_kubectl("rollout", "status", "deployment", "--namespace", NAMESPACE, "--timeout=120s", timeout=150)
        yield cluster
    finally:
        # The namespace alone: the CRDs of the overlay are everybody's.
        cluster.run_kubectl("delete", "namespace", NAMESPACE, "--wait=true", "--ignore-not-found")


def test_the_manifests_come_up_and_the_operator_works(installed: Cluster) -> None:
    namespace = yaml.safe_load(installed.run_kubectl("get", "namespace", NAMESPACE, "--output=yaml"))
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    runs = Runs.connect(str(installed.kubeconfig), NAMESPACE)
    runs.create("nowhere", {"dataset": {"uri": "file:///nowhere.csv"}, "through": "Profile", "maxAttempts": 1})
    run = runs.wait_finished("nowhere", 120)
    failed = condition(run, "Failed")
    assert failed is not None
    assert "/nowhere.csv" in failed["message"]
    assert 1000 <= run["status"]["error"]["code"] < 2000

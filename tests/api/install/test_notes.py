"""What `helm install` tells: the way in, and a warning for each setting that will not do in earnest."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hack import manifests
from hack.localcluster.api import Cluster

pytestmark = pytest.mark.cluster
Object = dict[str, Any]

BUCKET: Object = {"s3": {"artifactsURI": "s3://runs", "existingSecret": "keys"}}


def notes(cluster: Cluster, namespace: str, folder: Path, values: Object) -> str:
    """As `helm install` prints them, looking into the cluster but making nothing."""
    helm = manifests.find_helm()
    if helm is None:
        pytest.skip("helm is missing (`make cluster-up` builds it)")
    file = folder / "values.json"
    file.write_text(json.dumps({"crds": {"install": False}} | values))
    done = subprocess.run(
        [str(helm), "install", "synthos", str(manifests.CHART), "--values", str(file), "--dry-run=server"],
        env=cluster.environment() | {"HELM_NAMESPACE": namespace},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("\nNOTES:\n")[2]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (BUCKET, "WARNING: the Secret synthos-facade-tls does not exist yet"),
        (BUCKET | {"facade": {"tls": {"enabled": False}}}, "WARNING: facade.tls.enabled is false"),
        ({}, "WARNING: artifacts go to file:///artifacts, but no volume"),
        ({"s3": {"artifactsURI": "s3://runs"}}, "Note: no S3 credentials are set"),
        (BUCKET | {"scope": "cluster", "runNamespaces": ["team-a"]}, "watched in all namespaces; those prepared"),
    ],
)
def test_the_notes_tell(control_plane: Cluster, namespace: str, tmp_path: Path, values: Object, told: str) -> None:
    text = notes(control_plane, namespace, tmp_path, values)
    assert told in text
    assert "kubectl get vrun,ctier --namespace" in text


def test_nothing_is_said_of_a_facade_that_is_not_there(control_plane: Cluster, namespace: str, tmp_path: Path) -> None:
    text = notes(control_plane, namespace, tmp_path, BUCKET | {"facade": {"enabled": False}})
    assert "facade" not in text
    assert "WARNING" not in text
    assert "Note" not in text


def test_a_secret_that_is_there_is_no_reason_to_warn(control_plane: Cluster, namespace: str, tmp_path: Path) -> None:
    control_plane.run_kubectl("create", "secret", "generic", "synthos-facade-tls", "--namespace", namespace)
    assert "WARNING" not in notes(control_plane, namespace, tmp_path, BUCKET)

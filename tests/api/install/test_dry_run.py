"""Samples, chart and manifests before a real API server, which validates and stores nothing (server-side dry run)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from hack import manifests
from hack.localcluster.api import Cluster, ClusterError

pytestmark = pytest.mark.cluster
SAMPLES = sorted((manifests.ROOT / "manifests" / "samples").glob("*.yaml"))
EVERYTHING = {
    "runNamespaces": ["default"],
    "multiNodeTiers": True,
    "operator": {"podDisruptionBudget": {"enabled": True}, "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://p"}]},
    "facade": {"podDisruptionBudget": {"enabled": True}, "tls": {"allowedClientNames": ["backend"]}},
    "s3": {"artifactsURI": "s3://runs", "accessKeyId": "id", "secretAccessKey": "secret"},
    "networkPolicy": {"storage": {"cidrs": ["10.0.0.0/8", "fd00::/8", "0.0.0.0/0"]}},
}


def dry_run(cluster: Cluster, text: str, *where: str) -> list[str]:
    """What the API server would have made, one line each; unknown fields are errors."""
    answer = cluster.run_kubectl(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", *where, "-f", "-"),
        input_text=text,
    )
    return answer.splitlines()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_the_api_server_accepts_the_sample(control_plane: Cluster, namespace: str, path: Path) -> None:
    (line,) = dry_run(control_plane, path.read_text(), "--namespace", namespace)
    assert line.startswith(f"validationrun.synthos.dev/{path.stem} ")


def test_the_dry_run_does_refuse(control_plane: Cluster, namespace: str) -> None:
    document = yaml.safe_load(SAMPLES[0].read_text())
    document["spec"]["datasset"] = {}
    with pytest.raises(ClusterError, match="datasset"):
        dry_run(control_plane, json.dumps(document), "--namespace", namespace)


@pytest.mark.parametrize(
    "values", [{}, EVERYTHING, EVERYTHING | {"scope": "cluster"}], ids=["defaults", "everything", "cluster-wide"]
)
def test_the_api_server_accepts_the_chart(
    control_plane: Cluster, namespace: str, tmp_path: Path, values: dict[str, object]
) -> None:
    helm = manifests.find_helm()
    if helm is None:
        pytest.skip("helm is missing (`make cluster-up` builds it)")
    file = tmp_path / "values.json"
    file.write_text(json.dumps(values))
    objects = manifests.render(helm, "--values", str(file), namespace=namespace)
    lines = dry_run(control_plane, yaml.safe_dump_all(objects))
    assert len(lines) == len(objects)


@pytest.mark.parametrize("folder", ["base", "overlays/dev"])
def test_the_api_server_accepts_the_manifests(control_plane: Cluster, namespace: str, folder: str) -> None:
    text = control_plane.run_kubectl("kustomize", str(manifests.ROOT / "manifests" / folder))
    # Dry runs need an existing namespace, and the manifests' own is not there.
    objects = [item for item in yaml.safe_load_all(text) if item["kind"] != "Namespace"]
    assert len(objects) > 10
    moved = yaml.safe_dump_all(objects).replace(manifests.NAMESPACE, namespace)
    assert len(dry_run(control_plane, moved)) == len(objects)

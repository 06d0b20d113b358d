"""Installs the chart into a cluster as the demo and the end-to-end tests need it.

Everything a platform engineer would do by hand: namespace, bucket, certificates, `helm upgrade
--install`. Repeating it changes nothing that is already so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.config import Config as BotoConfig

from hack.certificates import write_pair
from hack.localcluster import torch_volume
from hack.localcluster.api import Cluster, ClusterError, S3Access
from hack.localcluster.images import project
from hack.localcluster.progress import Progress
from hack.runs import Runs

RELEASE = "synthos"
BUCKET = "synthos"
TLS_SECRET = "synthos-facade-tls"
FACADE_PORT = 50051


@dataclass(frozen=True)
class Deployment:
    """A running release: where its runs, its bucket, its facade and its client certificates are."""

    cluster: Cluster
    namespace: str
    s3: S3Access
    certificates: Path

    @property
    def runs(self) -> Runs:
        return Runs.connect(str(self.cluster.kubeconfig), self.namespace)

    def s3_client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.s3.endpoint,
            aws_access_key_id=self.s3.access_key,
            aws_secret_access_key=self.s3.secret_key,
            region_name=self.s3.region,
            config=BotoConfig(s3={"addressing_style": "path"}),
        )

    def upload(self, path: Path, key: str) -> str:
        """Put a file into the bucket and return its URI."""
        self.s3_client().upload_file(str(path), BUCKET, key)
        return f"s3://{BUCKET}/{key}"

    def download(self, uri: str, path: Path) -> Path:
        """Get an object of the bucket by its URI."""
        path.parent.mkdir(parents=True, exist_ok=True)
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        self.s3_client().download_file(bucket, key, str(path))
        return path

    @contextmanager
    def forward_facade(self) -> Iterator[str]:
        """HOST:PORT of the facade on this machine, by `kubectl port-forward`, while the block runs."""
        command = [str(self.cluster.kubectl), "-n", self.namespace, "port-forward", "--address", "127.0.0.1"]
        process = subprocess.Popen(
            [*command, f"service/{RELEASE}-facade", f":{FACADE_PORT}"],
            env=self.cluster.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield _forwarded(process)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _forwarded(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said.startswith("Forwarding from "):
        raise ClusterError(f"kubectl port-forward: {said.strip()}")
    return said.removeprefix("Forwarding from ").split(" ", 1)[0]


def values(s3: S3Access, images: dict[str, str], overrides: dict[str, Any]) -> dict[str, Any]:
    """Helm values for a small node: the trainer pods get little CPU, and PyTorch from a volume."""

    def image(name: str) -> dict[str, str]:
        repository, _, tag = images[name].rpartition(":")
        return {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}

    small = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "4Gi"}}
    result: dict[str, Any] = {
        "crds": {"install": False},  # the cluster's, not one release's: demo and tests may both be there
        "operator": {
            "image": image("operator"),
            "replicas": 2,
            "retry": {"baseSeconds": 2},
            "lease": {"durationSeconds": 6, "renewDeadlineSeconds": 4, "retryPeriodSeconds": 1},
            "timing": {"progressPollSeconds": 1, "progressWriteSeconds": 2, "resyncSeconds": 15},
        },
        "facade": {"tls": {"enabled": True, "existingSecret": TLS_SECRET}},
        "trainer": {
            "image": image("trainer"),
            "resources": dict.fromkeys(("profile", "cascade", "verdict"), small),
            "terminationGracePeriodSeconds": 10,
        },
        "s3": {
            "artifactsURI": f"s3://{BUCKET}/artifacts",
            "endpoint": s3.endpoint,
            "region": s3.region,
            "accessKeyId": s3.access_key,
            "secretAccessKey": s3.secret_key,
        },
    }
    return merged(result, overrides)


def merged(base: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """`base` with `extra` laid over it, as Helm merges values."""
    result = dict(base)
    for key, value in extra.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def apply(cluster: Cluster, document: dict[str, Any]) -> None:
    cluster.run_kubectl("apply", "-f", "-", input_text=json.dumps(document))


def make_namespace(cluster: Cluster, namespace: str) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    apply(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})


def make_certificates(cluster: Cluster, namespace: str, folder: Path) -> None:
    """A CA with a server and a client certificate in `folder`, and the Secret the facade mounts."""
    service = f"{RELEASE}-facade.{namespace}.svc"
    if not (folder / "client.key").exists():
        write_pair(folder, ["localhost", "127.0.0.1", service, f"{service}.cluster.local"])
    files = {name: (folder / name).read_text() for name in ("ca.crt", "server.crt", "server.key")}
    metadata = {"name": TLS_SECRET, "namespace": namespace}
    apply(cluster, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": files})


def provide_images(cluster: Cluster) -> dict[str, str]:
    """The images "operator" and "trainer": built and loaded, or for a given cluster as the environment names them.

    Raises:
        ClusterError: a build fails, or a given cluster comes without SYNTHOS_OPERATOR_IMAGE, SYNTHOS_TRAINER_IMAGE.
    """
    if cluster.ours:
        return project.ensure(cluster.name, Progress())
    named = {name: os.environ.get(f"SYNTHOS_{name.upper()}_IMAGE", "") for name in ("operator", "trainer")}
    if not all(named.values()):
        raise ClusterError("for a given cluster set SYNTHOS_OPERATOR_IMAGE and SYNTHOS_TRAINER_IMAGE to pushed images")
    return named


def deploy(
    cluster: Cluster, namespace: str, *, images: dict[str, str], folder: Path, overrides: dict[str, Any] | None = None
) -> Deployment:
    """Install or upgrade the release and wait until its pods are ready.

    Args:
        images: name ("operator", "trainer") to image.
        folder: where certificates are kept.
        overrides: Helm values laid over those for a small node.

    Raises:
        ClusterError: there is no S3 server, or the release does not become ready.
    """
    if cluster.s3 is None:
        raise ClusterError("no S3 server: set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    crds = Path(__file__).resolve().parent.parent / "crds"
    cluster.run_kubectl("apply", "--server-side", "--force-conflicts", f"--kustomize={crds}")
    make_namespace(cluster, namespace)
    torch = torch_volume.chart_values(torch_volume.ensure(cluster, namespace)) if cluster.ours else {}
    cluster.make_bucket(BUCKET)
    make_certificates(cluster, namespace, folder)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "values.yaml"
        file.write_text(yaml.safe_dump(values(cluster.s3, images, merged(torch, overrides or {}))))
        chart = Path(__file__).resolve().parent.parent / "charts" / "synthos"
        options = ["--namespace", namespace, "--values", str(file), "--wait", "--timeout", "90s"]
        try:
            cluster.run_helm("upgrade", "--install", RELEASE, str(chart), *options)
        except ClusterError:
            print(cluster.run_kubectl("-n", namespace, "get", "pods,events"), file=sys.stderr)
            raise
    return Deployment(cluster, namespace, cluster.s3, folder)


class Clock:
    """Lines with the seconds since the start, so that a reader sees where the time goes."""

    def __init__(self) -> None:
        self.start = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self.start:5.0f} s] {text}", flush=True)

"""A real API server for the tests below: etcd and kube-apiserver on loopback, our CRDs, no controllers."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.localcluster.api import Cluster, ensure, remove

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.cluster)


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """One for the whole run, of this process alone; removed at the end."""
    name = f"api-{os.getpid()}"
    cluster = ensure(name, control_plane_only=True, quiet=True)
    try:
        cluster.run_kubectl("apply", "--kustomize", str(ROOT / "crds"))
        cluster.run_kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
        yield cluster
    finally:
        remove(name)


@pytest.fixture
def namespace(control_plane: Cluster) -> str:
    """A fresh namespace for one test."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    control_plane.run_kubectl("create", "namespace", name)
    return name

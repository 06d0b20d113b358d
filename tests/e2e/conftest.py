"""One cluster and one release for all end-to-end tests; a cluster that is up already is used as it is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hack.demo import ROOT, make_data
from hack.deploy import Deployment, deploy, provide_images
from hack.localcluster import paths
from hack.localcluster.api import Cluster, ensure, remove
from hack.runs import Runs

CLUSTER = "dev"
NAMESPACE = "synthos-e2e"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster that was up stays up; one that was started for the tests goes with them."""
    was_there = paths.state_dir(CLUSTER).exists()
    cluster = ensure(CLUSTER, helm=True)
    if cluster.ours:
        cluster.set_gpus(4)
    yield cluster
    if cluster.ours and not was_there:
        remove(CLUSTER)


@pytest.fixture(scope="session")
def deployment(cluster: Cluster) -> Iterator[Deployment]:
    yield deploy(cluster, NAMESPACE, images=provide_images(cluster), folder=ROOT / "build" / "e2e-certs")
    cluster.run_kubectl("delete", "vrun", "--all", "-n", NAMESPACE, "--wait=true", timeout=120)
    cluster.run_helm("uninstall", "synthos", "--namespace", NAMESPACE, "--wait")
    cluster.run_kubectl("delete", "namespace", NAMESPACE, "--wait=true", timeout=120)


@pytest.fixture(scope="session")
def runs(deployment: Deployment) -> Runs:
    return deployment.runs


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder with reference.parquet, healthy.parquet and collapsed.parquet of seed 0."""
    folder = ROOT / "build" / "demo-data"
    make_data(folder, 0)
    return folder


@pytest.fixture(scope="session")
def uris(deployment: Deployment, data: Path) -> dict[str, str]:
    names = ("reference", "healthy", "collapsed")
    return {name: deployment.upload(data / f"{name}.parquet", f"e2e/{name}.parquet") for name in names}


@pytest.fixture
def name() -> str:
    """A run's name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:8]}"

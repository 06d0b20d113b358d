from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from hack.localcluster.api import Cluster as ControlPlane
from synthos_operator.kube.client import RUNS, TIERS, KubeClient, NotFound, Resource, Unavailable

from .cluster import Cluster


@pytest_asyncio.fixture
async def client(control_plane: ControlPlane) -> AsyncIterator[KubeClient]:
    async with await KubeClient.connect(str(control_plane.kubeconfig)) as client:
        await served(client)
        yield client


async def served(client: KubeClient) -> None:
    """Wait for the API server's storage of our kinds, which it opens a moment after the CRD is established."""
    for resource in (RUNS, TIERS):
        for _ in range(100):
            try:
                await client.list(resource)
                break
            except (NotFound, Unavailable):
                await asyncio.sleep(0.1)


@pytest_asyncio.fixture
async def cluster(client: KubeClient, namespace: str) -> Cluster:
    # Its controller does not run here, and pods are refused without their account.
    accounts = Resource("", "v1", "serviceaccounts", "ServiceAccount")
    await client.create(accounts, namespace, {"metadata": {"name": "default"}})
    return Cluster(client, namespace)

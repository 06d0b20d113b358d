"""The Kubernetes requests the facade may make: get, list and watch in its namespace, and create runs.

One class, so that the Role of the chart can be read off it. Errors are those of `kube.client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from synthos_operator.kube.client import RUNS, TIERS, KubeClient, NotFound, Resource, WatchEvent

WATCH_SECONDS = 60
"""The server ends a watch after this; renewing it often finds a dead connection early."""

NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")

__all__ = ["RUNS", "TIERS", "Cluster", "NamespacedCluster", "Resource", "WatchEvent", "default_namespace"]


class Cluster(Protocol):
    """What the store and the calls need; every method raises `kube.client.ApiError`."""

    async def list(self, resource: Resource) -> tuple[list[dict[str, Any]], str]:
        """All objects of the namespace and the list's resource version."""
        ...

    def watch(self, resource: Resource, resource_version: str) -> AsyncIterator[WatchEvent]:
        """Changes after `resource_version`, until the server ends the watch."""
        ...

    async def get(self, resource: Resource, name: str) -> dict[str, Any] | None:
        """The object, None where there is none."""
        ...

    async def create_run(self, name: str, spec: Mapping[str, Any]) -> dict[str, Any]: ...


class NamespacedCluster:
    """`Cluster` on a real API server."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def list(self, resource: Resource) -> tuple[list[dict[str, Any]], str]:
        return await self._client.list(resource, self._namespace)

    def watch(self, resource: Resource, resource_version: str) -> AsyncIterator[WatchEvent]:
        return self._client.watch(resource, self._namespace, resource_version, timeout_seconds=WATCH_SECONDS)

    async def get(self, resource: Resource, name: str) -> dict[str, Any] | None:
        try:
            return await self._client.get(resource, self._namespace, name)
        except NotFound:
            return None

    async def create_run(self, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        body = {
            "apiVersion": RUNS.api_version,
            "kind": RUNS.kind,
            "metadata": {"name": name, "labels": {"app.kubernetes.io/created-by": "synthos-facade"}},
            "spec": dict(spec),
        }
        return await self._client.create(RUNS, self._namespace, body)


def default_namespace() -> str:
    """The pod's own namespace, else `default`."""
    return NAMESPACE_FILE.read_text(encoding="utf-8").strip() if NAMESPACE_FILE.exists() else "default"

"""A narrow client of the Kubernetes API: plain objects in, plain objects out, a few named errors.

Configuration, TLS, token rotation and connections are the official client's (kubernetes.aio); its
generated models are left aside, because custom resources have none and the rest is read as JSON
once and checked by our own types.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, Self

import aiohttp
from kubernetes.aio import config as kube_config
from kubernetes.aio.client import ApiClient, Configuration

from synthos_api.v1alpha1 import GROUP, RUN_KIND, RUN_PLURAL, TIER_KIND, TIER_PLURAL, VERSION

KubeObject = dict[str, Any]
PAGE_SIZE = 500
REQUEST_TIMEOUT_SECONDS = 30
MAX_CONNECTIONS = 64


@dataclass(frozen=True)
class Resource:
    """One kind of the API and the path it is served under."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None, name: str | None = None, subresource: str | None = None) -> str:
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        parts += ["namespaces", namespace] if namespace else []
        parts += [part for part in (self.plural, name, subresource) if part]
        return "/".join(parts)


RUNS = Resource(GROUP, VERSION, RUN_PLURAL, RUN_KIND)
TIERS = Resource(GROUP, VERSION, TIER_PLURAL, TIER_KIND)
JOBS = Resource("batch", "v1", "jobs", "Job")
PODS = Resource("", "v1", "pods", "Pod")
SERVICES = Resource("", "v1", "services", "Service")
EVENTS = Resource("", "v1", "events", "Event")
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")


class ApiError(Exception):
    """The API server refused a request, or could not be reached (then `status` is 0)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{reason or status}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class NotFound(ApiError):
    pass


class AlreadyExists(ApiError):
    pass


class Conflict(ApiError):
    """A write based on an old resourceVersion, or a precondition that does not hold."""


class Gone(ApiError):
    """The resourceVersion of a watch or of a list is too old: list again."""


class Refused(ApiError):
    """Forbidden (403) or invalid (400, 422): repeating the request does not help by itself."""


class Unavailable(ApiError):
    """Not reachable, overloaded, or failing; worth repeating."""


def error_of(status: int, reason: str, message: str) -> ApiError:
    """The error class of one answer."""
    by_reason: dict[str, type[ApiError]] = {"AlreadyExists": AlreadyExists, "Expired": Gone, "Gone": Gone}
    by_status: dict[int, type[ApiError]] = {
        400: Refused,
        403: Refused,
        404: NotFound,
        409: Conflict,
        410: Gone,
        422: Refused,
        429: Unavailable,
    }
    kind = by_reason.get(reason) or by_status.get(status) or (Unavailable if status >= 500 else ApiError)
    return kind(status, reason, message)


@dataclass(frozen=True)
class WatchEvent:
    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: KubeObject


class KubeClient:
    """Calls to one API server. Safe for concurrent use in one event loop; `close` when done.

    Every call raises ApiError or a subclass, and nothing else, when it does not succeed.
    """

    def __init__(self, configuration: Configuration) -> None:
        configuration.connection_pool_maxsize = MAX_CONNECTIONS
        self._api = ApiClient(configuration)
        self.writes = 0
        """Requests sent that change something, for the write budget."""

    @classmethod
    async def connect(cls, kubeconfig: str | None = None, context: str | None = None) -> Self:
        """Connect by a kubeconfig (argument or $KUBECONFIG), in a pod by its service account, else ~/.kube/config.

        Raises:
            Unavailable: there is no usable configuration.
        """
        configuration = Configuration()
        given = kubeconfig or os.environ.get("KUBECONFIG")
        try:
            if not given and os.environ.get("KUBERNETES_SERVICE_HOST"):
                kube_config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
            else:
                await kube_config.load_kube_config(  # type: ignore[no-untyped-call]
                    given or None, context, configuration, persist_config=False
                )
        except (kube_config.ConfigException, OSError) as error:
            raise Unavailable(0, "NoConfiguration", str(error)) from error
        return cls(configuration)

    async def close(self) -> None:
        await self._api.close()  # type: ignore[no-untyped-call]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def get(self, resource: Resource, namespace: str | None, name: str) -> KubeObject:
        return await self._call("GET", resource.path(namespace, name))

    async def list(
        self, resource: Resource, namespace: str | None = None, *, selector: str = ""
    ) -> tuple[list[KubeObject], str]:
        """All objects (of all namespaces without one) and the resourceVersion to watch from.

        Items carry apiVersion and kind, which the API leaves out of lists.
        """
        items: list[KubeObject] = []
        token = ""
        while True:
            query = {"limit": str(PAGE_SIZE), "labelSelector": selector, "continue": token}
            page = await self._call("GET", resource.path(namespace), query)
            items += [{"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in page["items"]]
            token = page["metadata"].get("continue", "")
            if not token:
                return items, page["metadata"]["resourceVersion"]

    async def create(self, resource: Resource, namespace: str, body: KubeObject) -> KubeObject:
        return await self._call("POST", resource.path(namespace), body=body)

    async def replace(self, resource: Resource, namespace: str, name: str, body: KubeObject) -> KubeObject:
        """PUT; with metadata.resourceVersion in the body a stale write raises Conflict."""
        return await self._call("PUT", resource.path(namespace, name), body=body)

    async def replace_status(self, resource: Resource, namespace: str, name: str, body: KubeObject) -> KubeObject:
        return await self._call("PUT", resource.path(namespace, name, "status"), body=body)

    async def delete(
        self, resource: Resource, namespace: str, name: str, *, uid: str | None = None, propagation: str = "Background"
    ) -> None:
        """Delete; with `uid` only that very object, else Conflict.

        `propagation` Foreground keeps the object, marked as deleting, until the objects it controls are gone.
        """
        body: KubeObject = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        if uid:
            body["preconditions"] = {"uid": uid}
        await self._call("DELETE", resource.path(namespace, name), body=body)

    async def watch(
        self,
        resource: Resource,
        namespace: str | None,
        resource_version: str,
        *,
        selector: str = "",
        timeout_seconds: int = 290,
    ) -> AsyncIterator[WatchEvent]:
        """Changes from `resource_version` on, until the server ends the watch (at most `timeout_seconds`).

        Bookmarks are included; their resourceVersion is the one to continue from. Raises Gone when the
        version is too old, Unavailable when the connection breaks.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "labelSelector": selector,
            "timeoutSeconds": str(timeout_seconds),
        }
        response = await self._send("GET", resource.path(namespace), query, None, timeout_seconds + 10)
        try:
            while line := await _read_line(response):
                yield _watch_event(line)
        finally:
            response.close()

    async def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: KubeObject | None = None
    ) -> KubeObject:
        if method != "GET":
            self.writes += 1
        response = await self._send(method, path, query, body, REQUEST_TIMEOUT_SECONDS)
        try:
            content: KubeObject = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unavailable(0, type(error).__name__, str(error)) from error
        return content

    async def _send(
        self, method: str, path: str, query: Mapping[str, str] | None, body: KubeObject | None, timeout_seconds: float
    ) -> aiohttp.ClientResponse:
        parameters = [(key, value) for key, value in (query or {}).items() if value]
        try:
            request = await self._api.param_serialize(
                method,
                path,
                query_params=parameters,
                header_params={"Accept": "application/json", "Content-Type": "application/json"},
                body=body,
                auth_settings=["BearerToken"],
            )
            answer = await self._api.call_api(*request, _request_timeout=timeout_seconds)
            response: aiohttp.ClientResponse = answer.response
            if response.status >= 400:
                _raise(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(0, type(error).__name__, str(error)) from error
        return response


def _raise(status: int, content: bytes) -> NoReturn:
    """Raise the error that a Status object of the API, or a proxy's page, describes."""
    try:
        answer = json.loads(content)
        reason, message = str(answer.get("reason", "")), str(answer.get("message", ""))
    except (ValueError, AttributeError):
        reason, message = "", content[:200].decode(errors="replace")
    raise error_of(status, reason, message)


async def _read_line(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.readline()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unavailable(0, type(error).__name__, str(error)) from error


def _watch_event(line: bytes) -> WatchEvent:
    try:
        event = json.loads(line)
        kind, content = event["type"], event["object"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(0, "BrokenWatch", "the watch ended in the middle of an event") from error
    if kind == "ERROR":
        raise error_of(int(content.get("code", 500)), str(content.get("reason", "")), str(content.get("message", "")))
    return WatchEvent(kind, content)

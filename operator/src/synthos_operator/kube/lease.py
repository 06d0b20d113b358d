"""Leader election by a coordination.k8s.io Lease, with the timing rules of client-go.

Own code because the official client's helper ends on the first connection error, writes local time
as UTC, and cannot give a lease back. Clocks of different machines are never compared: a lease counts
as expired when this process has seen no renewal for its whole duration.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from synthos_operator.config import LeaseSettings

from .client import LEASES, AlreadyExists, ApiError, Conflict, KubeClient, KubeObject, NotFound

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Seen:
    version: str
    at: float


class Lease:
    """One candidate. `hold` returns when the lease is lost; the process must then end at once."""

    def __init__(
        self,
        client: KubeClient,
        settings: LeaseSettings,
        *,
        namespace: str,
        identity: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._settings = settings
        self._namespace = namespace
        self._identity = identity
        self._clock = clock
        self._seen: _Seen | None = None
        self._other = ""

    async def acquire(self) -> None:
        """Wait until this process is the leader."""
        log.info("waiting for the lease", extra={"lease": self._settings.name, "identity": self._identity})
        while not await self._try():
            await asyncio.sleep(self._settings.retry_period_seconds)
        log.info("leading", extra={"lease": self._settings.name, "identity": self._identity})

    async def hold(self) -> None:
        """Renew until that has failed for `renew_deadline_seconds`, or another candidate is seen to hold the lease."""
        renewed = self._clock()
        while self._clock() - renewed < self._settings.renew_deadline_seconds:
            await asyncio.sleep(self._settings.retry_period_seconds)
            left = self._settings.renew_deadline_seconds - (self._clock() - renewed)
            try:
                async with asyncio.timeout(max(left, 0.001)):
                    if await self._try():
                        renewed = self._clock()
                    elif self._other:
                        break
            except TimeoutError:
                continue
        log.error("lease lost", extra={"lease": self._settings.name, "holder": self._other})

    async def release(self) -> None:
        """Give the lease back, so that the other replica need not wait for its expiry."""
        try:
            lease = await self._client.get(LEASES, self._namespace, self._settings.name)
            if (lease.get("spec") or {}).get("holderIdentity") == self._identity:
                spec = {**lease["spec"], "holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _micro_time()}
                await self._replace(lease, spec)
        except ApiError as error:
            log.warning("lease not released", extra={"problem": str(error)})

    async def _try(self) -> bool:
        """One attempt to take or renew the lease; False when somebody else holds it or the API fails."""
        try:
            lease = await self._client.get(LEASES, self._namespace, self._settings.name)
        except NotFound:
            return await self._create()
        except ApiError as error:
            log.warning("lease not read", extra={"problem": str(error)})
            return False
        spec = lease.get("spec") or {}
        if self._held_by_other(lease, spec):
            return False
        try:
            await self._replace(lease, self._renewed(spec))
        except (Conflict, NotFound):
            return False
        except ApiError as error:
            log.warning("lease not renewed", extra={"problem": str(error)})
            return False
        return True

    def _held_by_other(self, lease: KubeObject, spec: dict[str, Any]) -> bool:
        holder = spec.get("holderIdentity") or ""
        self._other = "" if holder == self._identity else holder
        if not self._other:
            return False
        version = lease["metadata"]["resourceVersion"]
        if self._seen is None or self._seen.version != version:
            self._seen = _Seen(version, self._clock())
        duration = spec.get("leaseDurationSeconds") or self._settings.duration_seconds
        return self._clock() - self._seen.at < float(duration)

    def _renewed(self, spec: dict[str, Any]) -> dict[str, Any]:
        mine = spec.get("holderIdentity") == self._identity
        now = _micro_time()
        return {
            **spec,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": self._settings.duration_seconds,
            "acquireTime": spec.get("acquireTime") or now if mine else now,
            "renewTime": now,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (0 if mine else 1),
        }

    async def _create(self) -> bool:
        body = {
            "apiVersion": LEASES.api_version,
            "kind": LEASES.kind,
            "metadata": {"name": self._settings.name, "namespace": self._namespace},
            "spec": self._renewed({}),
        }
        try:
            await self._client.create(LEASES, self._namespace, body)
        except AlreadyExists:
            return False
        except ApiError as error:
            log.warning("lease not created", extra={"problem": str(error)})
            return False
        return True

    async def _replace(self, lease: KubeObject, spec: dict[str, Any]) -> None:
        await self._client.replace(LEASES, self._namespace, self._settings.name, {**lease, "spec": spec})


def _micro_time() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

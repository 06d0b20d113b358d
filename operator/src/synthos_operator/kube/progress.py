"""Pull progress from running pods. A pod is not trusted: bounded bytes, bounded time, a checked schema."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime

import aiohttp
from pydantic import ValidationError

from synthos_api.progress import MAX_PROGRESS_BYTES, PROGRESS_PATH, Progress
from synthos_operator.config import Timing
from synthos_operator.reconcile.observed import Pod, Report


class ProgressPuller:
    """Asks each running pod at most once per `progress_poll_seconds` and remembers its last good answer."""

    def __init__(self, timing: Timing, port: int) -> None:
        self._timing = timing
        self._port = port
        self._reports: dict[str, Report] = {}
        self._asked: dict[str, datetime] = {}
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def forget_before(self, moment: datetime) -> None:
        """Drop what is known of pods that have not been asked since."""
        self._asked = {uid: at for uid, at in self._asked.items() if at >= moment}
        self._reports = {uid: report for uid, report in self._reports.items() if uid in self._asked}

    async def pull(self, pods: Sequence[Pod], now: datetime) -> Mapping[str, Report]:
        """Reports by pod UID, of running pods only. Never raises for anything a pod does."""
        running = [pod for pod in pods if pod.running and pod.ip and pod.index == 0]
        await asyncio.gather(*(self._ask(pod, now) for pod in running if self._due(pod, now)))
        return {pod.meta.uid: self._reports[pod.meta.uid] for pod in running if pod.meta.uid in self._reports}

    def _due(self, pod: Pod, now: datetime) -> bool:
        asked = self._asked.get(pod.meta.uid)
        return asked is None or (now - asked).total_seconds() >= self._timing.progress_poll_seconds * 0.9

    async def _ask(self, pod: Pod, now: datetime) -> None:
        uid = pod.meta.uid
        self._asked[uid] = now
        before = self._reports.get(uid) or Report(progress=None, answered_at=None, asked_since=now)
        try:
            progress = await self._fetch(pod.ip)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            problem = _problem(error)
            self._reports[uid] = Report(before.progress, before.answered_at, before.asked_since, problem)
        else:
            self._reports[uid] = Report(progress, now, before.asked_since)

    async def _fetch(self, ip: str) -> Progress:
        address = ipaddress.ip_address(ip)
        host = f"[{address}]" if address.version == 6 else str(address)
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._timing.progress_timeout_seconds)
            self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True))
        url = f"http://{host}:{self._port}{PROGRESS_PATH}"
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status != 200:
                raise ValueError(f"HTTP status {response.status}")
            content = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                content += chunk
                if len(content) > MAX_PROGRESS_BYTES:
                    raise ValueError(f"the answer is longer than {MAX_PROGRESS_BYTES} bytes")
        return Progress.model_validate_json(bytes(content))


def _problem(error: Exception) -> str:
    """One line; the content of a wrong answer stays out of it."""
    if isinstance(error, ValidationError):
        return f"not a valid progress document: {error.error_count()} errors"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return f"{type(error).__name__}: {error}"[:200] if not isinstance(error, ValueError) else str(error)[:200]

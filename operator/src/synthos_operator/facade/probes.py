"""Plain HTTP for the kubelet, which has no client certificate: /healthz and /readyz, nothing else.

/healthz says that the process answers; /readyz what gRPC health says. They differ on purpose: a
replica that has lost the API server shall get no calls, but restarting it would help nobody.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from aiohttp import web

from synthos_api.errors import UsageError

from .options import EVERY_INTERFACE


class Probes:
    def __init__(self, is_serving: Callable[[], bool]) -> None:
        self._is_serving = is_serving
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self, host: str, port: int) -> int:
        """Listen; the port (0: a free one is picked). Raises UsageError when it cannot be used."""
        await self._runner.setup()
        try:
            await web.SockSite(self._runner, _socket(host, port)).start()
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        if self._is_serving():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="not ready: no current view of the Kubernetes API, or shutting down\n")


def _socket(host: str, port: int) -> socket.socket:
    """One listening socket; for every interface of both families where the kernel has both.

    asyncio by itself makes a socket on "::" deaf to IPv4, and without a host opens two, on two ports.
    """
    if host == EVERY_INTERFACE:
        if socket.has_dualstack_ipv6():
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        return socket.create_server(("", port))
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    return socket.create_server((host.strip("[]"), port), family=family)

"""`/healthz` and `/readyz` for the kubelet."""

from __future__ import annotations

from aiohttp import web


class Health:
    """Answers from the event loop that does the work: a stuck loop does not answer, and is restarted.

    Ready means started, as a leader or as its stand-by; a stand-by has to count as available.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self.leading = False

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/healthz", self._answer)
        app.router.add_get("/readyz", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "leading": self.leading})

"""`GET /progress` and `GET /healthz` of a trainer pod, from a thread beside the phase."""

from __future__ import annotations

import logging
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from synthos_api.errors import ErrorInfo
from synthos_api.phases import thin_model
from synthos_api.progress import MAX_PROGRESS_BYTES, PROGRESS_PATH, Progress

_CURVES: Final = (64, 16, 4, 0)
_CLIENT_SECONDS: Final = 10
_LOG_EVERY_SECONDS: Final = 10.0
_log = logging.getLogger(__name__)


class ProgressBoard:
    """The latest progress; percent never goes back, whatever is reported."""

    def __init__(self, first: Progress) -> None:
        self._lock = threading.Lock()
        self._latest = first
        self._logged_at = 0.0
        self._logged_step = ""

    def report(self, progress: Progress) -> None:
        with self._lock:
            percent = max(progress.percent, self._latest.percent)
            self._latest = progress.model_copy(update={"percent": percent})
            now = time.monotonic()
            due = progress.step != self._logged_step or now - self._logged_at >= _LOG_EVERY_SECONDS
            if due:
                self._logged_at, self._logged_step = now, progress.step
        if due:
            fields = progress.model_dump(mode="json", exclude_defaults=True, exclude={"results", "phase", "error"})
            _log.info("progress", extra={"fields": fields})

    def fail(self, error: ErrorInfo) -> None:
        with self._lock:
            self._latest = self._latest.model_copy(update={"state": "stalled", "error": error})

    def as_json(self) -> bytes:
        """The progress as JSON of at most MAX_PROGRESS_BYTES; loss curves are thinned to fit."""
        with self._lock:
            latest = self._latest
        for points in _CURVES:
            content = latest.model_copy(update={"results": [thin_model(m, points) for m in latest.results]})
            encoded = content.model_dump_json(exclude_defaults=True).encode()
            if len(encoded) <= MAX_PROGRESS_BYTES:
                return encoded
        return latest.model_copy(update={"results": []}).model_dump_json(exclude_defaults=True).encode()


def serve(board: ProgressBoard, port: int) -> ThreadingHTTPServer:
    """Start serving on all addresses; the threads end with the process. Port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _CLIENT_SECONDS

        def do_GET(self) -> None:
            if self.path == PROGRESS_PATH:
                self._answer(HTTPStatus.OK, "application/json", board.as_json())
            elif self.path == "/healthz":
                self._answer(HTTPStatus.OK, "text/plain", b"ok\n")
            else:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")

        def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Requests come every few seconds; they are no news."""

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104 (the operator asks from another pod)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="progress", daemon=True).start()
    return server

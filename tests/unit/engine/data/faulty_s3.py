"""An S3 server that fails on purpose: it refuses, breaks, hangs, or stops in the middle of a body."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler, int], None]
"""(request, how many requests came before it)."""


@contextmanager
def faulty_s3(answer: Answer) -> Iterator[str]:
    count = iter(range(10**9))

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            answer(self, next(count))

        do_GET = do_HEAD  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def status(code: int) -> Answer:
    def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
        request.send_response(code)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def hang(release: threading.Event) -> Answer:
    return lambda _request, _before: (release.wait(60), None)[1]


def breaking(content: bytes, breaks: int) -> Answer:
    """Serves `content`, but the first `breaks` bodies end half way."""
    left = [breaks]

    def answer(request: BaseHTTPRequestHandler, _before: int) -> None:
        asked = request.headers.get("Range", "")
        first, last = (int(x) for x in asked.removeprefix("bytes=").split("-")) if asked else (0, len(content) - 1)
        body = content[first : last + 1]
        request.send_response(206 if asked else 200)
        request.send_header("Content-Length", str(len(body)))
        request.send_header("ETag", '"1"')
        request.end_headers()
        if request.command == "GET":
            if left[0] > 0:
                left[0] -= 1
                body = body[: len(body) // 2]
            request.wfile.write(body)
            request.wfile.flush()
            request.close_connection = True

    return answer

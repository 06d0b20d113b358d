"""The command line of `python -m synthos_operator.facade`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .cluster import default_namespace

DEFAULT_PORT = 50051
EVERY_INTERFACE = "[::]"
"""IPv6 and IPv4; gRPC falls back to IPv4 alone where the kernel has no IPv6."""


class Options(NamedTuple):
    host: str
    port: int
    probe_port: int | None
    cert_dir: Path | None
    """None: plaintext."""
    allowed_client_names: frozenset[str]
    namespace: str
    max_streams: int
    max_calls: int


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError("a port is between 0 and 65535")
    return number


def _host(text: str) -> str:
    """IPv6 addresses in brackets, as they stand before a port."""
    return f"[{text}]" if ":" in text and not text.startswith("[") else text


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def parser() -> argparse.ArgumentParser:
    cli = argparse.ArgumentParser(
        prog="python -m synthos_operator.facade",
        description="gRPC facade of Synthos validation: creates ValidationRuns and tells of them.",
    )
    security = cli.add_mutually_exclusive_group(required=True)
    security.add_argument("--use-mtls", action="store_true", help="clients need a certificate signed by ca.crt")
    security.add_argument("--no-mtls", action="store_true", help="plaintext, for development only")
    cli.add_argument("--host", type=_host, default=EVERY_INTERFACE, help="listen there (default: every interface)")
    cli.add_argument("--port", type=_port, default=DEFAULT_PORT, help="0 picks a free one (default: %(default)s)")
    cli.add_argument(
        "--cert-dir",
        type=Path,
        default=Path("/etc/synthos/certs"),
        help="folder with ca.crt, server.crt and server.key; read again when they change (default: %(default)s)",
    )
    cli.add_argument(
        "--allowed-client-name",
        action="append",
        default=[],
        metavar="NAME",
        help="a name a client certificate may have (common name or alternative name); repeatable",
    )
    cli.add_argument(
        "--probe-port",
        type=_port,
        help="also answer GET /healthz and /readyz over plain HTTP on this port (for the kubelet)",
    )
    cli.add_argument("--namespace", help="of the ValidationRuns (default: the pod's own, else `default`)")
    cli.add_argument("--max-streams", type=_positive, default=256, help="TrainCascade streams at once")
    cli.add_argument("--max-calls", type=_positive, default=1024, help="other calls at once")
    return cli


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Exits with status 2 on wrong usage."""
    cli = parser()
    given = cli.parse_args(arguments)
    if given.allowed_client_name and not given.use_mtls:
        cli.error("--allowed-client-name needs --use-mtls: without it clients have no name")
    return Options(
        host=given.host,
        port=given.port,
        probe_port=given.probe_port,
        cert_dir=given.cert_dir if given.use_mtls else None,
        allowed_client_names=frozenset(given.allowed_client_name),
        namespace=given.namespace or default_namespace(),
        max_streams=given.max_streams,
        max_calls=given.max_calls,
    )

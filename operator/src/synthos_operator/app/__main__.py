"""`python -m synthos_operator.app --config FILE [--namespace NS ... | --all-namespaces]`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from synthos_api.errors import CLI_EXIT_ERROR, CLI_EXIT_USAGE, UsageError
from synthos_operator.config import load
from synthos_operator.kube.client import ApiError

from .logs import set_up
from .main import Options, operate, own_namespace


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m synthos_operator.app", description="The Synthos operator.")
    options.add_argument("--config", type=Path, required=True, metavar="FILE", help="the configuration, YAML")
    where = options.add_mutually_exclusive_group()
    where.add_argument(
        "--namespace",
        action="append",
        metavar="NS",
        help="namespace to watch; may be repeated (default: the operator's own)",
    )
    where.add_argument("--all-namespaces", action="store_true", help="watch all namespaces")
    options.add_argument("--health-host", default="", help="address of /healthz and /readyz (default: all)")
    options.add_argument("--health-port", type=int, default=8081, help="their port (default: 8081; 0: any free one)")
    options.add_argument("--log-level", default="info", choices=["debug", "info", "warning", "error"])
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    set_up(given.log_level)
    try:
        config = load(given.config)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return CLI_EXIT_USAGE
    options = Options(
        config=config,
        namespaces=None if given.all_namespaces else given.namespace or [own_namespace()],
        health_host=given.health_host,
        health_port=given.health_port,
    )
    try:
        return asyncio.run(operate(options))
    except ApiError as error:
        sys.stderr.write(f"{error}\n")
        return CLI_EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())

"""`python -m synthos_operator.facade`: exits 0 after SIGTERM, 2 on wrong usage, 1 on any other error."""

from __future__ import annotations

import asyncio
import sys

from synthos_api.errors import CLI_EXIT_ERROR, CLI_EXIT_USAGE, UsageError
from synthos_operator.kube.client import ApiError

from . import logs
from .options import parse
from .serve import serve


def main() -> int:
    options = parse()
    logs.configure()
    try:
        asyncio.run(serve(options))
    except UsageError as error:
        sys.stderr.write(f"error {error.code}: {error}\n")
        return CLI_EXIT_USAGE
    except ApiError as error:
        sys.stderr.write(f"error 3005: {error}\n")
        return CLI_EXIT_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())

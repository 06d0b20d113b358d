"""Where errors become exit codes and lines: nothing else in the command line catches broadly."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from synthos_api.errors import CLI_EXIT_ERROR, CLI_EXIT_USAGE, SynthosError, UsageError, to_info

EXIT_INTERRUPTED = 130
DEBUG_ENV = "SYNTHOS_DEBUG"


_told: list[Exception] = []
"""Errors whose line and document are out already: there is one of each."""


def run(app: typer.Typer) -> int:
    """Run the command line; returns the exit code. SIGTERM ends it as it should: temporary files go."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app(standalone_mode=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else CLI_EXIT_ERROR
        if code == CLI_EXIT_USAGE and "--json" in sys.argv[1:] and not _told:
            emit({"error": to_info(UsageError("wrong usage; see standard error")).model_dump(mode="json")})
        return code
    except KeyboardInterrupt:
        return _interrupted()
    return 0


@contextmanager
def command_edge(*, as_json: bool) -> Iterator[None]:
    """Turn what a command raises into one line on standard error, the error document, and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(_interrupted()) from None
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(CLI_EXIT_ERROR) from None
    except Exception as error:  # noqa: BLE001 (the edge: a user never sees a bare traceback)
        _tell(error, as_json=as_json)
        usage = isinstance(error, UsageError)
        raise typer.Exit(CLI_EXIT_USAGE if usage else CLI_EXIT_ERROR) from None


def emit(document: Any) -> None:
    """Print one JSON document on standard output."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _terminate(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _tell(error: Exception, *, as_json: bool) -> None:
    _told.append(error)
    info = to_info(error)
    message = " ".join(info.message.split())
    if not isinstance(error, (SynthosError, MemoryError)):
        message += f"; set {DEBUG_ENV}=1 to see where"
        if os.environ.get(DEBUG_ENV):
            traceback.print_exception(error)
    say(f"synthos: error {info.code}: {message}")
    if as_json:
        emit({"error": info.model_dump(mode="json")})


def _interrupted() -> int:
    say("synthos: interrupted")
    return EXIT_INTERRUPTED

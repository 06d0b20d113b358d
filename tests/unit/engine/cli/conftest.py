"""The command line as a user has it: a process, its two outputs, its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


Synthos = Callable[..., Done]
COMMAND = (sys.executable, "-c", "from synthos_engine.cli.main import main; main()")


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SYNTHOS_"))}
    return {**kept, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}


@pytest.fixture
def synthos(tmp_path: Path) -> Synthos:
    """Runs `synthos ARGS…` in an empty folder."""
    folder = tmp_path / "cwd"
    folder.mkdir()

    def run(*args: str | Path, **variables: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *map(str, args)],
            cwd=folder,
            env={**environment(), **variables},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run

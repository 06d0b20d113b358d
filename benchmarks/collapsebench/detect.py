"""What the detector says: `synthos validate` on the files, as a user runs it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from synthos_engine.version import RESULTS, engine_version

from .candidates import Candidate
from .modalities import of_source
from .workshop import CachedWorkshop, write

Mode = Literal["with_reference", "no_reference"]
EXIT_CODES = (0, 3, 4)


def detect(candidate: Candidate, workshop: CachedWorkshop, mode: Mode, cascade: str = "nano") -> dict[str, Any]:
    """One row of a result. Raises CalledProcessError with the detector's own words when it fails."""
    with tempfile.TemporaryDirectory(prefix="collapsebench-") as temporary:
        folder = Path(temporary)
        write(folder / "candidate.parquet", candidate.table(workshop))
        arguments = ["validate", str(folder / "candidate.parquet"), "--cascade", cascade, "--json"]
        arguments += ["--out", str(folder / "out"), "--seed", "1"]
        if mode == "with_reference":
            parts = workshop.pools(candidate.source)
            write(folder / "reference.parquet", of_source(candidate.source).to_arrow(parts.reference, parts.columns))
            arguments += ["--reference", str(folder / "reference.parquet")]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        verdict = _run(arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    effect = verdict["effect"]
    low, high = effect["interval"] or (None, None)
    return candidate.described() | {
        "mode": mode,
        "cascade": cascade,
        "engine": f"{engine_version()}/{RESULTS}",
        "commit": commit(),
        "verdict": verdict["verdict"],
        "excess_loss": effect["excess_loss"],
        "low": low,
        "high": high,
        "rungs": json.dumps(effect["rungs"]),
        "added_excess_loss": effect["added_excess_loss"],
        "collapse_probability": verdict["collapse_probability"],
        "mechanism": verdict["mechanism"],
        "severity": verdict["severity"],
        "reason": verdict["reason"],
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_megabytes": after.ru_maxrss / 1024,
    }


def commit() -> str:
    """The commit of the checkout, with a mark where files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _run(arguments: list[str]) -> dict[str, Any]:
    command = [str(Path(sys.executable).parent / "synthos"), *arguments]
    environment = os.environ | {"SYNTHOS_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in EXIT_CODES:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict

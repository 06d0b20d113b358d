"""What the detector says: `synthos validate` on the files, as a user runs it."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from synthos_api.results import Mode
from synthos_engine.version import RESULTS, engine_version

from . import results
from .candidates import Candidate
from .modalities import of_source
from .workshop import CachedWorkshop, write

EXIT_CODES: Final = (0, 3, 4)
FITTED: Final = ("verdict/links.json", "alone/model.json", "dimensions/calibration.json")
"""What of the engine is fitted to development labels."""
_ROOT: Final = Path(__file__).parents[2]


def detect(candidate: Candidate, workshop: CachedWorkshop, mode: Mode, cascade: str = "nano") -> dict[str, Any]:
    """One row of a result. Raises CalledProcessError with the detector's own words when it fails."""
    modality = of_source(candidate.source)
    with tempfile.TemporaryDirectory(prefix="collapsebench-") as temporary:
        folder = Path(temporary)
        write(folder / "candidate.parquet", candidate.table(workshop))
        arguments = ["validate", str(folder / "candidate.parquet"), "--cascade", cascade, "--json"]
        arguments += ["--out", str(folder / "out"), "--seed", "1"]
        if mode == "with_reference":
            parts = workshop.pools(candidate.source)
            write(folder / "reference.parquet", modality.to_arrow(parts.reference, parts.columns))
            arguments += ["--reference", str(folder / "reference.parquet")]
        verdict, usage = _run(arguments, folder)
    effect = verdict["effect"]
    low, high = effect["interval"] or (None, None)
    return _about(candidate, workshop, mode, cascade) | {
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
        "timings": json.dumps(verdict["timings"]),
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_megabytes": usage.ru_maxrss / 1024,
    }


def failure(
    candidate: Candidate, workshop: CachedWorkshop, mode: Mode, words: str, cascade: str = "nano"
) -> dict[str, Any]:
    """The row of a detector that gave no verdict: left out, it would flatter every rate."""
    numbers = ("excess_loss", "low", "high", "added_excess_loss", "collapse_probability")
    return _about(candidate, workshop, mode, cascade) | {
        "verdict": "failed",
        **dict.fromkeys((*numbers, "cpu_seconds", "peak_megabytes")),
        "rungs": "[]",
        "mechanism": "none",
        "severity": "none",
        "reason": next(reversed(words.strip().splitlines()), "without a word"),
        "timings": "{}",
    }


def _about(candidate: Candidate, workshop: CachedWorkshop, mode: Mode, cascade: str) -> dict[str, Any]:
    """Whose row it is and of which detector."""
    about = {"content": candidate.content(workshop), "mode": mode, "cascade": cascade}
    return candidate.described() | about | {"engine": fitted_engine(), "commit": commit()}


def is_measured(row: Mapping[str, Any] | None, engine: str) -> bool:
    """Whether a stored row is this detector's verdict; one that failed is tried again."""
    return row is not None and row["engine"] == engine and row["verdict"] != "failed"


def unfitted_engine() -> str:
    """The code, without what is fitted to its measurements: which measurements a fit may go by."""
    return f"{engine_version()}/{RESULTS}"


def fitted_engine() -> str:
    """The whole detector: verdicts of another one, also of one before a new fit, are measured again."""
    content = b"\0".join(files("synthos_engine").joinpath(name).read_bytes() for name in FITTED)
    return f"{unfitted_engine()}/{hashlib.blake2b(content, digest_size=4).hexdigest()}"


@cache
def commit() -> str:
    """The commit of the checkout as the process began, marked where anything but results differs from it."""
    status = _git("status", "--porcelain", "--", ".", f":!{results.COMMITTED.relative_to(_ROOT)}")
    return _git("rev-parse", "--short", "HEAD") + ("-dirty" if status else "")


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(_ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _run(arguments: list[str], folder: Path) -> tuple[dict[str, Any], resource.struct_rusage]:
    """The verdict, and what that process used."""
    command = [str(Path(sys.executable).parent / "synthos"), *arguments]
    environment = os.environ | {"SYNTHOS_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with (folder / "stdout").open("w") as out, (folder / "stderr").open("w") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
        # wait4 and not wait(): the usage of this process alone.
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    said = (folder / "stdout").read_text()
    if process.returncode not in EXIT_CODES:
        raise subprocess.CalledProcessError(process.returncode, command, said, (folder / "stderr").read_text())
    try:
        verdict: dict[str, Any] = json.loads(said)
    except ValueError as error:  # it says that it ended well and gives no verdict: its failure, not the bench's
        raise subprocess.CalledProcessError(process.returncode, command, said, f"no verdict in JSON: {error}") from None
    return verdict, usage

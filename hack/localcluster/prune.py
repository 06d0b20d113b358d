"""Removes from the cache what the present versions and sources do not need."""

import shutil
import subprocess
from pathlib import Path

from hack.localcluster import binaries, paths
from hack.localcluster.images import base
from hack.localcluster.images.builders import Buildah
from hack.localcluster.progress import Progress


def prune(progress: Progress) -> None:
    """Remove binaries of other versions, fetched wheels, and everything that buildah built.

    The next build of the images takes a minute or two instead of seconds. Images in a cluster stay.
    """
    root = paths.cache_root()
    current = {binaries.cached(name).name for name in binaries.ALL}
    _remove([p for p in _children(root / "bin") if p.name not in current])
    _remove(_children(root / "wheels"))
    archive = base.archive_path().name
    _remove([p for p in _children(root / "images") if p.name != archive])
    if (root / "buildah").exists():
        # Not by removing files: layers may be mounted.
        subprocess.run([*Buildah().command, "rm", "--all"], capture_output=True, check=False)
        subprocess.run([*Buildah().command, "rmi", "--all", "--force"], capture_output=True, check=False)
    progress.say(f"{root} holds only what the present versions need")


def _children(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove(found: list[Path]) -> None:
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

"""Where the local cluster keeps its state and its binaries; both outside the tracked tree."""

import hashlib
import os
import re
import sys
from pathlib import Path

from hack.localcluster.errors import ClusterError

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = Path(__file__).resolve().parent / "tools"

# A Unix socket's path holds at most 107 bytes, and kubelet adds about 40 to the state directory's.
MAX_STATE_PATH = 64
USUAL_NAME = 16
"""Characters kept for a cluster's name when the place of the state is chosen."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


def interpreter() -> str:
    """The running environment's Python by its one canonical name.

    `sys.executable` is python, python3 or python3.11 depending on who called, which would make two plans
    of the same cluster differ.
    """
    canonical = Path(sys.prefix) / "bin" / "python"
    return str(canonical) if canonical.exists() else sys.executable


def state_root() -> Path:
    """The folder that holds one state directory per cluster: $SYNTHOS_STATE or build/cluster.

    A checkout whose path is too long for the sockets below it gets a folder of its own in /var/tmp.
    """
    if given := os.environ.get("SYNTHOS_STATE"):
        return Path(given).resolve()
    root = (REPOSITORY / "build" / "cluster").resolve()
    if len(str(root)) + 1 + USUAL_NAME <= MAX_STATE_PATH:
        return root
    return Path("/var/tmp") / f"synthos-{hashlib.sha256(str(root).encode()).hexdigest()[:8]}"


def cache_root() -> Path:
    """The folder of what is worth keeping between clusters: $SYNTHOS_CACHE or the user's cache."""
    if given := os.environ.get("SYNTHOS_CACHE"):
        return Path(given).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).resolve() / "synthos"


def state_dir(name: str) -> Path:
    """The state directory of the cluster `name`.

    Raises:
        ClusterError: the name is no DNS label.
    """
    if not _NAME.fullmatch(name):
        raise ClusterError(f"cluster name {name!r}: use lower-case letters, digits and hyphens, at most 32 in all")
    return state_root() / name


def check_socket_room(state: Path) -> None:
    """Raise ClusterError when Unix sockets below `state` would not fit the kernel's limit."""
    if len(str(state)) > MAX_STATE_PATH:
        raise ClusterError(
            f"the state directory {state} is longer than {MAX_STATE_PATH} characters, too long for "
            "the sockets below it; set SYNTHOS_STATE to a shorter folder, for example /var/tmp/synthos"
        )

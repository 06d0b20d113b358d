"""One caller at a time, across processes; a lock goes away with the process that held it."""

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator
from pathlib import Path

from hack.localcluster import paths


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path` (created, never removed), waiting for it as long as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def cluster_lock(state: Path) -> Iterator[None]:
    """Serialize up and down of the cluster in `state`.

    Kept in the cache and not in the state directory, which `down` removes under the lock.
    """
    name = hashlib.sha256(str(state).encode()).hexdigest()[:16]
    with exclusive(paths.cache_root() / "locks" / f"cluster-{name}.lock"):
        yield

"""A folder of wheels with everything an image installs, in the versions of the running environment.

pip fetches on the host, where its configuration (mirror, CA bundle, cache) is right; the build then needs
no index. The image gets the versions that the tests ran with.
"""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hack.localcluster import locks, paths, process
from hack.localcluster.images import closure
from hack.localcluster.progress import Progress


def ensure(requirements: Sequence[str], build_requirements: Sequence[str], progress: Progress) -> Path:
    """Return the folder of wheels for these requirements, filling it where it is missing.

    Args:
        build_requirements: what builds the project's own wheel.

    Raises:
        ClusterError: pip fails.
    """
    constraints = closure.pins([*requirements, *build_requirements])
    content = "\n".join([sys.version, *requirements, *build_requirements, *constraints])
    folder = paths.cache_root() / "wheels" / hashlib.sha256(content.encode()).hexdigest()[:16]
    with locks.exclusive(paths.cache_root() / "locks" / "wheels.lock"):
        if folder.exists():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        progress.say("fetching wheels")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".wheels-") as temporary:
            listed, pinned = Path(temporary) / "requirements.txt", Path(temporary) / "constraints.txt"
            listed.write_text("\n".join([*requirements, *build_requirements]))
            pinned.write_text("\n".join(constraints))
            out = Path(temporary) / "wheels"
            pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(out)]
            process.run([*pip, "--requirement", str(listed), "--constraint", str(pinned)], timeout=1800)
            shutil.move(out, folder)
        progress.say("wheels are fetched")
    return folder

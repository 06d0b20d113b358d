"""Gets ready what takes long, before the project's environment exists: `python -m hack.localcluster.prefetch`.

Needs the standard library only, so that it can run while pip installs the environment: the binaries, the
Debian packages and the file system of the base image. Everything else waits for what is under way here.
"""

import importlib.util
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hack.localcluster import binaries, prerequisites
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import base
from hack.localcluster.progress import Progress


def main() -> int:
    """Do all that this machine allows; 0 also when something has to wait for later, with a line that says so."""
    progress = Progress()
    steps: list[Callable[[], object]] = [lambda: binaries.ensure(binaries.ALL, progress)]
    if os.geteuid() == 0:
        steps.append(lambda: _packages_and_base(progress))
    with ThreadPoolExecutor(max_workers=len(steps)) as pool:
        for step in [pool.submit(step) for step in steps]:
            try:
                step.result()
            except ClusterError as error:
                progress.say(f"left for later: {error}")
    return 0


def _packages_and_base(progress: Progress) -> None:
    prerequisites.install({**prerequisites.NODE_PROGRAMS, **prerequisites.IMAGE_PROGRAMS}, progress)
    # Without pip there is nothing to put into the base image; the environment will have it.
    if base.python_version() in base.SUITES and importlib.util.find_spec("pip"):
        base.rootfs(progress)


if __name__ == "__main__":
    sys.exit(main())

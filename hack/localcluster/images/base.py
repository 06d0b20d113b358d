"""A stand-in for the image python:3.11-slim, made on the spot from Debian packages.

For machines that reach a package mirror but no image registry. It has what the Dockerfiles rely on:
`python` of the version that the image's name says, pip, CA certificates, nothing that runs as root.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from hack.localcluster import locks, paths, process
from hack.localcluster.errors import ClusterError
from hack.localcluster.images.builders import Buildah
from hack.localcluster.progress import Progress

# Python's version -> the Debian release that has it
SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
PACKAGES = ("python3", "ca-certificates")
LEFT_OUT = (
    "var/cache/",
    "var/lib/apt/lists/",
    "var/log/",
    "usr/share/doc/",
    "usr/share/man/",
    "usr/share/locale/",
    "dev/",
)
RECIPE = "1"
"""Raise this when the recipe below changes, so that cached bases are made anew."""


def python_version() -> tuple[int, int]:
    """Of the running interpreter; the image's has to be the same, since wheels and PyTorch are shared."""
    return sys.version_info[:2]


def name() -> str:
    """The base image's name; its tag changes with the recipe."""
    major, minor = python_version()
    digest = hashlib.sha256(repr((RECIPE, PACKAGES, LEFT_OUT)).encode()).hexdigest()[:8]
    return f"localhost/python:{major}.{minor}-slim-{digest}"


def ensure(builder: Buildah, progress: Progress) -> str:
    """Return the name of the base image, making it first where it is missing.

    Raises:
        ClusterError: no Debian release has this version of Python, or a step fails.
    """
    version = python_version()
    if version not in SUITES:
        known = ", ".join(f"{a}.{b}" for a, b in SUITES)
        raise ClusterError(
            f"images can be made on the spot for Python {known}, and this environment has "
            f"{version[0]}.{version[1]}: make .venv with one of those, or run a Docker engine"
        )
    tag = name()
    with locks.exclusive(paths.cache_root() / "locks" / "base-image.lock"):
        if not builder.has(tag):
            _import(builder, rootfs(progress), tag)
            progress.say(f"base image {tag}")
    return tag


def archive_path() -> Path:
    """Where the base's file system is or will be."""
    return paths.cache_root() / "images" / f"{name().rpartition('/')[2].replace(':', '-')}.tar"


def rootfs(progress: Progress) -> Path:
    """The base's file system as a tar archive in the cache, made with debootstrap where it is missing."""
    archive = archive_path()
    with locks.exclusive(paths.cache_root() / "locks" / "rootfs.lock"):
        if archive.exists():
            return archive
        archive.parent.mkdir(parents=True, exist_ok=True)
        suite = SUITES[python_version()]
        progress.say(f"making a base image with debootstrap ({suite})")
        with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".rootfs-") as folder:
            root = Path(folder) / "root"
            process.run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", suite, str(root)])
            _adapt(root)
            temporary = archive.with_suffix(".part")
            with tarfile.open(temporary, "w") as tar:
                tar.add(root, ".", filter=_slim)
            temporary.replace(archive)
        progress.say("base file system is made")
    return archive


def _adapt(root: Path) -> None:
    """Make Debian's Python look like the one in the official image."""
    major, minor = python_version()
    (root / "usr/bin/python").symlink_to("python3")
    (root / f"usr/lib/python{major}.{minor}/EXTERNALLY-MANAGED").unlink(missing_ok=True)
    target = root / f"usr/local/lib/python{major}.{minor}/dist-packages"
    process.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), "pip"])
    shutil.rmtree(target / "bin", ignore_errors=True)  # scripts that name this machine's interpreter


def _slim(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    path = member.name.removeprefix("./")
    if any(path.startswith(prefix) for prefix in LEFT_OUT) or path.endswith("/__pycache__"):
        return None
    return member


def _import(builder: Buildah, archive: Path, tag: str) -> None:
    container = process.run([*builder.command, "from", "scratch"]).strip()
    try:
        process.run([*builder.command, "add", "--quiet", container, str(archive), "/"])
        environment = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8")
        options = [part for variable in environment for part in ("--env", variable)]
        process.run([*builder.command, "config", *options, "--cmd", "python3", container])
        process.run([*builder.command, "commit", "--quiet", container, tag])
    finally:
        subprocess.run([*builder.command, "rm", container], capture_output=True, check=False)

"""Programs that build a Dockerfile: docker or podman where an engine answers, else buildah."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hack.localcluster import paths, prerequisites, process
from hack.localcluster.errors import ClusterError


@dataclass(frozen=True)
class Build:
    """One image to build.

    Attributes:
        tag: the image's full name.
        wheels: a folder of wheels that replaces the package index, None to use the index.
    """

    dockerfile: Path
    context: Path
    tag: str
    arguments: Mapping[str, str]
    wheels: Path | None = None

    def options(self) -> list[str]:
        """The options that docker, podman and buildah share."""
        arguments = dict(self.arguments)
        contexts: list[str] = []
        if self.wheels is not None:
            arguments |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels"}
            contexts = ["--build-context", f"wheels={self.wheels}"]
        pairs = [part for item in arguments.items() for part in ("--build-arg", "=".join(item))]
        return ["--file", str(self.dockerfile), "--tag", self.tag, *pairs, *contexts, str(self.context)]


class Engine:
    """docker or podman. They bring their own base image and reach a package index themselves."""

    def __init__(self, program: str) -> None:
        self.program = program

    def has(self, tag: str) -> bool:
        """Whether the image is there already."""
        return _succeeds([self.program, "image", "inspect", tag])

    def build(self, build: Build) -> None:
        """Build the image.

        Raises:
            ClusterError: the build fails; the message ends with what the builder said.
        """
        _build([self.program, "build", *build.options()], build.tag)

    def export(self, tag: str) -> list[str]:
        """The command that writes the image to its standard output as an archive."""
        return [self.program, "save", tag]


class Buildah:
    """buildah without a daemon, with storage of its own in the cache."""

    def __init__(self) -> None:
        storage = paths.cache_root() / "buildah"
        storage.mkdir(parents=True, exist_ok=True)
        # An overlay cannot lie on another one; plain copies always work.
        driver = "overlay" if prerequisites.snapshotter(storage) == "overlayfs" else "vfs"
        # Else it makes /etc/cni, to lock a network that nothing here uses.
        settings = storage / "containers.conf"
        process.write_atomic(settings, f'[network]\nnetwork_config_dir = "{storage}/cni"\n', 0o644)
        self.command = [
            "env",
            f"CONTAINERS_CONF={settings}",
            "buildah",
            f"--root={storage / 'root'}",
            f"--runroot={storage / 'run'}",
            f"--storage-driver={driver}",
        ]

    def has(self, tag: str) -> bool:
        """Whether the image is there already."""
        return _succeeds([*self.command, "inspect", "--type=image", tag])

    def build(self, build: Build) -> None:
        """Build the image, reusing layers; processes of RUN lines only change their root folder.

        Raises:
            ClusterError: the build fails; the message ends with what the builder said.
        """
        # The base image and the folder of wheels are here, so RUN lines need no network.
        options = ["--isolation=chroot", "--layers", "--pull-never", "--network=host"]
        _build([*self.command, "build", *options, *build.options()], build.tag)

    def export(self, tag: str) -> list[str]:
        """The command that writes the image to its standard output as an archive."""
        return [*self.command, "push", "--quiet", tag, f"docker-archive:/dev/stdout:{tag}"]


def find_engine() -> Engine | None:
    """docker or podman, if one is installed and its engine answers (a client alone is not enough)."""
    for program in ("docker", "podman"):
        if shutil.which(program) and _succeeds([program, "info", "--format", "{{json .}}"]) and _has_server(program):
            return Engine(program)
    return None


def _has_server(program: str) -> bool:
    """`docker info` succeeds without a server in some versions; listing images does not."""
    return _succeeds([program, "image", "ls", "--quiet"])


def _succeeds(argv: list[str]) -> bool:
    try:
        return subprocess.run(argv, capture_output=True, check=False, timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _build(argv: list[str], tag: str) -> None:
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.strip().splitlines()[-25:])
        raise ClusterError(f"building {tag} failed: {' '.join(argv)}\n{tail}")

"""The project's two images: what goes in, a tag that says so, and how they get into a cluster."""

import hashlib
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from hack.image_requirements import build_requirements, requirements
from hack.localcluster import cluster, paths, prerequisites, process
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import base, closure, loading, wheels
from hack.localcluster.images.builders import Build, Buildah, Engine, find_engine
from hack.localcluster.layout import Layout
from hack.localcluster.progress import Progress

DEFAULT_BASE = "python:3.11-slim"


@dataclass(frozen=True)
class Image:
    """One image of the project.

    Attributes:
        extra: of pyproject.toml.
        sources: folders that the Dockerfile copies.
        without: projects left out because the local cluster brings them in by a volume.
    """

    name: str
    dockerfile: str
    extra: str
    sources: tuple[str, ...]
    without: tuple[str, ...] = ()

    @property
    def arguments(self) -> dict[str, str]:
        """Build arguments that follow from the image itself."""
        return {name.upper(): "without" for name in self.without}


IMAGES = (
    Image("operator", "operator/Dockerfile", "operator", ("crds/src", "operator/src")),
    Image("trainer", "trainer_image/Dockerfile", "engine", ("crds/src", "trainer_image/src"), ("torch",)),
)


def tag(image: Image, repository: Path, base_image: str, pinned: Sequence[str]) -> str:
    """The image's name, with a digest of everything that goes in as its tag: no change, same name.

    Args:
        pinned: versions of what is installed.
    """
    digest = hashlib.sha256()
    for part in (base_image, repr(image), *pinned):
        digest.update(f"{part}\n".encode())
    fixed = ("pyproject.toml", "README.md", "LICENSE", "hack/image_requirements.py", image.dockerfile)
    files = [repository / name for name in fixed]
    for source in image.sources:
        files += [p for p in (repository / source).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    for file in sorted(files):
        digest.update(f"{file.relative_to(repository)}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"localhost/synthos-{image.name}:{digest.hexdigest()[:16]}"


def names() -> dict[str, str]:
    """The full name of each image for the sources as they are now: "operator" and "trainer" -> name."""
    base_image = DEFAULT_BASE if find_engine() else base.name()
    return {
        image.name: tag(image, paths.REPOSITORY, base_image, closure.pins(_requirements(image))) for image in IMAGES
    }


def ensure(name: str, progress: Progress) -> dict[str, str]:
    """Build what changed and load it into the cluster `name`; return the images' names as `names` does.

    Raises:
        ClusterError: the cluster has no node, or a build or the loading fails.
    """
    config = cluster.require(name)
    if config.kind != "node":
        raise ClusterError(f"cluster {name!r} has no node that could hold images")
    loaded = _loaded(name)
    wanted = names()
    missing = [image for image in IMAGES if wanted[image.name] not in loaded]
    if missing:
        builder = find_engine() or _buildah(progress)
        base_image = DEFAULT_BASE if isinstance(builder, Engine) else base.ensure(builder, progress)

        def provide(image: Image) -> None:
            full = wanted[image.name]
            if not builder.has(full):
                progress.say(f"building {full}")
                builder.build(_build_of(image, full, base_image, builder, progress))
                progress.say(f"built {full}")
            load(name, full, progress)

        with ThreadPoolExecutor(max_workers=len(missing)) as pool:
            list(pool.map(provide, missing))
    return wanted


def _build_of(image: Image, full: str, base_image: str, builder: Engine | Buildah, progress: Progress) -> Build:
    return Build(
        dockerfile=paths.REPOSITORY / image.dockerfile,
        context=paths.REPOSITORY,
        tag=full,
        arguments={"BASE_IMAGE": base_image, **image.arguments},
        wheels=None if isinstance(builder, Engine) else _wheels(image, progress),
    )


def _buildah(progress: Progress) -> Buildah:
    prerequisites.require_root("building images without a container engine")
    prerequisites.install(prerequisites.IMAGE_PROGRAMS, progress)
    return Buildah()


def _wheels(image: Image, progress: Progress) -> Path:
    pyproject = (paths.REPOSITORY / "pyproject.toml").read_text()
    return wheels.ensure(_requirements(image), build_requirements(pyproject), progress)


def _requirements(image: Image) -> list[str]:
    return requirements((paths.REPOSITORY / "pyproject.toml").read_text(), image.extra, image.without)


def trainer_requirements() -> list[str]:
    """What the local cluster's trainer image installs."""
    return next(_requirements(image) for image in IMAGES if image.name == "trainer")


def _ctr(name: str) -> list[str]:
    socket = Layout(paths.state_dir(name)).containerd_socket
    program = shutil.which("ctr", path=prerequisites.SYSTEM_PATH) or "ctr"
    return [program, f"--address={socket}", "--namespace=k8s.io"]


def _loaded(name: str) -> set[str]:
    return set(process.run([*_ctr(name), "images", "ls", "--quiet"]).split())


def load(name: str, image: str, progress: Progress) -> None:
    """Copy an image from where it was built into the cluster's containerd.

    Raises:
        ClusterError: the image does not exist, or containerd does not take it.
    """
    builder = find_engine() or Buildah()
    if not builder.has(image):
        raise ClusterError(f"there is no image {image}; build it first")
    loading.load(builder.export(image), _ctr(name), image)
    progress.say(f"loaded {image}")

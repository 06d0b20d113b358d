"""Builds the project's two images where they changed, and loads them into a cluster."""

import shutil
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hack.image_requirements import build_requirements, requirements
from hack.localcluster import cluster, locks, paths, prerequisites, process
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import base, closure, loading, wheels
from hack.localcluster.images.builders import Build, Buildah, Engine, find_engine
from hack.localcluster.images.sources import IMAGES, TRAINER, Image, snapshot, tag
from hack.localcluster.layout import Layout
from hack.localcluster.progress import Progress

DEFAULT_BASE = "python:3.11-slim"


def names() -> dict[str, str]:
    """The full name of each image for the sources as they are now: "operator" and "trainer" -> name."""
    base_image = DEFAULT_BASE if find_engine() else base.name()
    return {image.name: _tag(image, paths.REPOSITORY, base_image) for image in IMAGES}


def ensure(name: str, progress: Progress) -> dict[str, str]:
    """Build what changed and load it into the cluster `name`; return the images' names as `names` does.

    Raises:
        ClusterError: the cluster has no node, or a build or the loading fails.
    """
    config = cluster.require(name)
    if config.kind != "node":
        raise ClusterError(f"cluster {name!r} has no node that could hold images")
    loaded = _loaded(name)
    found = names()
    changed = [image for image in IMAGES if found[image.name] not in loaded]
    if not changed:
        return found
    builder = find_engine() or _buildah(progress)
    base_image = DEFAULT_BASE if isinstance(builder, Engine) else base.ensure(builder, progress)

    def provide(image: Image) -> str:
        with locks.exclusive(paths.cache_root() / "locks" / f"image-{image.name}.lock"):
            full = _build(image, builder, base_image, progress)
            load(name, full, progress)
        return full

    with ThreadPoolExecutor(max_workers=len(changed)) as pool:
        built = dict(zip([image.name for image in changed], pool.map(provide, changed), strict=True))
    return found | built


def _build(image: Image, builder: Engine | Buildah, base_image: str, progress: Progress) -> str:
    """Build an image from the sources as they are at this moment; return its name."""
    with tempfile.TemporaryDirectory(prefix="synthos-image-") as folder:
        context = snapshot(image, paths.REPOSITORY, Path(folder))
        full = _tag(image, context, base_image)
        if builder.has(full):
            return full
        progress.say(f"building {full}")
        arguments: Mapping[str, str] = {"BASE_IMAGE": base_image, **image.arguments}
        folder_of_wheels = None if isinstance(builder, Engine) else _wheels(image, context, progress)
        builder.build(Build(context / image.dockerfile, context, full, arguments, folder_of_wheels))
        progress.say(f"built {full}")
    return full


def _tag(image: Image, repository: Path, base_image: str) -> str:
    return tag(image, repository, base_image, closure.pins(_requirements(image, repository)))


def _buildah(progress: Progress) -> Buildah:
    prerequisites.require_root("building images without a container engine")
    prerequisites.install(prerequisites.IMAGE_PROGRAMS, progress)
    return Buildah()


def _wheels(image: Image, repository: Path, progress: Progress) -> Path:
    builds = build_requirements((repository / "pyproject.toml").read_text())
    return wheels.ensure(_requirements(image, repository), builds, progress)


def _requirements(image: Image, repository: Path) -> list[str]:
    return requirements((repository / "pyproject.toml").read_text(), image.extra, image.without)


def trainer_requirements() -> list[str]:
    """What the local cluster's trainer image installs."""
    return _requirements(TRAINER, paths.REPOSITORY)


def _ctr(name: str) -> list[str]:
    socket = Layout(paths.state_dir(name)).containerd_socket
    program = shutil.which("ctr", path=prerequisites.SYSTEM_PATH) or "ctr"
    return [program, f"--address={socket}", "--namespace=k8s.io"]


def _loaded(name: str) -> set[str]:
    return set(process.run([*_ctr(name), "images", "ls", "--quiet"]).split())


def load(name: str, image: str, progress: Progress) -> None:
    """Copy an image from where it was built into the cluster's containerd.

    Raises:
        ClusterError: the cluster has no node, the image does not exist, or containerd does not take it.
    """
    if cluster.require(name).kind != "node":
        raise ClusterError(f"cluster {name!r} has no node that could hold images")
    builder = find_engine() or Buildah()
    if not builder.has(image):
        raise ClusterError(f"there is no image {image}; build it first")
    try:
        loading.load(builder.export(image), _ctr(name), image)
    except ClusterError:
        # containerd may have thrown away a layer meanwhile; with all of them it does not matter.
        loading.load(builder.export(image), _ctr(name), image, complete=True)
    progress.say(f"loaded {image}")

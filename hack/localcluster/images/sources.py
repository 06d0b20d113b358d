"""What goes into the project's two images, and names that say so."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FIXED = ("pyproject.toml", "README.md", "LICENSE", "hack/image_requirements.py")


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


OPERATOR = Image("operator", "operator/Dockerfile", "operator", ("crds/src", "operator/src"))
TRAINER = Image("trainer", "trainer_image/Dockerfile", "engine", ("crds/src", "trainer_image/src"), ("torch",))
IMAGES = (OPERATOR, TRAINER)


def files(image: Image, repository: Path) -> list[Path]:
    """Every file that the image's build reads, sorted."""
    found = [repository / name for name in (*FIXED, image.dockerfile)]
    for source in image.sources:
        found += [p for p in (repository / source).rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    return sorted(found)


def tag(image: Image, repository: Path, base_image: str, pinned: Sequence[str]) -> str:
    """The image's name, with a digest of everything that goes in as its tag: no change, same name.

    Args:
        pinned: versions of what is installed.
    """
    digest = hashlib.sha256()
    for part in (base_image, repr(image), *pinned):
        digest.update(f"{part}\n".encode())
    for file in files(image, repository):
        digest.update(f"{file.relative_to(repository)}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"localhost/synthos-{image.name}:{digest.hexdigest()[:16]}"


def snapshot(image: Image, repository: Path, target: Path) -> Path:
    """Copy what the image's build reads, so that edits during a build do not get under the old name."""
    for file in files(image, repository):
        copy = target / file.relative_to(repository)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return target

"""Copies an image into containerd without the layers that are there already.

An archive made by docker, podman or buildah holds every layer, also the hundreds of megabytes that did not
change. It is read as a stream; layers that containerd has are skipped, and what remains is handed over as an
OCI layout, in which a manifest may name blobs that the archive does not contain.
"""

import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from hack.localcluster import process
from hack.localcluster.errors import ClusterError

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Archive:
    """What an image archive contains.

    Attributes:
        files: new blobs, sha256 -> file.
        sizes: sha256 of every layer -> bytes.
    """

    config: bytes = b""
    files: dict[str, Path] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)


def load(export: Sequence[str], ctr: Sequence[str], image: str) -> None:
    """Run `export`, which writes the archive of `image` to its output, and import what is new.

    Raises:
        ClusterError: one of the two commands fails, or the archive is not one.
    """
    known = _known_blobs(ctr)
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(export, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
            assert source.stdout is not None
            assert source.stderr is not None
            try:
                archive = read(source.stdout, set(known), Path(folder))
            except (tarfile.TarError, KeyError, ValueError) as error:
                source.kill()
                said = source.stderr.read().decode().strip()
                raise ClusterError(f"{image}: no image archive from {' '.join(export)}: {error} {said}") from error
            said = source.stderr.read().decode().strip()
        if source.returncode != 0:
            raise ClusterError(f"{image}: {' '.join(export)} failed: {said}")
        target = Path(folder) / "oci.tar"
        with target.open("wb") as file:
            write(archive, image, file)
        process.run([*ctr, "images", "import", str(target)])


def _known_blobs(ctr: Sequence[str]) -> list[str]:
    lines = process.run([*ctr, "content", "ls", "--quiet"]).split()
    return [line.removeprefix("sha256:") for line in lines]


def read(stream: IO[bytes], known: set[str], folder: Path) -> Archive:
    """Read an archive in the format of `docker save`; layers in `known` are not kept.

    Raises:
        ValueError: there is no manifest, or not of exactly one image.
    """
    archive, manifest = Archive(), None
    small: dict[str, bytes] = {}
    named: dict[str, str] = {}  # name of a layer in the archive -> its digest
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if member.name == "manifest.json":
                manifest = json.load(content)
            elif member.name.endswith(".tar"):
                _read_layer(member, content, known, folder, archive, named)
            elif member.size < 1 << 20:
                small[member.name] = content.read()
    # Whoever reads only up to the end of the archive breaks the writer's pipe.
    while stream.read(1 << 20):
        pass
    if manifest is None or len(manifest) != 1:
        raise ValueError("no manifest of exactly one image")
    archive.config = small[manifest[0]["Config"]]
    return archive


def _read_layer(
    member: tarfile.TarInfo,
    content: IO[bytes],
    known: set[str],
    folder: Path,
    archive: Archive,
    named: dict[str, str],
) -> None:
    claimed = Path(member.name).stem
    if claimed in known:  # buildah and podman name a layer by its digest
        archive.sizes[claimed] = member.size
        return
    temporary = folder / f"layer-{len(named)}"
    digest = hashlib.sha256()
    with temporary.open("wb") as file:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    name = named[member.name] = digest.hexdigest()
    archive.sizes[name] = member.size
    if name not in known:
        archive.files[name] = temporary


def write(archive: Archive, image: str, target: IO[bytes]) -> None:
    """Write the archive's image as an OCI layout with its new blobs only.

    Raises:
        KeyError: the configuration names a layer that the archive did not have.
    """
    layers = [d.removeprefix("sha256:") for d in json.loads(archive.config)["rootfs"]["diff_ids"]]
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, _sha256(archive.config), len(archive.config)),
            "layers": [_descriptor(_LAYER, name, archive.sizes[name]) for name in layers],
        }
    ).encode()
    entry = _descriptor(_MANIFEST, _sha256(manifest), len(manifest))
    entry["annotations"] = {"io.containerd.image.name": image}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    with tarfile.open(fileobj=target, mode="w") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        for blob in (manifest, archive.config):
            _add(tar, f"blobs/sha256/{_sha256(blob)}", blob)
        for name, file in archive.files.items():
            tar.add(file, f"blobs/sha256/{name}")
        _add(tar, "index.json", index)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))

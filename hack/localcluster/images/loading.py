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
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hack.localcluster import process
from hack.localcluster.errors import ClusterError

_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_GZIP = b"\x1f\x8b"
_SMALL = 1 << 20
_CHUNK = 1 << 20


@dataclass
class Layer:
    """One layer of an archive.

    Attributes:
        digest: sha256 of the bytes as they are in the archive.
        file: where they are now, None when they were not kept.
    """

    digest: str
    size: int
    media_type: str
    file: Path | None


@dataclass
class Archive:
    """What an image archive contains; the layers in their order."""

    config: bytes
    layers: list[Layer]


def load(export: Sequence[str], ctr: Sequence[str], image: str, *, complete: bool = False) -> None:
    """Run `export`, which writes the archive of `image` to its output, and import what is new.

    Args:
        complete: import every layer.

    Raises:
        ClusterError: one of the two commands fails, or the archive is not one.
    """
    known = set() if complete else _known_blobs(ctr)
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(export, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as source:
            assert source.stdout is not None
            assert source.stderr is not None
            try:
                archive = read(source.stdout, known, Path(folder))
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


def _known_blobs(ctr: Sequence[str]) -> set[str]:
    lines = process.run([*ctr, "content", "ls", "--quiet"]).split()
    return {line.removeprefix("sha256:") for line in lines}


def read(stream: IO[bytes], known: set[str], folder: Path) -> Archive:
    """Read an archive in the format of `docker save`; layers in `known` are not kept.

    Raises:
        ValueError: there is no manifest, or not of exactly one image.
        KeyError: the manifest names something that is not there.
    """
    manifest: list[dict[str, Any]] = []
    small: dict[str, bytes] = {}
    layers: dict[str, Layer] = {}
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if member.size <= _SMALL:  # a layer or the configuration; docker names both alike
                small[member.name] = content.read()
                content = io.BytesIO(small[member.name])
            if member.name == "manifest.json":
                manifest = json.loads(small[member.name])
            else:
                layers[member.name] = _read_layer(member, content, known, folder / f"layer-{len(layers)}")
    # Whoever reads only up to the end of the archive breaks the writer's pipe.
    while stream.read(_CHUNK):
        pass
    if len(manifest) != 1:
        raise ValueError("no manifest of exactly one image")
    return Archive(small[manifest[0]["Config"]], [layers[name] for name in manifest[0]["Layers"]])


def _read_layer(member: tarfile.TarInfo, content: IO[bytes], known: set[str], target: Path) -> Layer:
    """Read one file of the archive, and keep it in `target` unless it is known."""
    first = content.read(_CHUNK)
    media_type = f"{_LAYER}+gzip" if first.startswith(_GZIP) else _LAYER
    claimed = Path(member.name).name.removesuffix(".tar")
    if claimed in known:  # named by its digest; no need to read it
        return Layer(claimed, member.size, media_type, None)
    digest = hashlib.sha256()
    with target.open("wb") as file:
        chunk = first
        while chunk:
            digest.update(chunk)
            file.write(chunk)
            chunk = content.read(_CHUNK)
    name = digest.hexdigest()
    return Layer(name, member.size, media_type, None if name in known else target)


def write(archive: Archive, image: str, target: IO[bytes]) -> None:
    """Write the archive's image as an OCI layout with its new blobs only."""
    layers = [_descriptor(layer.media_type, layer.digest, layer.size) for layer in archive.layers]
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, _sha256(archive.config), len(archive.config)),
            "layers": layers,
        }
    ).encode()
    entry = _descriptor(_MANIFEST, _sha256(manifest), len(manifest))
    entry["annotations"] = {"io.containerd.image.name": image}
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    with tarfile.open(fileobj=target, mode="w") as tar:
        _add(tar, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        for blob in (manifest, archive.config):
            _add(tar, f"blobs/sha256/{_sha256(blob)}", blob)
        for layer in {layer.digest: layer for layer in archive.layers if layer.file}.values():
            tar.add(str(layer.file), f"blobs/sha256/{layer.digest}")
        _add(tar, "index.json", index)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))

"""The image of the pause container, made by hand: one static program in an archive that containerd imports."""

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path

from hack.localcluster.render import PAUSE_IMAGE

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write_image(program: Path, archive: Path) -> None:
    """Write an image archive (the format of `docker save`) that holds `program` as /pause."""
    layer = _tar({"pause": program.read_bytes()})
    layer_digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {"Entrypoint": ["/pause"], "User": "65532:65532"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
        }
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": name, "RepoTags": [PAUSE_IMAGE], "Layers": [f"{layer_digest}/layer.tar"]}]
    archive.write_bytes(
        _tar({name: config, f"{layer_digest}/layer.tar": layer, "manifest.json": json.dumps(manifest).encode()})
    )


def _tar(files: dict[str, bytes]) -> bytes:
    """A tar archive of executable files, the same bytes for the same content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()

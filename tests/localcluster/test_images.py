"""What goes into the images, their names, and the archives that bring them into containerd."""

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from hack.image_requirements import build_requirements, requirements
from hack.localcluster import paths, pause
from hack.localcluster.images import closure, loading, sources
from hack.localcluster.images.builders import Build
from hack.localcluster.images.loading import Archive
from hack.localcluster.torch_volume import MOUNT_PATH, chart_values

PYPROJECT = """
[build-system]
requires = ["hatchling>=1"]
[project]
dependencies = ["pydantic>=2"]
[project.optional-dependencies]
engine = ["numpy>=1.26,<3", "torch>=2.4", "Some_Thing[extra]>=1; python_version>'3'"]
"""


def test_requirements_are_those_of_the_project_and_of_the_extra() -> None:
    assert requirements(PYPROJECT, "engine")[0] == "pydantic>=2"
    assert len(requirements(PYPROJECT, "engine")) == 4
    assert build_requirements(PYPROJECT) == ["hatchling>=1"]


@pytest.mark.parametrize("name", ["torch", "Torch", "some.thing", "SOME-THING"])
def test_a_project_is_left_out_by_any_spelling(name: str) -> None:
    left = requirements(PYPROJECT, "engine", [name])
    assert len(left) == 3


def test_an_unknown_extra_is_an_error() -> None:
    with pytest.raises(KeyError):
        requirements(PYPROJECT, "no-such-extra")


def test_the_closure_holds_what_others_need_and_nothing_else() -> None:
    found = closure.distributions(["pydantic", "no-such-project-at-all"])
    assert {"pydantic", "pydantic-core", "typing-extensions"} <= set(found)
    assert "pytest" not in found
    assert "no-such-project-at-all" not in found


def test_an_extra_brings_its_own() -> None:
    assert "botocore-stubs" in closure.distributions(["boto3-stubs[s3]"])
    assert "mypy-boto3-s3" in closure.distributions(["boto3-stubs[s3]"])
    assert "mypy-boto3-s3" not in closure.distributions(["boto3-stubs"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "README.md", "LICENSE", "hack/image_requirements.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for image in sources.IMAGES:
        for name in (image.dockerfile, *(f"{source}/a.py" for source in image.sources)):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(name)
    return tmp_path


def tags(repository: Path, base: str = "base:1", pins: tuple[str, ...] = ("a==1",)) -> list[str]:
    return [sources.tag(image, repository, base, pins) for image in sources.IMAGES]


def test_a_tag_stays_while_nothing_changes(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = shutil.copytree(repository, tmp_path_factory.mktemp("copy") / "elsewhere")
    (copy / "crds/src/__pycache__").mkdir()
    (copy / "crds/src/__pycache__/a.pyc").write_text("compiled")
    (copy / "tests").mkdir()
    (copy / "tests/test_a.py").write_text("no part of an image")
    assert tags(copy) == tags(repository)


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("operator/src/a.py", [True, False]),
        ("trainer_image/src/a.py", [False, True]),
        ("crds/src/new.py", [True, True]),
        ("pyproject.toml", [True, True]),
        ("trainer_image/Dockerfile", [False, True]),
    ],
)
def test_a_tag_follows_what_goes_in(repository: Path, file: str, changed: list[bool]) -> None:
    before = tags(repository)
    (repository / file).write_text("changed")
    assert [a != b for a, b in zip(before, tags(repository), strict=True)] == changed


def test_a_renamed_file_and_other_versions_change_the_tag(repository: Path) -> None:
    before = tags(repository)
    assert tags(repository, base="base:2") != before
    assert tags(repository, pins=("a==2",)) != before
    (repository / "operator/src/a.py").rename(repository / "operator/src/b.py")
    assert tags(repository)[0] != before[0]


@pytest.mark.parametrize("image", sources.IMAGES, ids=lambda image: image.name)
def test_dockerfiles_run_python_as_nobody_in_particular(image: sources.Image) -> None:
    lines = (paths.REPOSITORY / image.dockerfile).read_text().split("\n")
    assert "USER 65532:65532" in lines
    entry = json.loads(next(line for line in lines if line.startswith("ENTRYPOINT")).removeprefix("ENTRYPOINT"))
    assert entry[:2] == ["python", "-m"]
    assert "ARG BASE_IMAGE=python:3.11-slim" in lines
    for source in image.sources:
        assert f"COPY {source} {source}" in lines, "the tag would not follow what goes in"


@pytest.mark.parametrize("image", sources.IMAGES, ids=lambda image: image.name)
def test_the_build_context_holds_what_the_dockerfile_copies(image: sources.Image) -> None:
    allowed = [line[1:] for line in (paths.REPOSITORY / ".dockerignore").read_text().split("\n") if line[:1] == "!"]
    for line in (paths.REPOSITORY / image.dockerfile).read_text().split("\n"):
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--"):
            assert set(words[1:-1]) <= set(allowed)


def test_wheels_replace_the_index() -> None:
    build = Build(Path("D"), Path(), "t:1", {"A": "b"}, wheels=Path("/w"))
    options = " ".join(build.options())
    assert "--build-context wheels=/w" in options
    assert "--build-arg PIP_NO_INDEX=1" in options
    assert "wheels" not in " ".join(Build(Path("D"), Path(), "t:1", {}).options())


def docker_archive(layers: list[bytes], style: str = "buildah") -> bytes:
    """An archive as buildah (layers named by digest), old docker, or docker since 25 (all blobs alike) write it."""
    digests = [hashlib.sha256(layer).hexdigest() for layer in layers]
    naming = {"buildah": "{digest}.tar", "old docker": "{number}/layer.tar", "docker": "blobs/sha256/{digest}"}[style]
    names = [naming.format(digest=digest, number=number) for number, digest in enumerate(digests)]
    config = json.dumps({"rootfs": {"diff_ids": [f"sha256:{d}" for d in digests]}}).encode()
    config_name = f"blobs/sha256/{hashlib.sha256(config).hexdigest()}" if style == "docker" else "c.json"
    manifest = json.dumps([{"Config": config_name, "Layers": names, "RepoTags": ["x:1"]}]).encode()
    files = [*zip(names, layers, strict=True), (config_name, config), ("manifest.json", manifest)]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def written(archive: Archive) -> dict[str, bytes]:
    buffer = io.BytesIO()
    loading.write(archive, "localhost/x:1", buffer)
    buffer.seek(0)
    with tarfile.open(fileobj=buffer) as tar:
        return {m.name: f.read() for m in tar if (f := tar.extractfile(m))}


@pytest.mark.parametrize("style", ["buildah", "old docker", "docker"])
@pytest.mark.parametrize("size", [10, 300_000], ids=["small", "large"])
def test_only_new_layers_are_handed_over(tmp_path: Path, style: str, size: int) -> None:
    old, new = b"old layer" * size, gzip.compress(b"new layer" * size, compresslevel=0)
    old_digest, new_digest = (hashlib.sha256(layer).hexdigest() for layer in (old, new))
    stream = io.BytesIO(docker_archive([old, new], style))
    files = written(loading.read(stream, {old_digest}, tmp_path))
    assert files[f"blobs/sha256/{new_digest}"] == new
    assert f"blobs/sha256/{old_digest}" not in files
    entry = json.loads(files["index.json"])["manifests"][0]
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/x:1"
    manifest = json.loads(files[f"blobs/sha256/{entry['digest'].removeprefix('sha256:')}"])
    assert [(d["digest"], d["size"], d["mediaType"].rpartition(".")[2]) for d in manifest["layers"]] == [
        (f"sha256:{old_digest}", len(old), "tar"),
        (f"sha256:{new_digest}", len(new), "tar+gzip"),
    ]
    assert json.loads(files[f"blobs/sha256/{manifest['config']['digest'].removeprefix('sha256:')}"])["rootfs"]


@pytest.mark.parametrize("content", [b"", b"no archive at all", docker_archive([])[:512]])
def test_what_is_no_image_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises((ValueError, tarfile.TarError)):
        loading.read(io.BytesIO(content), set(), tmp_path)


def test_the_pause_image_is_whole(tmp_path: Path) -> None:
    (tmp_path / "program").write_bytes(b"ELF")
    pause.write_image(tmp_path / "program", tmp_path / "image.tar")
    archive = loading.read(io.BytesIO((tmp_path / "image.tar").read_bytes()), set(), tmp_path)
    layer = archive.layers[0].file
    assert layer is not None
    with tarfile.open(layer) as tar:
        member = tar.getmember("pause")
        assert member.mode & 0o111
    config = json.loads(archive.config)
    assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer.read_bytes()).hexdigest()}"]
    assert config["config"]["Entrypoint"] == ["/pause"]


def test_pytorch_is_mounted_read_only_where_the_image_looks_for_it() -> None:
    trainer = chart_values("claim")["trainer"]
    assert trainer["extraVolumes"][0]["persistentVolumeClaim"]["readOnly"] is True
    assert trainer["extraVolumeMounts"] == [{"name": "torch", "mountPath": MOUNT_PATH, "readOnly": True}]
    dockerfile = (paths.REPOSITORY / "trainer_image/Dockerfile").read_text()
    assert f"echo {MOUNT_PATH} >" in dockerfile

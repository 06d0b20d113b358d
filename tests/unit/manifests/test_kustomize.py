"""manifests/ installs what the chart installs: same objects, apart from what only Helm or only kustomize adds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from hack import manifests
from hack.localcluster import binaries
from synthos_operator.config import OperatorConfig

Object = dict[str, Any]
Named = dict[tuple[str, str], Object]


def cached_or_installed(program: str) -> Path:
    cached = binaries.cached(program)
    found = str(cached) if cached.exists() else shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is missing (`make cluster-up` builds it)")
    return Path(found)


@pytest.fixture(scope="module")
def helm() -> Path:
    return cached_or_installed("helm")


def build(folder: Path) -> list[Object]:
    """`kubectl kustomize`."""
    kubectl = cached_or_installed("kubectl")
    done = subprocess.run([str(kubectl), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader))


def meaning(objects: list[Object]) -> Named:
    """Objects by kind and name, without Helm's labels, and the ConfigMap's content parsed."""
    named: Named = {}
    for item in objects:
        plain = manifests.without_helm(item) if item["kind"] != "CustomResourceDefinition" else item
        if plain["kind"] == "ConfigMap":
            plain["data"] = {name: yaml.safe_load(text) for name, text in plain["data"].items()}
        named[plain["kind"], plain["metadata"]["name"]] = plain
    return named


def without_hashes(objects: list[Object]) -> list[Object]:
    """The ConfigMap under its plain name, wherever it is mentioned."""
    text = yaml.dump_all(objects, Dumper=yaml.CSafeDumper)
    plain = re.sub(rf"\b{manifests.CONFIG_MAP}-[a-z0-9]{{10}}\b", manifests.CONFIG_MAP, text)
    assert plain != text
    return list(yaml.load_all(plain, Loader=yaml.CSafeLoader))


def of_kustomize(folder: Path) -> Named:
    named = meaning(without_hashes(build(folder)))
    named.pop(("Namespace", manifests.NAMESPACE))
    return named


def test_the_base_is_up_to_date(helm: Path) -> None:
    assert manifests.drift(helm) == []


def test_the_base_is_the_chart(helm: Path) -> None:
    chart, base = meaning(manifests.render(helm)), of_kustomize(manifests.BASE)
    assert base.keys() == chart.keys()
    for name, item in chart.items():
        assert base[name] == item, name


def test_the_development_overlay_is_the_chart_without_tls(helm: Path) -> None:
    settings = ("facade.tls.enabled=false", "operator.replicas=1", "facade.replicas=1")
    chart = meaning(manifests.render(helm, "--set", ",".join(settings)))
    overlay = of_kustomize(manifests.BASE.parent / "overlays" / "dev")
    assert overlay.keys() == chart.keys()
    for name, item in chart.items():
        assert overlay[name] == item, name


def test_everything_is_in_the_namespace_that_pod_security_guards() -> None:
    objects = build(manifests.BASE)
    (namespace,) = [item for item in objects if item["kind"] == "Namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    places = {item["metadata"].get("namespace") for item in objects if item["kind"] not in _CLUSTER_WIDE}
    assert places == {namespace["metadata"]["name"]}


_CLUSTER_WIDE = ("Namespace", "CustomResourceDefinition")


def test_the_operator_accepts_the_configuration() -> None:
    config = OperatorConfig.model_validate(yaml.safe_load((manifests.BASE / manifests.CONFIG_FILE).read_text()))
    assert config.trainer.service_account_name == "synthos-trainer"


def overlay_of(folder: Path, config: str) -> Path:
    """An overlay as docs/install.md shows: another namespace, another configuration."""
    # kustomize demands a relative path to a base inside the same file system.
    for part in ("crds", "manifests"):
        shutil.copytree(manifests.ROOT / part, folder / part, ignore=shutil.ignore_patterns("src"))
    own = folder / "own"
    own.mkdir()
    (own / "operator.yaml").write_text(config)
    kustomization = {
        "resources": ["../manifests/base"],
        "namespace": "elsewhere",
        "configMapGenerator": [
            {"name": manifests.CONFIG_MAP, "behavior": "replace", "files": ["operator.yaml"]},
        ],
    }
    (own / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return own


def test_an_overlay_moves_everything_and_a_changed_configuration_rolls_the_operator(tmp_path: Path) -> None:
    def mounted(objects: list[Object]) -> str:
        (config,) = [item["metadata"]["name"] for item in objects if item["kind"] == "ConfigMap"]
        assert config in yaml.safe_dump([item for item in objects if item["kind"] == "Deployment"])
        return str(config)

    text = (manifests.BASE / manifests.CONFIG_FILE).read_text().replace("shmSize: 1Gi", "shmSize: 2Gi")
    objects = build(overlay_of(tmp_path, text))
    assert manifests.NAMESPACE not in yaml.safe_dump(
        [item for item in objects if item["kind"] != "CustomResourceDefinition"]
    )
    assert mounted(objects) != mounted(build(manifests.BASE))

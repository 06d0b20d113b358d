"""Rendering of the chart. Helm comes from the local cluster's cache; tests are skipped only where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hack import manifests

Object = dict[str, Any]
Render = Callable[..., list[Object]]


@pytest.fixture(scope="session")
def helm() -> Path:
    found = manifests.find_helm()
    if found is None:
        pytest.skip("helm is missing (`make cluster-up` builds it)")
    return found


@pytest.fixture
def render(helm: Path, tmp_path: Path) -> Render:
    """`render({"facade": {"replicas": 3}}, namespace="ns")`: the objects of the chart with these values."""

    def with_values(values: Object | None = None, namespace: str = "validation") -> list[Object]:
        file = tmp_path / "values.json"
        file.write_text(json.dumps(values or {}))
        return manifests.render(helm, "--values", str(file), namespace=namespace)

    return with_values

"""docs/install.md: its values render, its file names exist, its kustomization names what the base has."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from hack import manifests

from .conftest import Render

GUIDE = (manifests.ROOT / "docs" / "install.md").read_text()
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(# values\n.*?)^```$", GUIDE, re.M | re.S)]


def test_the_guide_has_values() -> None:
    assert len(BLOCKS) == GUIDE.count("```yaml") >= 6


@pytest.mark.parametrize("values", BLOCKS, ids=lambda values: "-".join(values))
def test_its_values_are_accepted(render: Render, values: dict[str, object]) -> None:
    assert render(yaml.safe_load(yaml.safe_dump(values).replace("REGISTRY", "registry.example")))


def test_its_files_and_links_exist() -> None:
    named = set(re.findall(r"(?<![\w/.])(?:manifests|charts|operator|trainer_image)/[\w./-]*\w", GUIDE))
    assert len(named) > 5
    assert [path for path in named if not (manifests.ROOT / path).exists()] == []
    links = re.findall(r"\]\(([^)#]+)\)", GUIDE)
    assert [link for link in links if not (manifests.ROOT / "docs" / link).exists()] == []


def test_chart_and_project_have_one_version() -> None:
    chart = yaml.safe_load((manifests.CHART / "Chart.yaml").read_text())
    project = tomllib.loads((manifests.ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == chart["version"] == project["version"]

"""Every sample is a ValidationRun that the types accept in full and that means what its comment says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from synthos_api.presets import SYNTHOS_18, tiers_of, vocabulary_of
from synthos_api.v1alpha1 import API_VERSION, RUN_KIND, ValidationRunSpec

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = sorted((ROOT / "manifests" / "samples").glob("*.yaml"))
CRD = yaml.safe_load((ROOT / "crds" / "synthos.dev_validationruns.yaml").read_text())
Object = dict[str, Any]


def sample(name: str) -> Object:
    document: Object = yaml.safe_load((ROOT / "manifests" / "samples" / f"{name}.yaml").read_text())
    return document


def spec(name: str) -> ValidationRunSpec:
    return ValidationRunSpec.model_validate(sample(name)["spec"])


def unknown_fields(value: object, schema: Object, path: str) -> list[str]:
    """Fields that the CRD's schema does not have; pydantic ignores them and the API server drops them."""
    if isinstance(value, list):
        return [field for item in value for field in unknown_fields(item, schema["items"], f"{path}[]")]
    if not isinstance(value, dict):
        return []
    properties = schema.get("properties", {})
    unknown = [f"{path}.{key}" for key in value if key not in properties]
    known = [(key, item) for key, item in value.items() if key in properties]
    return unknown + [field for key, item in known for field in unknown_fields(item, properties[key], f"{path}.{key}")]


def test_there_is_a_sample_of_each_kind() -> None:
    assert {path.stem for path in SAMPLES} == {
        "nano",
        "with-reference",
        "synthos-18",
        "profile-only",
        "budget-suspended",
    }


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_it_is_valid_and_has_no_unknown_field(path: Path) -> None:
    (document,) = yaml.safe_load_all(path.read_text())
    assert (document["apiVersion"], document["kind"]) == (API_VERSION, RUN_KIND)
    assert document["metadata"]["name"] == path.stem
    assert "namespace" not in document["metadata"]
    ValidationRunSpec.model_validate(document["spec"])
    schema = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert unknown_fields(document["spec"], schema, "spec") == []


def test_the_full_sample_is_the_preset() -> None:
    full = spec("synthos-18")
    assert tiers_of(full.cascade) == SYNTHOS_18
    assert vocabulary_of(full.cascade) == vocabulary_of(spec("with-reference").cascade)
    assert full.budget.max_cost_usd == 2000


def test_the_others_say_what_they_are() -> None:
    assert spec("nano").cascade.preset == "nano"
    assert spec("with-reference").reference is not None
    assert spec("profile-only").through == "Profile"
    assert spec("budget-suspended").suspend
    assert spec("budget-suspended").budget.max_cost_usd == 250

"""The generated CRDs: structural, complete, teaching. What an API server thinks of them is in tests/api."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hack import generate


def schemas() -> dict[str, dict[str, Any]]:
    documents = [yaml.safe_load(text) for text in generate.crds().values()]
    return {
        d["spec"]["names"]["kind"]: d["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
        for d in documents
    }


def walk(schema: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from walk(child, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from walk(schema[key], f"{path}[]")


@pytest.mark.parametrize("kind", ["ValidationRun", "CascadeTier"])
def test_the_schema_is_structural(kind: str) -> None:
    for part in ("spec", "status"):
        for path, schema in walk(schemas()[kind][part], part):
            assert "type" in schema, path
            assert not {"$ref", "anyOf", "prefixItems", "const", "title", "$defs"} & schema.keys(), path


def test_kubectl_explain_teaches_every_field_that_a_user_writes() -> None:
    missing = [
        path
        for path, schema in walk(schemas()["ValidationRun"]["spec"], "spec")
        if "[" not in path[-2:] and path != "spec" and "description" not in schema
    ]
    assert missing == []


def test_every_text_that_a_user_writes_is_bounded() -> None:
    """CEL cost estimates need bounds, and etcd deserves them."""
    for path, schema in walk(schemas()["ValidationRun"]["spec"], "spec"):
        if schema["type"] == "string":
            assert "maxLength" in schema or "enum" in schema, path
        if schema["type"] == "array":
            assert "maxItems" in schema, path


def test_a_status_of_an_older_operator_stays_readable() -> None:
    for kind in ("ValidationRun", "CascadeTier"):
        for path, schema in walk(schemas()[kind]["status"], "status"):
            assert "default" not in schema, path
            assert "required" not in schema or "conditions" in path, path


def test_generated_files_are_up_to_date() -> None:
    assert generate.drift() == []

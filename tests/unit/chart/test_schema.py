"""values.schema.json: complete, strict, and clear about what it refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Object, Render

CHART = Path(__file__).resolve().parents[3] / "charts" / "synthos"
SCHEMA: Object = json.loads((CHART / "values.schema.json").read_text())
FREE = {"affinity", "nodeSelector", "annotations", "podAnnotations", "podLabels", "commonLabels", "requests", "limits"}
"""Maps whose keys are the user's or another API's."""


def resolved(schema: Object) -> Object:
    if "$ref" in schema:
        return resolved(SCHEMA["definitions"][schema["$ref"].rsplit("/", 1)[1]])
    merged: Object = {}
    for part in schema.get("allOf", []):
        merged |= resolved(part) if "$ref" in part else {}
    return {**merged, **schema} if merged else schema


def paths(values: Object, schema: Object, path: str = "") -> list[tuple[str, Object, Object | None]]:
    """(path, schema of the object that holds it, own schema) of every value."""
    found: list[tuple[str, Object, Object | None]] = []
    for key, value in values.items():
        child = schema.get("properties", {}).get(key)
        found.append((f"{path}.{key}", schema, child))
        if isinstance(value, dict) and key not in FREE and child is not None:
            found += paths(value, resolved(child), f"{path}.{key}")
    return found


def test_every_value_has_a_schema_and_no_other_is_accepted() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    found = paths(values, SCHEMA)
    assert len(found) > 100
    assert [path for path, _, own in found if own is None] == []
    assert [path for path, holder, _ in found if holder.get("additionalProperties") is not False] == []


def test_every_value_of_the_schema_is_in_the_defaults() -> None:
    def missing(values: Any, schema: Object, path: str) -> list[str]:
        absent = []
        for key, child in resolved(schema).get("properties", {}).items():
            where = f"{path}.{key}"
            if where == ".global" or key in FREE:
                continue
            if not isinstance(values, dict) or key not in values:
                absent.append(where)
            elif resolved(child).get("type") == "object":
                absent += missing(values[key], child, where)
        return absent

    assert missing(yaml.safe_load((CHART / "values.yaml").read_text()), SCHEMA, "") == []


def test_every_value_has_a_comment() -> None:
    """Above it, or above the group it stands in where one comment explains all members."""
    explained: list[tuple[int, bool]] = []  # indentation and "has a comment" of the groups around a line
    silent, above = [], ""
    for line in (CHART / "values.yaml").read_text().splitlines():
        key, indentation = line.strip(), len(line) - len(line.lstrip())
        if key and not key.startswith(("#", "-")):
            explained = [(depth, known) for depth, known in explained if depth < indentation]
            known = above.startswith("#") or any(known for depth, known in explained if depth > 0)
            if not key.endswith(":") and not known:
                silent.append(line)
            explained.append((indentation, known))
        above = key
    assert silent == []


NONSENSE: list[tuple[Object, str]] = [
    ({"replicas": 3}, "replicas"),
    ({"operator": {"replica": 3}}, "replica"),
    ({"operator": {"replicas": -1}}, "/operator/replicas"),
    ({"operator": {"replicas": "two"}}, "/operator/replicas"),
    ({"operator": {"image": {"repository": ""}}}, "/operator/image"),
    ({"operator": {"image": {"digest": "sha256:abc"}}}, "/operator/image/digest"),
    ({"operator": {"image": {"pullPolicy": "Sometimes"}}}, "/operator/image/pullPolicy"),
    ({"operator": {"serviceAccount": {"create": False}}}, "/operator/serviceAccount/name"),
    ({"operator": {"resources": {"limits": {"memory": "lots"}}}}, "/operator/resources/limits/memory"),
    ({"operator": {"lease": {"durationSeconds": 0}}}, "/operator/lease/durationSeconds"),
    ({"operator": {"timing": {"pollSeconds": 1}}}, "pollSeconds"),
    ({"scope": "galaxy"}, "/scope"),
    ({"runNamespaces": ["Team A"]}, "/runNamespaces/0"),
    ({"imagePullSecrets": ["pull"]}, "/imagePullSecrets/0"),
    ({"facade": {"image": {"tag": "2"}}}, "/facade/image/tag"),
    ({"facade": {"service": {"port": 70000}}}, "/facade/service/port"),
    ({"facade": {"service": {"type": "NodePort", "headless": True}}}, "/facade/service/type"),
    ({"facade": {"tls": {"existingSecret": ""}}}, "/facade/tls/existingSecret"),
    ({"facade": {"tls": {"enabled": "yes"}}}, "/facade/tls/enabled"),
    ({"trainer": {"runAsUser": 0}}, "/trainer/runAsUser"),
    ({"trainer": {"gpuResource": "gpu"}}, "/trainer/gpuResource"),
    ({"trainer": {"resources": {"cascade": {"limits": {"nvidia.com/gpu": 4}}}}}, "nvidia.com/gpu"),
    ({"trainer": {"gpuPool": {"tolerations": [{"key": "a", "effect": "Never"}]}}}, "/trainer/gpuPool/tolerations/0"),
    ({"trainer": {"extraVolumes": [{"name": "tmp", "emptyDir": {}}]}}, "/trainer/extraVolumes/0"),
    ({"trainer": {"extraVolumeMounts": [{"name": "data", "mountPath": "data"}]}}, "/trainer/extraVolumeMounts/0"),
    ({"trainer": {"extraEnv": [{"value": "1"}]}}, "/trainer/extraEnv/0"),
    ({"trainer": {"podLabels": {"queue": "not a label value"}}}, "/trainer/podLabels/queue"),
    ({"s3": {"artifactsURI": "bucket/prefix"}}, "/s3/artifactsURI"),
    ({"s3": {"artifactsURI": ""}}, "/s3/artifactsURI"),
    ({"s3": {"endpoint": "s3.example:9000"}}, "/s3/endpoint"),
    ({"s3": {"accessKeyId": "id"}}, "/s3/secretAccessKey"),
    ({"s3": {"secretAccessKey": "secret"}}, "/s3/secretAccessKey"),
    ({"s3": {"accessKeyId": "a", "secretAccessKey": "b", "existingSecret": "c"}}, "/s3/existingSecret"),
    ({"networkPolicy": {"storage": {"cidrs": ["s3.example"]}}}, "/networkPolicy/storage/cidrs/0"),
    ({"networkPolicy": {"storage": {"cidrs": ["10.0.0.0/33"]}}}, "/networkPolicy/storage/cidrs/0"),
    ({"networkPolicy": {"facade": {"from": [{}]}}}, "/networkPolicy/facade/from/0"),
    ({"networkPolicy": {"dns": {"ports": []}}}, "/networkPolicy/dns/ports"),
]


@pytest.mark.parametrize(("values", "place"), NONSENSE, ids=[json.dumps(values) for values, _ in NONSENSE])
def test_nonsense_is_refused_and_named(render: Render, values: Object, place: str) -> None:
    with pytest.raises(ValueError, match="don't meet the specifications of the schema") as refusal:
        render(values)
    assert place in str(refusal.value)


def test_helm_has_no_complaint(helm: Path) -> None:
    done = subprocess.run([helm, "lint", "--strict", CHART], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_chart_that_uses_this_one_may_pass_globals(render: Render) -> None:
    assert render({"global": {"anything": 1}})

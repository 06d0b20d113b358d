"""Finding one's way in a list of rendered objects."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def of_kind(objects: list[Object], kind: str) -> list[Object]:
    return [item for item in objects if item["kind"] == kind]


def one(objects: list[Object], kind: str, name: str, namespace: str | None = None) -> Object:
    """The only object of this kind and name (and namespace, where several have it)."""
    found = [
        item
        for item in of_kind(objects, kind)
        if item["metadata"]["name"] == name and namespace in (None, item["metadata"].get("namespace"))
    ]
    assert len(found) == 1, f"{len(found)} objects {kind}/{name} in {namespace}"
    return found[0]


def pod_of(deployment: Object) -> Object:
    spec: Object = deployment["spec"]["template"]["spec"]
    return spec


def container_of(deployment: Object) -> Object:
    containers = pod_of(deployment)["containers"]
    assert len(containers) == 1
    container: Object = containers[0]
    return container


def labels_of(deployment: Object) -> dict[str, str]:
    labels: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    return labels


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()

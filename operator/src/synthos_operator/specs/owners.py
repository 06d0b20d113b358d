"""Owner references: what makes the garbage collector remove a run's objects with the run."""

from __future__ import annotations

from dataclasses import dataclass

from synthos_api.v1alpha1 import API_VERSION
from synthos_operator.config import KubeObject


@dataclass(frozen=True)
class Owner:
    kind: str
    name: str
    uid: str
    api_version: str = API_VERSION


def reference(owner: Owner) -> KubeObject:
    """A controller reference; blockOwnerDeletion is false, as true needs rights over finalizers."""
    return {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": owner.uid,
        "controller": True,
        "blockOwnerDeletion": False,
    }

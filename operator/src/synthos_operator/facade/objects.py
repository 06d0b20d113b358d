"""ValidationRun and CascadeTier as the facade sees them: read-only, parsed at most once per version."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

from synthos_api.v1alpha1 import CascadeTierStatus, ValidationRunSpec, ValidationRunStatus

TERMINAL_PHASES = frozenset({"Complete", "Failed", "Cancelled"})


class KubeObject:
    """An object as the API server gave it. Never changed; a new version is a new KubeObject."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw

    @property
    def name(self) -> str:
        return str(self.raw["metadata"]["name"])

    @property
    def uid(self) -> str:
        return str(self.raw["metadata"].get("uid", ""))

    @property
    def created(self) -> str:
        return str(self.raw["metadata"].get("creationTimestamp", ""))


class RunObject(KubeObject):
    @cached_property
    def spec(self) -> ValidationRunSpec:
        return ValidationRunSpec.model_validate(self.raw["spec"])

    @cached_property
    def status(self) -> ValidationRunStatus:
        return ValidationRunStatus.model_validate(self.raw.get("status") or {})

    @property
    def dataset_id(self) -> str:
        """As on the wire; the run's name where a kubectl user gave none."""
        return str(self.raw["spec"].get("datasetId") or self.name)

    @property
    def validation_id(self) -> str:
        return str(self.raw["spec"].get("validationId") or self.name)

    @property
    def terminal(self) -> bool:
        return self.status.phase in TERMINAL_PHASES

    @property
    def has_profile(self) -> bool:
        return bool((self.raw.get("status") or {}).get("profile"))


class TierObject(KubeObject):
    @cached_property
    def status(self) -> CascadeTierStatus:
        return CascadeTierStatus.model_validate(self.raw.get("status") or {})

    @property
    def tier(self) -> int:
        return int(self.raw["spec"]["tier"])

    @property
    def run_name(self) -> str:
        return str(self.raw["spec"]["runName"])


class Snapshot(NamedTuple):
    """One run and its tiers in order, as last seen."""

    run: RunObject
    tiers: tuple[TierObject, ...]

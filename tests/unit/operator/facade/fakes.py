"""A namespace in memory, at the same boundary as the real one, and objects to put into it."""

from __future__ import annotations

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any

from synthos_api.presets import NANO
from synthos_api.v1alpha1 import API_VERSION, RUN_KIND, TIER_KIND
from synthos_operator.facade.cluster import RUNS, TIERS, Resource, WatchEvent
from synthos_operator.kube.client import AlreadyExists, ApiError, Gone, Unavailable, error_of

NANO_MODELS = [(tier.tier, variant) for tier in NANO for variant in range(1, tier.variants + 1)]
"""Tier and variant of every model of the preset, in order."""

Object = dict[str, Any]


class FakeCluster:
    """Lists, watches and creates like the API server: every write has a version, watches replay from one."""

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], Object] = {}
        self._log: list[tuple[int, str, WatchEvent]] = []
        self._version = itertools.count(1)
        self._uids = itertools.count(1)
        self._last = 0
        self._written = asyncio.Condition()
        self.oldest = 0
        """Watches from before this version are answered with 410 Gone."""
        self.down = False
        self.lists = 0
        self.creates = 0
        self.watching = 0
        self.refuse_create: ApiError | None = None

    # --- the Cluster protocol ----------------------------------------------------------------

    async def list(self, resource: Resource) -> tuple[list[Object], str]:
        self._check_up()
        self.lists += 1
        found = [copy.deepcopy(o) for (plural, _), o in self._objects.items() if plural == resource.plural]
        return found, str(self._last)

    async def watch(self, resource: Resource, resource_version: str) -> AsyncIterator[WatchEvent]:
        self._check_up()
        seen = int(resource_version)
        if seen < self.oldest:
            raise Gone(410, "Expired", "too old resource version")
        self.watching += 1
        try:
            while True:
                for version, plural, event in list(self._log):
                    if version > seen and plural == resource.plural:
                        yield event
                    seen = max(seen, version)
                await self._news_after(seen)
                self._check_up()
                if self.oldest > seen:
                    raise Gone(410, "Expired", "too old resource version")
        finally:
            self.watching -= 1

    async def get(self, resource: Resource, name: str) -> Object | None:
        self._check_up()
        found = self._objects.get((resource.plural, name))
        return copy.deepcopy(found) if found else None

    async def create_run(self, name: str, spec: Mapping[str, Any]) -> Object:
        self._check_up()
        self.creates += 1
        if self.refuse_create:
            raise self.refuse_create
        if (RUNS.plural, name) in self._objects:
            raise AlreadyExists(409, "AlreadyExists", f"{name} already exists")
        return await self.put(RUNS, {"metadata": {"name": name}, "spec": dict(spec)})

    # --- what a test does as operator or user ------------------------------------------------

    async def put(self, resource: Resource, content: Object) -> Object:
        key = (resource.plural, content["metadata"]["name"])
        version = next(self._version)
        kind = "MODIFIED" if key in self._objects else "ADDED"
        new = copy.deepcopy(content)
        new["apiVersion"], new["kind"] = API_VERSION, RUN_KIND if resource == RUNS else TIER_KIND
        metadata = new["metadata"]
        metadata.setdefault("uid", f"uid-{next(self._uids)}")
        metadata.setdefault("creationTimestamp", f"2026-01-01T00:00:{version % 60:02}Z")
        metadata["resourceVersion"] = str(version)
        self._objects[key] = new
        await self._record(version, resource, WatchEvent(kind, copy.deepcopy(new)))  # type: ignore[arg-type]
        return copy.deepcopy(new)

    async def delete(self, resource: Resource, name: str) -> None:
        old = self._objects.pop((resource.plural, name))
        version = next(self._version)
        old["metadata"]["resourceVersion"] = str(version)
        await self._record(version, resource, WatchEvent("DELETED", old))

    def lose(self, name: str) -> None:
        """Delete a run without any watch hearing of it, as happens while none is open."""
        del self._objects[RUNS.plural, name]

    async def status(self, name: str, **fields: Any) -> None:
        """Merge into a run's status, as the operator would write it."""
        run = copy.deepcopy(self._objects[RUNS.plural, name])
        run["status"] = {**run.get("status", {}), **fields}
        await self.put(RUNS, run)

    async def tier(self, run_name: str, tier: int, **status: Any) -> None:
        """Create or replace a CascadeTier of a run, with this status."""
        owner = self._objects[RUNS.plural, run_name]["metadata"]["uid"]
        name = f"{run_name}-tier-{tier}"
        old = self._objects.get((TIERS.plural, name))
        metadata = old["metadata"] if old else {"name": name, "ownerReferences": [{"uid": owner}]}
        spec = {**NANO[tier - 1].to_kube(), "runName": run_name}
        await self.put(TIERS, {"metadata": metadata, "spec": spec, "status": status})

    def run(self, name: str) -> Object:
        return copy.deepcopy(self._objects[RUNS.plural, name])

    def names(self) -> set[str]:
        return {name for plural, name in self._objects if plural == RUNS.plural}

    async def forget_history(self) -> None:
        """What a compaction does: every open or later watch from before now gets 410 Gone."""
        self.oldest = next(self._version)
        self._last = self.oldest
        self._log.clear()
        await self._wake()

    async def set_down(self, down: bool) -> None:
        self.down = down
        await self._wake()

    async def _record(self, version: int, resource: Resource, event: WatchEvent) -> None:
        self._log.append((version, resource.plural, event))
        self._last = version
        await self._wake()

    async def _wake(self) -> None:
        async with self._written:
            self._written.notify_all()

    async def _news_after(self, version: int) -> None:
        async with self._written:
            await self._written.wait_for(lambda: self._last > version or self.down)

    def _check_up(self) -> None:
        if self.down:
            raise Unavailable(0, "ClientConnectorError", "connection refused")


def invalid(message: str) -> ApiError:
    return error_of(422, "Invalid", message)


def model(tier: int, variant: int, **more: Any) -> Object:
    """A finished model as it stands in CascadeTier.status.results."""
    return {
        "tier": tier,
        "variant": variant,
        "model_size": NANO[tier - 1].model_size,
        "training_loss": 2.5,
        "validation_loss": 2.75,
        "training_time_seconds": 12.0,
        "loss_curve": [5.0, 3.0, 2.5],
        **more,
    }


def profile(**more: Any) -> Object:
    return {
        "format": "CSV",
        "total_rows": 1000,
        "columns": 3,
        "size_bytes": 20_000,
        "metrics": {
            "entropy": 1.5,
            "gini_coefficient": 0.25,
            "cluster_count": 3,
            "correlations": [{"column_a": "x", "column_b": "y", "correlation": -0.5}],
            "rare_pattern_percentage": 2.0,
            "outlier_percentage": 1.0,
        },
        "clusters": [{"cluster_id": 0, "size": 600, "centroid": [0.5, 1.5], "density": 2.0}],
        "duplicate_row_percentage": 1.0,
        "sample_uri": "s3://artifacts/run/profile/sample.parquet",
        "sample_rows": 500,
        "sampling_confidence": 95,
        **more,
    }


def judgement(**more: Any) -> Object:
    return {
        "verdict": "collapse",
        "collapse_probability": 0.93,
        "risk_score": 93,
        "collapse_type": "Type B",
        "severity": "severe",
        "mode": "with_reference",
        "mechanism": "narrowed",
        "reason": "Loss on real rows is 21 % above the reference's.",
        "effect": {"excess_loss": 0.21, "interval": [0.15, 0.27]},
        "dimensions": [
            {"dimension": "diversity retention", "score": 0, "threshold": 60, "passed": False},
            {"dimension": "temporal stability"},
        ],
        "predicted_accuracy": 0.61,
        "confidence": {"lower_bound": 0.55, "upper_bound": 0.67, "confidence_level": 0.95},
        "scaling": {"a": 5.0, "b": 0.1, "c": 1.0, "r_squared": 0.97},
        "root_causes": [{"cause": "narrowed", "percentage": 80.0, "description": "few words"}],
        "regions": [
            {
                "region_id": "r1",
                "row_start": 10,
                "row_end": 90,
                "issue_type": "narrowed",
                "impact_score": 0.4,
                "affected_columns": ["text"],
            }
        ],
        "ablations": [
            {
                "region_id": "r1",
                "risk_score_before": 93,
                "risk_score_after": 20,
                "improvement": 73,
                "hypothesis_confirmed": True,
            }
        ],
        "recommendations": [
            {
                "priority": 1,
                "category": "data",
                "title": "Replace rows 10 to 90",
                "description": "Refill with real rows.",
                "impact": {"current_risk_score": 93, "expected_risk_score": 20, "improvement": 73},
                "implementation": {"method": "replace", "affected_rows": 80, "estimated_time": "1 h"},
            }
        ],
        "combined_impact": {"current_risk_score": 93, "expected_risk_score": 20, "total_improvement": 73},
        **more,
    }


def verdict(**more: Any) -> Object:
    """Value of status.verdict."""
    found = judgement(**more)
    return {
        "verdict": found["verdict"],
        "riskScore": found["risk_score"],
        "judgement": found,
        "verdictUri": "s3://artifacts/run/verdict/verdict.json",
        "reportUri": "s3://artifacts/run/verdict/report.html",
    }

"""The facade as its own process, with no more rights than the chart's Role gives it, and its operator."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import yaml

from hack.localcluster.api import Cluster
from synthos_api.presets import tiers_of
from synthos_api.v1alpha1 import RUN_KIND, ValidationRunSpec
from synthos_operator.kube.client import RUNS, TIERS, KubeClient
from synthos_operator.specs.owners import Owner
from synthos_operator.specs.tier import build_tier

ROLE = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: facade}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: facade}
rules:
  - {apiGroups: [synthos.dev], resources: [validationruns], verbs: [get, list, watch, create]}
  - {apiGroups: [synthos.dev], resources: [cascadetiers], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: facade}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: facade}
subjects: [{kind: ServiceAccount, name: facade}]
"""


class Operator:
    """Plays the operator's part: makes tiers, writes status."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        self.client = client
        self.namespace = namespace

    async def run(self, prefix: str) -> dict[str, Any]:
        """The run whose name starts with `prefix`, as soon as it is there."""
        for _ in range(400):
            for item in (await self.client.list(RUNS, self.namespace))[0]:
                if item["metadata"]["name"].startswith(prefix):
                    return item
            await asyncio.sleep(0.05)
        raise AssertionError(f"no run {prefix}*")

    async def status(self, prefix: str, **fields: Any) -> None:
        run = await self.run(prefix)
        run["status"] = {**run.get("status", {}), **fields}
        await self.client.replace_status(RUNS, self.namespace, run["metadata"]["name"], run)

    async def tier(self, prefix: str, number: int, **status: Any) -> None:
        run = await self.run(prefix)
        name, uid = run["metadata"]["name"], run["metadata"]["uid"]
        spec = next(t for t in tiers_of(ValidationRunSpec.model_validate(run["spec"]).cascade) if t.tier == number)
        owner = Owner(kind=RUN_KIND, name=name, uid=uid)
        body = build_tier(namespace=self.namespace, run=name, run_uid=uid, owner=owner, tier=spec)
        tiers = {item["metadata"]["name"]: item for item in (await self.client.list(TIERS, self.namespace))[0]}
        tier_name = body["metadata"]["name"]
        tier = tiers.get(tier_name) or await self.client.create(TIERS, self.namespace, body)
        tier["status"] = status
        await self.client.replace_status(TIERS, self.namespace, tier_name, tier)
        if status.get("phase") == "Complete":
            await self._summarise(prefix, number, tier_name, len(status.get("results", [])))

    async def _summarise(self, prefix: str, number: int, tier_name: str, models: int) -> None:
        """In the run's status, as the operator does: by it the facade knows when its view of a tier lags."""
        known = (await self.run(prefix)).get("status", {}).get("tiers", [])
        ours = {
            "tier": number,
            "name": tier_name,
            "phase": "Complete",
            "modelsCompleted": models,
            "modelsTotal": models,
        }
        await self.status(prefix, tiers=[*(other for other in known if other["tier"] != number), ours])


@pytest_asyncio.fixture
async def operator(control_plane: Cluster, namespace: str) -> AsyncIterator[Operator]:
    async with await KubeClient.connect(str(control_plane.kubeconfig)) as client:
        yield Operator(client, namespace)


class Process:
    """`python -m synthos_operator.facade …`, ready to be called at `port`."""

    def __init__(self, kubeconfig: Path, *arguments: str) -> None:
        self.lines: list[dict[str, Any]] = []
        self._listening = threading.Event()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "synthos_operator.facade", "--host", "127.0.0.1", "--port", "0", *arguments],
            env={**os.environ, "KUBECONFIG": str(kubeconfig)},
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._listening.wait(60):
            self.end()
            raise AssertionError(f"the facade does not listen: {self.lines}")

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"message": line.rstrip()})
            if self.lines[-1]["message"] == "listening":
                self._listening.set()

    @property
    def told(self) -> dict[str, Any]:
        return next(line for line in self.lines if line["message"] == "listening")

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.told['port']}"

    def end(self) -> int:
        """SIGTERM, and the exit status."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self._reader.join(5)
        return status


@pytest.fixture
def restricted_kubeconfig(control_plane: Cluster, namespace: str, tmp_path: Path) -> Path:
    """Credentials of a ServiceAccount with the facade's Role and nothing else."""
    control_plane.run_kubectl("apply", "--namespace", namespace, "--filename", "-", input_text=ROLE)
    token = control_plane.run_kubectl("create", "token", "facade", "--namespace", namespace).strip()
    settings = yaml.safe_load(control_plane.kubeconfig.read_text(encoding="utf-8"))
    settings["users"] = [{"name": "facade", "user": {"token": token}}]
    for context in settings["contexts"]:
        context["context"]["user"] = "facade"
    path = tmp_path / "facade.kubeconfig"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


@pytest.fixture
def start(restricted_kubeconfig: Path, namespace: str) -> Iterator[Callable[..., Process]]:
    """Starts replicas; all are ended after the test."""
    started: list[Process] = []

    def start_one(*arguments: str, kubeconfig: Path = restricted_kubeconfig) -> Process:
        started.append(Process(kubeconfig, "--namespace", namespace, *(arguments or ("--no-mtls",))))
        return started[-1]

    yield start_one
    for process in started:
        process.end()

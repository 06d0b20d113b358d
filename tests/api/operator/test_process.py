"""The operator as a process: kopf's watches, the lease, signals, kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest_asyncio
import yaml

from hack.localcluster.api import Cluster as ControlPlane
from synthos_operator.kube.client import LEASES, NotFound

from .cluster import CONFIG, Cluster

# Long enough for a busy machine; where a test needs a lease to be free, it frees it.
LEASE = {"durationSeconds": 120, "renewDeadlineSeconds": 60, "retryPeriodSeconds": 0.2}


class Operators:
    """Operator processes of one test; all are stopped at its end."""

    def __init__(self, control_plane: ControlPlane, namespace: str, folder: Path) -> None:
        self._folder = folder
        self._namespace = namespace
        self._environment = {**os.environ, "KUBECONFIG": str(control_plane.kubeconfig), "POD_NAMESPACE": namespace}
        self._config = folder / "operator.yaml"
        content = CONFIG.model_dump(mode="json", by_alias=True, exclude_none=True)
        content["lease"] = {"name": "synthos-operator", **LEASE}
        content["timing"]["resyncSeconds"] = 3600  # what the watches miss would be missed
        self._config.write_text(yaml.safe_dump(content))
        self.running: list[asyncio.subprocess.Process] = []

    @property
    def log(self) -> Path:
        return self._folder / "operator.log"

    async def start(self) -> asyncio.subprocess.Process:
        arguments = ["--config", str(self._config), "--health-host", "127.0.0.1", "--health-port", "0"]
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "synthos_operator.app",
                *arguments,
                env=self._environment,
                stderr=log,
            )
        self.running.append(process)
        return process

    async def stop(self) -> None:
        for process in self.running:
            if process.returncode is None:
                process.kill()
                await process.wait()


@pytest_asyncio.fixture
async def operators(control_plane: ControlPlane, cluster: Cluster, tmp_path: Path) -> AsyncIterator[Operators]:
    operators = Operators(control_plane, cluster.namespace, tmp_path)
    yield operators
    await operators.stop()


async def eventually(check: Callable[[], Coroutine[Any, Any, bool]], what: str) -> None:
    for _ in range(1200):
        with contextlib.suppress(NotFound, KeyError):
            if await check():
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never happened: {what}")


async def jobs_are(cluster: Cluster, *jobs: str) -> None:
    async def check() -> bool:
        return await cluster.jobs() == sorted(jobs)

    await eventually(check, f"Jobs {jobs}")


async def phase_is(cluster: Cluster, phase: str) -> None:
    async def check() -> bool:
        return (await cluster.status()).get("phase") == phase

    await eventually(check, f"phase {phase}")


async def test_watches_alone_carry_a_run_to_its_end(cluster: Cluster, operators: Operators) -> None:
    process = await operators.start()
    await cluster.create_run(through="Cascade")
    await jobs_are(cluster, "profile 1")
    await cluster.succeed("profile")
    await jobs_are(cluster, "profile 1", "tier-1 1")
    await cluster.succeed("tier-1")
    await jobs_are(cluster, "profile 1", "tier-1 1", "tier-2 1")
    await cluster.succeed("tier-2")
    await phase_is(cluster, "Complete")
    metadata = (await cluster.run())["metadata"]
    assert "finalizers" not in metadata
    assert "annotations" not in metadata
    process.terminate()
    assert await process.wait() == 0
    assert (await cluster.client.get(LEASES, cluster.namespace, "synthos-operator"))["spec"]["holderIdentity"] == ""
    assert "Traceback" not in operators.log.read_text()


async def test_kill_9_and_a_new_process_make_no_second_job(cluster: Cluster, operators: Operators) -> None:
    await cluster.create_run(through="Cascade")
    done: list[str] = []
    for step in ("profile", "tier-1", "tier-2"):
        process = await operators.start()
        done.append(f"{step} 1")
        await jobs_are(cluster, *done)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await cluster.client.delete(LEASES, cluster.namespace, "synthos-operator")  # as if it had expired
        await cluster.succeed(step)  # ends while nobody looks
    await operators.start()
    await phase_is(cluster, "Complete")
    assert await cluster.jobs() == sorted(done)


async def test_of_two_replicas_one_leads_and_the_other_takes_over(cluster: Cluster, operators: Operators) -> None:
    leader = await operators.start()

    async def leads() -> bool:
        return '"message": "started"' in operators.log.read_text()

    await eventually(leads, "a leader")
    await operators.start()

    async def both_there() -> bool:
        return operators.log.read_text().count('"message": "waiting for the lease"') == 2

    await eventually(both_there, "a second replica")
    await cluster.create_run(through="Profile")
    await jobs_are(cluster, "profile 1")
    assert operators.log.read_text().count('"message": "leading"') == 1
    leader.terminate()
    assert await leader.wait() == 0
    await cluster.succeed("profile")
    await phase_is(cluster, "Complete")
    assert operators.log.read_text().count('"message": "leading"') == 2


async def test_losing_the_lease_ends_the_process(cluster: Cluster, operators: Operators) -> None:
    process = await operators.start()

    async def leads() -> bool:
        lease = await cluster.client.get(LEASES, cluster.namespace, "synthos-operator")
        return bool(lease["spec"]["holderIdentity"])

    await eventually(leads, "a leader")

    async def taken() -> bool:
        from synthos_operator.kube.client import Conflict

        lease = await cluster.client.get(LEASES, cluster.namespace, "synthos-operator")
        spec = {**lease["spec"], "holderIdentity": "another", "leaseDurationSeconds": 3600}
        try:
            await cluster.client.replace(LEASES, cluster.namespace, "synthos-operator", {**lease, "spec": spec})
        except Conflict:
            return False
        return True

    await eventually(taken, "the lease is taken away")
    assert await asyncio.wait_for(process.wait(), 120) == 1


async def test_a_wrong_configuration_is_told_in_one_line_with_status_2(operators: Operators, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("artifactsUri: 3\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "synthos_operator.app", "--config", str(file), stderr=asyncio.subprocess.PIPE
    )
    _, text = await process.communicate()
    assert process.returncode == 2
    assert text.decode().startswith(f"{file}: wrong configuration")
    assert text.count(b"\n") == 1

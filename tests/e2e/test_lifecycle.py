"""A run on a real cluster: its pods, its story, its end, and what is left after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from hack.deploy import Deployment
from hack.runs import Runs, condition, finished, is_true, phase
from tests.e2e.support import Object, eventually, small_cascade

SECONDS = 240
STEPS_OF_A_RUN = 5  # profile, three tiers, verdict


def spec(uris: dict[str, str], **more: object) -> Object:
    return {
        "dataset": {"uri": uris["healthy"]},
        "reference": {"uri": uris["reference"]},
        "cascade": small_cascade(),
        **more,
    }


def jobs_of(runs: Runs, name: str) -> list[Object]:
    return [job for job in runs.jobs() if job["metadata"]["labels"].get("synthos.dev/run") == name]


def gpu_limits(runs: Runs, name: str) -> list[str]:
    """nvidia.com/gpu limits of the run's pods, oldest first."""
    pods = sorted(runs.pods(f"synthos.dev/run={name}"), key=lambda pod: str(pod["metadata"]["creationTimestamp"]))
    return [pod["spec"]["containers"][0]["resources"]["limits"].get("nvidia.com/gpu", "0") for pod in pods]


def operator_processes() -> list[int]:
    """Processes on this machine that run the operator in a pod."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().split(b"\0")
            in_pod = b"kubepods" in (folder / "cgroup").read_bytes()
        except OSError:
            continue
        if in_pod and b"synthos_operator.app" in command:
            found.append(int(folder.name))
    return found


def in_phase(stage: str) -> Callable[[Object], bool]:
    return lambda run: phase(run) == stage


def nothing_left(runs: Runs, name: str) -> bool:
    return not (jobs_of(runs, name) or runs.tiers(name) or runs.pods(f"synthos.dev/run={name}"))


def unscheduled(runs: Runs, name: str) -> Object | None:
    """The run's tier whose pod the scheduler cannot place."""
    scheduled = [(tier, condition(tier, "Scheduled")) for tier in runs.tiers(name)]
    return next((tier for tier, found in scheduled if found is not None and found["status"] == "False"), None)


def test_a_run_goes_through_every_phase_and_kubectl_tells_its_story(
    deployment: Deployment, runs: Runs, uris: dict[str, str], name: str
) -> None:
    runs.create(name, spec(uris))
    kubectl = deployment.cluster.run_kubectl
    where = ("-n", deployment.namespace)
    kubectl("wait", *where, "--for=condition=Complete", f"vrun/{name}", f"--timeout={SECONDS}s", timeout=SECONDS + 10)
    run = runs.get(name)
    assert run["status"]["verdict"]["verdict"] in ("clear", "collapse", "inconclusive")
    assert run["status"]["observedGeneration"] == run["metadata"]["generation"]
    assert run["status"]["progress"]["progressPercent"] == 100
    assert gpu_limits(runs, name) == ["0", "2", "3", "4", "1"]
    assert [tier["status"]["phase"] for tier in runs.tiers(name)] == ["Complete"] * 3
    assert len(jobs_of(runs, name)) == STEPS_OF_A_RUN

    header, row = kubectl("get", "vrun", name, *where).splitlines()
    assert header.split() == ["NAME", "PHASE", "PROGRESS", "VERDICT", "RISK", "AGE"]
    assert row.split()[1:3] == ["Complete", "100"]
    described = kubectl("describe", "vrun", name, *where)
    for reason in ("Accepted", "Profile", "Tier", "Verdict"):
        assert reason in described.partition("Events:")[2], reason

    runs.delete(name)
    eventually(lambda: nothing_left(runs, name), 90, "no Job, tier or pod is left of the finished run")


def test_trainer_pods_have_no_token_and_no_privileges(runs: Runs, uris: dict[str, str], name: str) -> None:
    runs.create(name, spec(uris, through="Profile"))
    runs.wait(name, finished, SECONDS)
    (pod,) = runs.pods(f"synthos.dev/run={name}")
    assert pod["spec"]["automountServiceAccountToken"] is False
    assert not any("projected" in volume for volume in pod["spec"]["volumes"])
    security = pod["spec"]["containers"][0]["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert phase(runs.get(name)) == "Complete"


def test_a_tier_waits_for_gpus_says_why_and_goes_on(
    deployment: Deployment, runs: Runs, uris: dict[str, str], name: str
) -> None:
    if not deployment.cluster.ours:
        pytest.skip("the GPUs of a given cluster are not ours to change")
    deployment.cluster.set_gpus(1)
    try:
        runs.create(name, spec(uris))
        tier = eventually(lambda: unscheduled(runs, name), SECONDS, "tier 1 says that it is not scheduled")
        assert tier["status"]["phase"] == "Waiting"
        scheduled = condition(tier, "Scheduled")
        assert scheduled is not None
        assert "nvidia.com/gpu" in scheduled["message"]
    finally:
        deployment.cluster.set_gpus(4)
    assert phase(runs.wait_finished(name, SECONDS)) == "Complete"


@pytest.mark.parametrize("stage", ["Profiling", "Training", "Judging"])
def test_deleting_a_run_in_any_phase_leaves_nothing(runs: Runs, uris: dict[str, str], name: str, stage: str) -> None:
    runs.create(name, spec(uris))
    runs.wait(name, lambda run: phase(run) == stage or finished(run), SECONDS, stage)
    runs.delete(name)
    eventually(lambda: nothing_left(runs, name), 90, "no Job, tier or pod is left")


def test_the_operator_killed_in_every_phase_ends_in_one_job_per_attempt(
    deployment: Deployment, runs: Runs, uris: dict[str, str], name: str
) -> None:
    if not deployment.cluster.ours:
        pytest.skip("needs the cluster of this machine, to kill a process in it")
    runs.create(name, spec(uris))
    for stage in ("Profiling", "Training", "Judging"):
        runs.wait(name, in_phase(stage), SECONDS, stage)
        killed = operator_processes()
        assert killed
        for process in killed:
            os.kill(process, signal.SIGKILL)
    run = runs.wait_finished(name, SECONDS)
    assert phase(run) == "Complete", run["status"]
    jobs = jobs_of(runs, name)
    assert len(jobs) == STEPS_OF_A_RUN
    assert {job["metadata"]["labels"]["synthos.dev/attempt"] for job in jobs} == {"1"}


def live_pods(runs: Runs, name: str) -> list[tuple[str, str]]:
    """Step and attempt of the run's pods that have not ended."""
    pods = [p for p in runs.pods(f"synthos.dev/run={name}") if p["status"]["phase"] not in ("Succeeded", "Failed")]
    marks = [pod["metadata"]["labels"] for pod in pods]
    return [(mark["synthos.dev/step"], mark["synthos.dev/attempt"]) for mark in marks]


def test_suspend_stops_pods_and_resume_continues(runs: Runs, uris: dict[str, str], name: str) -> None:
    runs.create(name, spec(uris, cascade=small_cascade(steps=2000)))
    first, second = ("tier-1", "1"), ("tier-1", "2")
    eventually(lambda: live_pods(runs, name) == [first], SECONDS, "tier 1 trains")
    runs.wait(name, lambda run: phase(run) == "Training", SECONDS)
    runs.patch(name, {"suspend": True})
    runs.wait(name, lambda run: is_true(run, "Suspended"), 60)
    runs.patch(name, {"suspend": False})  # at once: the pod still saves its state

    def taken_over() -> bool:
        live = live_pods(runs, name)
        steps = [step for step, _ in live]
        assert len(steps) == len(set(steps)), f"two pods of one step: {live}"
        return second in live

    eventually(taken_over, 150, "the second attempt's pod comes once the first one's has ended")
    runs.patch(name, {"cancel": True})
    run = runs.wait(name, finished, 60)
    assert phase(run) == "Cancelled"
    eventually(lambda: not live_pods(runs, name), 60, "no pod runs after the cancellation")

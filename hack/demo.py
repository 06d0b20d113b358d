"""`make demo`: from nothing to two verdicts on a real Kubernetes cluster.

Real text that this machine has, one healthy and one recursively generated candidate, both as
ValidationRuns: the healthy one by kubectl, the other through the gRPC facade with mutual TLS.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from hack.deploy import Clock, Deployment, apply, deploy, provide_images
from hack.localcluster import torch_volume
from hack.localcluster.api import ClusterError, ensure
from hack.runs import condition, finished, is_true
from synthos_api.v1alpha1 import API_VERSION, RUN_KIND
from synthos_operator.facade.client import open_channel
from synthos_operator.facade.pb import validation_pb2, validation_pb2_grpc

ROOT = Path(__file__).resolve().parent.parent
NAMESPACE = "synthos-demo"
HEALTHY, COLLAPSED = "demo-healthy", "demo-collapsed"
EXPECTED = {HEALTHY: "clear", COLLAPSED: "collapse"}
NODE_GPUS = 4
LIMIT_SECONDS = 1200
LINE_SECONDS = 5


@dataclass
class Watched:
    """What is known of one run while it goes: from its status (kubectl) or from the stream (gRPC)."""

    name: str
    source: str
    percent: float = 0
    text: str = "waiting"
    results: int = 0
    error: str = ""
    over: threading.Event = field(default_factory=threading.Event)


def make_data(folder: Path, seed: int) -> None:
    files = [folder / f"{name}.parquet" for name in ("reference", "healthy", "collapsed")]
    stamp = folder / "seed"
    if all(file.exists() for file in files) and stamp.exists() and stamp.read_text() == str(seed):
        return
    subprocess.run(
        [sys.executable, "-m", "hack.demo_data", str(folder), "--seed", str(seed)],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    stamp.write_text(str(seed))


def start_by_kubectl(deployment: Deployment, uris: dict[str, str], seed: int) -> None:
    spec = {
        "dataset": {"uri": uris["healthy"]},
        "reference": {"uri": uris["reference"]},
        "cascade": {"preset": "nano"},
        "seed": seed,
    }
    metadata = {"name": HEALTHY, "namespace": deployment.namespace}
    apply(deployment.cluster, {"apiVersion": API_VERSION, "kind": RUN_KIND, "metadata": metadata, "spec": spec})


def follow_stream(deployment: Deployment, uris: dict[str, str], watched: Watched) -> None:
    """TrainCascade through the facade; a lost connection is taken up again, as the backend would."""
    request = validation_pb2.CascadeRequest(
        dataset_id="demo",
        validation_id=watched.name,
        sample_s3_path=uris["collapsed"],
        reference_s3_path=uris["reference"],
        config=validation_pb2.CascadeConfig(preset="nano"),
    )
    seen: set[tuple[int, int]] = set()
    while not watched.over.is_set():
        try:
            with deployment.forward_facade() as target, open_channel(target, deployment.certificates) as channel:
                stub = validation_pb2_grpc.ValidationEngineStub(channel)
                for message in stub.TrainCascade(request, timeout=LIMIT_SECONDS):
                    note(watched, message, seen)
                watched.over.set()
        except (grpc.RpcError, ClusterError) as error:
            watched.text = f"reconnecting: {error.code() if isinstance(error, grpc.RpcError) else error}"
            time.sleep(1)


def note(watched: Watched, message: Any, seen: set[tuple[int, int]]) -> None:
    watched.percent = message.progress_percent
    watched.text = (
        f"{message.state or 'pending'}, tier {message.current_tier}, "
        f"models {message.models_completed}/{message.models_total}"
    )
    if message.current_loss:
        watched.text += f", loss {message.current_loss:.2f}"
    if message.HasField("result"):
        seen.add((message.result.tier, message.result.variant))
        watched.results = len(seen)
    if message.error.code:
        watched.error = f"{message.error.code}: {message.error.message}"


def follow_status(deployment: Deployment, watched: Watched) -> None:
    """The run's status, as kubectl shows it, until the run is over."""
    runs = deployment.runs
    while not watched.over.is_set():
        run = runs.get(watched.name)
        status = run.get("status", {})
        progress = status.get("progress", {})
        watched.percent = progress.get("progressPercent", 0)
        watched.text = status.get("phase", "Pending")
        if progress.get("modelsTotal"):
            watched.text += (
                f", tier {progress.get('currentTier', 0)}, "
                f"models {progress.get('modelsCompleted', 0)}/{progress['modelsTotal']}"
            )
        if waiting := waiting_for_gpus(runs.tiers(watched.name)):
            watched.text += f", {waiting}"
        if finished(run):
            watched.error = (condition(run, "Failed") or {}).get("message", "") if is_true(run, "Failed") else ""
            watched.over.set()
        time.sleep(1)


def waiting_for_gpus(tiers: list[dict[str, Any]]) -> str:
    for tier in tiers:
        if tier.get("status", {}).get("phase") == "Waiting":
            return f"tier {tier['spec']['tier']} waits for {tier['spec']['gpus']} GPUs"
    return ""


def show(runs: list[Watched], clock: Clock) -> None:
    """Bars on a terminal, one line per change (and not too many) elsewhere."""
    end = time.monotonic() + LIMIT_SECONDS
    console = Console()
    if not console.is_terminal:
        show_lines(runs, clock, end)
        return
    columns = (TextColumn("{task.description:16}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TextColumn("{task.fields[text]}"), console=console) as bars:
        tasks: dict[str, TaskID] = {run.name: bars.add_task(run.name, total=100, text="") for run in runs}
        while not all(run.over.is_set() for run in runs) and time.monotonic() < end:
            for run in runs:
                bars.update(tasks[run.name], completed=run.percent, text=f"{run.text} ({run.source})")
            time.sleep(0.3)


def show_lines(runs: list[Watched], clock: Clock, end: float) -> None:
    said: dict[str, str] = {}
    while not all(run.over.is_set() for run in runs) and time.monotonic() < end:
        for run in runs:
            line = f"{run.name}: {run.percent:3.0f} %, {run.text} ({run.source})"
            if said.get(run.name) != line:
                said[run.name] = line
                clock.say(line)
        time.sleep(LINE_SECONDS)


def wait_for_both(deployment: Deployment, uris: dict[str, str], clock: Clock) -> list[Watched]:
    runs = [Watched(HEALTHY, "kubectl"), Watched(COLLAPSED, "gRPC, mutual TLS")]
    threads = [
        threading.Thread(target=follow_status, args=(deployment, runs[0]), daemon=True),
        threading.Thread(target=follow_stream, args=(deployment, uris, runs[1]), daemon=True),
    ]
    for thread in threads:
        thread.start()
    show(runs, clock)
    return runs


@contextmanager
def room_for_both(deployment: Deployment) -> Iterator[None]:
    """Twice the node's GPUs while both runs train, or one would wait for the other's tiers 2 and 3."""
    if not deployment.cluster.ours:
        yield
        return
    deployment.cluster.set_gpus(2 * NODE_GPUS)
    try:
        yield
    finally:
        deployment.cluster.set_gpus(NODE_GPUS)


def conclude(deployment: Deployment, out: Path) -> dict[str, dict[str, Any]]:
    """Fetch verdict.json and report.html of both runs into `out`; what is there of a failed run is told."""
    found: dict[str, dict[str, Any]] = {}
    for name in EXPECTED:
        run = deployment.runs.wait_finished(name, LIMIT_SECONDS)
        verdict = run["status"].get("verdict")
        if verdict is None:
            found[name] = {"verdict": "none", "reason": run["status"].get("error", {}).get("message", "no verdict")}
            continue
        deployment.download(verdict["reportUri"], out / name / "report.html")
        document = deployment.download(verdict["verdictUri"], out / name / "verdict.json")
        found[name] = json.loads(document.read_text())
    return found


def print_verdicts(found: dict[str, dict[str, Any]], out: Path) -> None:
    table = Table(title="Verdicts")
    for heading in ("run", "verdict", "risk", "excess loss", "95 % interval", "report"):
        table.add_column(heading, overflow="fold")
    for name, verdict in found.items():
        effect = verdict.get("effect", {})
        excess, interval = effect.get("excess_loss"), effect.get("interval")
        table.add_row(
            name,
            verdict["verdict"],
            str(verdict.get("risk_score", "")),
            "" if excess is None else f"{excess:+.1%}",
            "" if interval is None else f"{interval[0]:+.1%} to {interval[1]:+.1%}",
            str(relative(out / name / "report.html")),
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    for name, verdict in found.items():
        print(f"{name}: {verdict['reason']}")


def relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def print_commands(deployment: Deployment) -> None:
    kubectl = f"{deployment.cluster.kubectl} --kubeconfig {deployment.cluster.kubeconfig} -n {deployment.namespace}"
    print(f"""
Look around:
  kubectl() {{ {kubectl} "$@"; }}
  kubectl get vrun,ctier
  kubectl describe vrun {COLLAPSED}
  kubectl get vrun {HEALTHY} -o yaml
  kubectl get jobs,pods
  kubectl explain vrun.spec
The cluster goes on running; `make cluster-down` removes it.""")


def run(arguments: argparse.Namespace, clock: Clock) -> int:
    data = ROOT / "build" / "demo-data"
    with ThreadPoolExecutor(max_workers=2) as pool:
        # Neither needs what comes in between, and that often waits.
        making = pool.submit(make_data, data, arguments.seed)
        cluster = ensure("dev", helm=True)
        clock.say("cluster is up")
        linking = pool.submit(torch_volume.ensure, cluster, NAMESPACE) if cluster.ours else None
        images = provide_images(cluster)
        clock.say("images are loaded")
        if linking is not None:
            linking.result()
        deployment = deploy(cluster, NAMESPACE, images=images, folder=ROOT / "build" / "demo-certs")
        clock.say("chart is installed: operator and facade are ready")
        making.result()
    uris = {
        name: deployment.upload(data / f"{name}.parquet", f"demo/{arguments.seed}/{name}.parquet")
        for name in ("reference", "healthy", "collapsed")
    }
    clock.say("data is in S3: " + ", ".join(uris.values()))
    for name in EXPECTED:
        deployment.runs.delete(name)
    wait_until_gone(deployment)
    with room_for_both(deployment):
        start_by_kubectl(deployment, uris, arguments.seed)
        runs = wait_for_both(deployment, uris, clock)
    for watched in runs:
        if watched.error:
            print(f"{watched.name} failed: {watched.error}", file=sys.stderr)
    found = conclude(deployment, arguments.out)
    clock.say(f"both runs are over; {runs[1].results} model results came over gRPC")
    print_verdicts(found, arguments.out)
    print_commands(deployment)
    wrong = [name for name, expected in EXPECTED.items() if found[name]["verdict"] != expected]
    for name in wrong:
        print(f"{name}: expected {EXPECTED[name]}, got {found[name]['verdict']}", file=sys.stderr)
    return 1 if wrong else 0


def wait_until_gone(deployment: Deployment) -> None:
    """Names are used again on every call, and the pods of an earlier one must be gone by then."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        left = [job for job in deployment.runs.jobs() if not job["metadata"].get("deletionTimestamp")]
        if not left and not deployment.runs.tiers() and not deployment.runs.pods("synthos.dev/run"):
            return
        time.sleep(0.5)
    raise ClusterError("what an earlier demo left in the namespace does not go away")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the data and of the runs (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "demo", help="where verdicts and reports go")
    clock = Clock()
    try:
        return run(parser.parse_args(), clock)
    except ClusterError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

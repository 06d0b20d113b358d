"""Brings one cluster up and down; `up` returns only when the cluster can be used."""

import dataclasses
import datetime as dt
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hack.localcluster import (
    binaries,
    dns,
    leftovers,
    locks,
    network,
    paths,
    pause,
    pki,
    prerequisites,
    process,
    render,
    s3,
    supervisor,
)
from hack.localcluster import (
    config as cluster_config,
)
from hack.localcluster import (
    gpus as gpus_module,
)
from hack.localcluster.config import NODE_NAME, Config
from hack.localcluster.daemons import Plan, Probe, plan
from hack.localcluster.errors import ClusterError
from hack.localcluster.kube import Api
from hack.localcluster.layout import Layout
from hack.localcluster.probes import ready
from hack.localcluster.progress import Progress

READY_SECONDS = 120.0
HEARD_OF = dt.timedelta(seconds=30)
LEASE = f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{NODE_NAME}"


def up(
    name: str,
    *,
    kind: cluster_config.Kind = "node",
    gpus: int | None = None,
    controllers: tuple[str, ...] | None = None,
    progress: Progress,
) -> Config:
    """Bring the cluster `name` up, or make sure that it is.

    Args:
        gpus: None keeps what the cluster has (4 for a new one).
        controllers: None keeps what the cluster has (none for a new one).

    Raises:
        ClusterError: something is missing on the machine, or the cluster does not become ready.
    """
    state = paths.state_dir(name)
    layout = Layout(state)
    with locks.cluster_lock(state):
        known = cluster_config.load(state)
        if known is not None and known.kind != kind:
            raise ClusterError(f"cluster {name!r} exists as {known.kind}; take it down first or choose another --name")
        config = _changed(known or Config(name=name, kind=kind), gpus, controllers)
        if known is not None and _unchanged_and_healthy(known, config, layout):
            if config != known:
                config.save(state)
                gpus_module.advertise(Api(layout.kubeconfig), config.gpus)
            return config
        if kind == "node":
            prerequisites.require_root("a cluster with a node")
            prerequisites.require_capabilities()
            paths.check_socket_room(state)
            prerequisites.install(prerequisites.NODE_PROGRAMS, progress)
        programs = binaries.ensure(binaries.NODE if kind == "node" else binaries.CONTROL_PLANE, progress)
        config = _place(config, known, layout)
        new = _prepare(config, layout, programs)
        _start(config, layout, new, progress)
        _wait_until_usable(config, layout, progress)
        return config


def _changed(config: Config, gpus: int | None, controllers: tuple[str, ...] | None) -> Config:
    return dataclasses.replace(
        config,
        gpus=config.gpus if gpus is None else gpus,
        controllers=config.controllers if controllers is None else controllers,
    )


def _place(config: Config, known: Config | None, layout: Layout) -> Config:
    """Give the cluster its addresses or ports, the ones it had before if possible, and remember them."""
    if config.kind == "node":
        index = network.claim_index(layout.state, known.index if known else None)
        config = dataclasses.replace(config, index=index)
    elif known is None or not (process.find_marked(layout.state) or _ports_free(known)):
        config = dataclasses.replace(config, ports=cluster_config.allocate_ports())
    config.save(layout.state)
    return config


def _ports_free(config: Config) -> bool:
    return all(cluster_config.is_free(port) for port in dataclasses.astuple(config.ports))


def _prepare(config: Config, layout: Layout, programs: dict[str, Path]) -> Plan:
    """Write certificates, configuration files and the plan."""
    layout.state.mkdir(parents=True, exist_ok=True, mode=0o755)
    pki.ensure(layout.pki, config)
    files = render.files(config, layout, snapshotter=prerequisites.snapshotter(layout.state))
    for path, text in files.items():
        process.write_atomic(path, text)
    process.write_atomic(layout.kubeconfig, render.admin_kubeconfig(config, layout))
    credentials: dict[str, str] = {}
    if config.kind == "node":
        access = s3.ensure(layout.s3, config.s3_endpoint)
        credentials = {"ROOT_ACCESS_KEY_ID": access.access_key, "ROOT_SECRET_ACCESS_KEY": access.secret_key}
        for folder in (layout.s3_data, layout.state / "s3-iam", layout.run):
            folder.mkdir(exist_ok=True, mode=0o700)
        pause.write_image(programs["pause"], layout.pause_image)
    inputs = [{str(path): text for path, text in files.items()}, pki.fingerprints(layout.pki)]
    return plan(config, layout, programs, credentials, inputs=inputs)


def _start(config: Config, layout: Layout, new: Plan, progress: Progress) -> None:
    """Have a supervisor run `new`. What runs under another plan is stopped first; else it is taken over."""
    running = _supervisor(layout)
    if _status(layout).get("digest") != new.digest:
        if running:
            progress.say("stopping what runs with other settings")
            process.stop([running], 60)
            running = None
        process.stop(process.find_marked(layout.state, daemons_only=True), 15)
    process.write_atomic(layout.plan, new.dump())
    if config.kind == "node":
        network.up(config)
        leftovers.make_cgroups(config)
    if running is None:
        progress.say(f"starting {', '.join(d.name for d in new.daemons if not d.once)}")
        argv: tuple[str, ...] = (paths.interpreter(), "-m", "hack.localcluster.supervisor", str(layout.state))
        if config.kind == "node":
            argv = network.in_namespace(config, *argv)
        path = f"{os.environ.get('PATH', '')}:{prerequisites.SYSTEM_PATH}"
        env = {"PYTHONPATH": str(paths.REPOSITORY), "PATH": path}
        process.spawn(argv, state=layout.state, name=supervisor.NAME, log=layout.log / "supervisor.log", env=env)


def _status(layout: Layout) -> dict[str, Any]:
    try:
        status: dict[str, Any] = json.loads(layout.status.read_text())
    except (OSError, ValueError):
        return {}
    return status


def _supervisor(layout: Layout) -> process.ProcessId | None:
    """The supervisor of this state directory, if it runs."""
    for found, name in process.find_marked(layout.state, daemons_only=True).items():
        if name == supervisor.NAME:
            return found
    return None


def _unchanged_and_healthy(known: Config, wanted: Config, layout: Layout) -> bool:
    """Whether `up` has nothing to do but to set the number of GPUs."""
    if known.controllers != wanted.controllers or _supervisor(layout) is None:
        return False
    names = binaries.NODE if known.kind == "node" else binaries.CONTROL_PLANE
    programs = {name: binaries.cached(name) for name in names}
    if not all(path.exists() for path in programs.values()):
        return False
    digest = _prepare(known, layout, programs).digest
    return _status(layout).get("digest") == digest and not problems(known, layout)


def problems(config: Config, layout: Layout) -> list[str]:
    """What keeps the cluster from being usable, each in a few words; empty when it is usable."""
    daemons = _status(layout).get("daemons", {})
    found = [f"{name} is {d['state']}" for name, d in daemons.items() if d["state"] not in ("ready", "done")]
    # What died a moment ago is still "ready" in the status.
    ready_ones = [name for name, d in daemons.items() if d["state"] == "ready"]
    found += [f"{name} has just ended" for name in ready_ones if process.read_pid(layout.pids / name) is None]
    if _supervisor(layout) is None:
        return ["the supervisor does not run"]
    if found or not layout.kubeconfig.exists():
        return found or ["no kubeconfig yet"]
    api = Api(layout.kubeconfig)
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    server, s3_health = config.addresses.dns, Probe("http", f"{config.s3_endpoint}/healthz")
    checks: list[tuple[str, Callable[[], bool]]] = [
        ("the API server does not answer", lambda: api.get("/readyz") == "ok"),
    ]
    if config.kind == "node":
        checks += [
            ("the node is not Ready", lambda: node_ready(api)),
            (
                f"the node does not advertise {config.gpus} {gpus_module.RESOURCE}",
                lambda: gpus_module.are(api, config.gpus),
            ),
            ("no default ServiceAccount yet", lambda: bool(api.get(account))),
            ("cluster DNS does not answer", lambda: dns.resolves(server, "s3.storage.svc.cluster.local")),
            ("the S3 server does not answer", lambda: ready(s3_health)),
        ]
    return [message for message, check in checks if not _holds(check)]


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except ClusterError:
        return False


def node_ready(api: Api) -> bool:
    """Whether the node's condition Ready is true, and its kubelet was heard of lately.

    The condition alone is also what is remembered from before a reboot. A new node has said Ready just now;
    later its lease is renewed every 10 s.
    """
    conditions = api.get(f"/api/v1/nodes/{NODE_NAME}")["status"]["conditions"]
    ready = [c["lastHeartbeatTime"] for c in conditions if c["type"] == "Ready" and c["status"] == "True"]
    return bool(ready) and (_recent(ready[0]) or _recent(api.get(LEASE)["spec"]["renewTime"]))


def _recent(time_stamp: str) -> bool:
    return dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(time_stamp) < HEARD_OF


def _wait_until_usable(config: Config, layout: Layout, progress: Progress) -> None:
    deadline = time.monotonic() + READY_SECONDS
    told: set[str] = set()
    while True:
        for name, daemon in _status(layout).get("daemons", {}).items():
            if daemon["state"] in ("ready", "done") and name not in told:
                told.add(name)
                progress.say(f"{name} {daemon['state']}")
        left = problems(config, layout)
        if not left:
            break
        if time.monotonic() > deadline:
            raise ClusterError(
                f"not ready after {READY_SECONDS:.0f} s: {'; '.join(left)}. The logs are in {layout.log}"
            )
        time.sleep(0.2)
    progress.say("ready")


def set_gpus(name: str, gpus: int) -> None:
    """Change the number of GPUs that a running node advertises.

    Raises:
        ClusterError: the cluster does not run or has no node.
    """
    state = paths.state_dir(name)
    with locks.cluster_lock(state):
        config = require(name)
        if config.kind != "node":
            raise ClusterError(f"cluster {name!r} has no node")
        config = dataclasses.replace(config, gpus=gpus)
        config.save(state)
        gpus_module.advertise(Api(Layout(state).kubeconfig), gpus)


def require(name: str) -> Config:
    """The cluster `name`.

    Raises:
        ClusterError: there is none.
    """
    config = cluster_config.load(paths.state_dir(name))
    if config is None:
        raise ClusterError(f"there is no cluster {name!r}; make one with `up --name {name}`")
    return config


def down(name: str, progress: Progress) -> None:
    """Remove the cluster `name` with everything it has; nothing happens when there is none."""
    state = paths.state_dir(name)
    with locks.cluster_lock(state):
        config = cluster_config.load(state)
        if config is not None:
            if config.kind == "node":
                prerequisites.require_root("taking a cluster with a node down")
            leftovers.purge(config, Layout(state))
            progress.say(f"cluster {name!r} is gone")
        elif state.exists():
            process.kill(process.find_marked(state))
            leftovers.unmount_below(state)
            shutil.rmtree(state, ignore_errors=True)
            progress.say(f"removed the incomplete cluster {name!r}")


def status(name: str) -> dict[str, Any]:
    """What there is of the cluster `name`: kind, daemons, and problems (none when it is usable)."""
    layout = Layout(paths.state_dir(name))
    config = require(name)
    return {
        "name": name,
        "kind": config.kind,
        "server": config.server,
        "kubeconfig": str(layout.kubeconfig),
        "gpus": config.gpus if config.kind == "node" else 0,
        "daemons": _status(layout).get("daemons", {}),
        "problems": problems(config, layout),
    }

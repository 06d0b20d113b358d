"""Removes from the machine what a node cluster may leave, whatever state it is in. Needs no daemon alive."""

import contextlib
import shutil
import signal
import subprocess
import time
from pathlib import Path

from hack.localcluster import network, process
from hack.localcluster.config import Config
from hack.localcluster.layout import Layout

CGROUPS = Path("/sys/fs/cgroup")
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")


def cgroup_folders(config: Config) -> list[Path]:
    """The pods' control group in each mounted hierarchy (version 1), or the one (version 2)."""
    name = config.cgroup.lstrip("/")
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS / name]
    hierarchies = {p.resolve() for p in CGROUPS.iterdir() if (p / "cgroup.procs").exists()}
    return sorted(h / name for h in hierarchies if h.name != "unified")


def make_cgroups(config: Config) -> None:
    """Make the control group that kubelet expects as the root of its own."""
    if (CGROUPS / "cgroup.controllers").exists():
        available = (CGROUPS / "cgroup.controllers").read_text().split()
        with contextlib.suppress(OSError):  # delegated already, or not ours to delegate
            (CGROUPS / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in available))
    for folder in cgroup_folders(config):
        folder.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            # Version 1 starts a cpuset empty, and nothing can run in an empty one.
            if (folder / name).exists() and not (folder / name).read_text().strip():
                with contextlib.suppress(OSError):
                    (folder / name).write_text((folder.parent / name).read_text())


def kill_pods(config: Config) -> None:
    """Kill every process of every pod, found by control group."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        pids = {
            int(line)
            for folder in cgroup_folders(config)
            for file in folder.rglob("cgroup.procs")
            for line in _lines(file)
        }
        running = [p for pid in pids if (p := process.identify(pid)) is not None]
        if not running:
            return
        for one in running:
            process.send(one, signal.SIGKILL)
        process.wait_gone(running, 2)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:  # the group went away meanwhile
        return []


def remove_cgroups(config: Config) -> None:
    """Remove the pods' control groups; they are empty by now."""
    for folder in cgroup_folders(config):
        for child in sorted(folder.rglob("*"), key=lambda p: len(p.parts), reverse=True):
            if child.is_dir():
                with contextlib.suppress(OSError):
                    child.rmdir()
        with contextlib.suppress(OSError):
            folder.rmdir()


def unmount_below(folder: Path) -> None:
    """Detach every mount below `folder`, the innermost first."""
    prefix = f"{folder}/"
    targets = [line.split()[1].encode().decode("unicode_escape") for line in _lines_of_mounts()]
    for target in sorted((t for t in targets if t.startswith(prefix)), reverse=True):
        subprocess.run(["umount", "--lazy", target], capture_output=True, check=False)


def _lines_of_mounts() -> list[str]:
    return Path("/proc/mounts").read_text().splitlines()


def remove_files(config: Config, layout: Layout) -> None:
    """Remove files that containerd, CNI and kubelet keep outside the state directory."""
    for address in (layout.run / "containerd").rglob("address"):
        socket = Path(address.read_text().removeprefix("unix://"))
        if socket.parent == Path("/run/containerd/s"):
            socket.unlink(missing_ok=True)
    results = Path("/var/lib/cni/results")
    for result in results.glob(f"{config.netns}-*-eth0"):
        sandbox = result.name.removeprefix(f"{config.netns}-").removesuffix("-eth0")
        (results / f"cni-loopback-{sandbox}-lo").unlink(missing_ok=True)
        result.unlink(missing_ok=True)
    containers = Path("/var/log/containers")
    if containers.is_dir():
        for link in containers.iterdir():
            if link.is_symlink() and str(link.readlink()).startswith(f"{layout.pod_logs}/"):
                link.unlink(missing_ok=True)
    if not network.others(layout.state):
        # The kubelet's place for device plugins cannot be chosen; all clusters share it.
        (DEVICE_PLUGINS / "kubelet.sock").unlink(missing_ok=True)
    folders = ("/run/containerd/s", "/run/containerd", results, results.parent, containers)
    for empty in (*folders, DEVICE_PLUGINS, DEVICE_PLUGINS.parent):
        with contextlib.suppress(OSError):  # not empty: somebody else's
            Path(empty).rmdir()


def purge(config: Config, layout: Layout) -> None:
    """Remove the whole cluster: processes, mounts, network, control groups, state."""
    supervisors = [p for p, name in process.find_marked(layout.state).items() if name == "supervisor"]
    process.kill(supervisors)
    process.kill(process.find_marked(layout.state))
    if config.kind == "node":
        kill_pods(config)
        process.kill(process.find_marked(layout.state))
        unmount_below(layout.state)
        network.down(config)
        remove_cgroups(config)
        remove_files(config, layout)
        network.release_index(layout.state)
    shutil.rmtree(layout.state, ignore_errors=True)

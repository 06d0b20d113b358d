"""What a node cluster needs from the machine, installed from Debian packages where that is possible."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hack.localcluster.errors import ClusterError
from hack.localcluster.progress import Progress

CNI_PLUGINS = "/usr/lib/cni"  # of the Debian package containernetworking-plugins

# program -> Debian package
NODE_PROGRAMS: Mapping[str, str] = {
    "containerd": "containerd",
    "ctr": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "runc": "runc",
    f"{CNI_PLUGINS}/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "mount": "mount",
}
IMAGE_PROGRAMS: Mapping[str, str] = {"buildah": "buildah", "debootstrap": "debootstrap"}

# name -> bit, from linux/capability.h
CAPABILITIES: Mapping[str, int] = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

WAYS_OUT = """Other ways:
  - a cluster you have: set SYNTHOS_KUBECONFIG to its kubeconfig file
  - only etcd and the API server, without root: --control-plane-only
  - kind, where a Docker engine runs: --kind"""


def missing(programs: Mapping[str, str]) -> dict[str, str]:
    """Those of `programs` that this machine lacks, with the package each comes from."""
    return {p: package for p, package in programs.items() if shutil.which(p, path=SYSTEM_PATH) is None}


def require_root(what: str) -> None:
    """Raise ClusterError unless this is root on Linux."""
    if os.geteuid() != 0:
        raise ClusterError(f"{what} needs root (network namespaces, mounts, control groups); use sudo.\n{WAYS_OUT}")


def require_capabilities() -> None:
    """Raise ClusterError when this root, as in an ordinary container, may make no namespaces and mounts."""
    lacking = lacking_capabilities(Path("/proc/self/status").read_text())
    if lacking:
        raise ClusterError(
            f"this root lacks {' and '.join(lacking)}, as in a container that is not privileged.\n{WAYS_OUT}"
        )


def lacking_capabilities(status: str) -> list[str]:
    """Which of the needed capabilities a /proc/PID/status does not list as effective."""
    line = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    effective = int(line.split()[1], 16)
    return [name for name, bit in CAPABILITIES.items() if not effective >> bit & 1]


def install(programs: Mapping[str, str], progress: Progress) -> None:
    """Install what is missing of `programs`.

    Raises:
        ClusterError: something is missing and cannot be installed here; says what and the ways out.
    """
    lacking = missing(programs)
    if not lacking:
        return
    packages = sorted(set(lacking.values()))
    names = f"missing: {', '.join(sorted(lacking))} (Debian packages: {' '.join(packages)})"
    if shutil.which("apt-get") is None:
        raise ClusterError(f"{names}. There is no apt-get here; install them by your system's means.\n{WAYS_OUT}")
    require_root(f"installing packages ({names})")
    progress.say(f"installing {' '.join(packages)}")
    _apt_get("update", "-q")
    _apt_get("install", "-q", "-y", "--no-install-recommends", *packages)
    _stop_system_containerd(packages)
    if still := missing(programs):
        raise ClusterError(f"still missing after the installation: {', '.join(sorted(still))}.\n{WAYS_OUT}")


def _apt_get(*arguments: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    argv = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"{' '.join(argv)} failed:\n{done.stderr.strip()[-2000:]}\n{WAYS_OUT}")


def _stop_system_containerd(installed: list[str]) -> None:
    """The Debian package starts a containerd of its own where systemd runs; nobody asked for that."""
    if "containerd" in installed and Path("/run/systemd/system").exists():
        subprocess.run(["systemctl", "disable", "--now", "containerd"], capture_output=True, check=False)


def snapshotter(folder: Path) -> str:
    """containerd's snapshotter for images below `folder`: overlayfs, unless that is an overlay itself."""
    best, kind = "", ""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, target, filesystem, *_ = line.split()
        if (folder == Path(target) or Path(target) in folder.parents) and len(target) >= len(best):
            best, kind = target, filesystem
    return "native" if kind == "overlay" else "overlayfs"

"""A cluster by kind (Kubernetes in Docker) where a Docker engine runs; it then counts as a given cluster."""

import shutil
from pathlib import Path

from hack.localcluster import gpus, paths
from hack.localcluster.errors import ClusterError
from hack.localcluster.images.builders import find_engine
from hack.localcluster.kube import Api
from hack.localcluster.process import run
from hack.localcluster.progress import Progress


def up(name: str, number: int, progress: Progress) -> Path:
    """Make the cluster where it is missing, advertise GPUs on its node, return its kubeconfig.

    Raises:
        ClusterError: there is no kind, or no engine that answers, or kind fails.
    """
    _require()
    cluster = _cluster(name)
    kubeconfig = paths.state_root() / f"{cluster}.kubeconfig"
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    if cluster in run(["kind", "get", "clusters"]).split():
        run(["kind", "export", "kubeconfig", "--name", cluster, "--kubeconfig", str(kubeconfig)])
    else:
        progress.say(f"kind makes the cluster {cluster}")
        run(["kind", "create", "cluster", "--name", cluster, "--kubeconfig", str(kubeconfig), "--wait", "180s"])
    gpus.advertise(Api(kubeconfig), number, node=f"{cluster}-control-plane")
    return kubeconfig


def down(name: str) -> None:
    """Remove the cluster; nothing happens when there is none.

    Raises:
        ClusterError: as for `up`.
    """
    _require()
    kubeconfig = paths.state_root() / f"{_cluster(name)}.kubeconfig"
    run(["kind", "delete", "cluster", "--name", _cluster(name), "--kubeconfig", str(kubeconfig)])
    kubeconfig.unlink(missing_ok=True)


def _cluster(name: str) -> str:
    return f"synthos-{paths.state_dir(name).name}"


def _require() -> None:
    if shutil.which("kind") is None:
        raise ClusterError("kind is not installed")
    if find_engine() is None:
        raise ClusterError("no container engine answers (docker info fails), and kind needs one")

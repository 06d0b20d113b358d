"""The local cluster for Python code, above all for test fixtures.

from hack.localcluster.api import ensure
cluster = ensure("dev")
cluster.run_kubectl("get", "nodes")
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hack.localcluster import binaries, cluster, paths, s3
from hack.localcluster.config import NODE_NAME, Config, Kind
from hack.localcluster.errors import ClusterError
from hack.localcluster.layout import Layout
from hack.localcluster.progress import Progress
from hack.localcluster.s3 import S3Access

__all__ = ["Cluster", "ClusterError", "S3Access", "ensure", "given", "remove"]

KUBECONFIG_VARIABLE = "SYNTHOS_KUBECONFIG"


@dataclass(frozen=True)
class Cluster:
    """A Kubernetes cluster that can be used.

    Attributes:
        ours: made by this tool; False for one that the user gave.
        helm: None where it was not asked for.
        s3: None for a cluster without node and for one that the user gave.
        node_address: where Services and pods of the node are reached, None without a node.
        state: the state directory, None for a given cluster.
    """

    name: str
    ours: bool
    kubeconfig: Path
    kubectl: Path
    helm: Path | None = None
    s3: S3Access | None = None
    node_name: str | None = None
    node_address: str | None = None
    state: Path | None = None

    def environment(self) -> dict[str, str]:
        """This process' environment, with KUBECONFIG selecting the cluster."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def run_kubectl(self, *arguments: str, input_text: str | None = None, timeout: float = 120) -> str:
        """Run kubectl and return its standard output.

        Raises:
            ClusterError: it fails; the message is its standard error.
        """
        return self._run(self.kubectl, arguments, input_text, timeout)

    def run_helm(self, *arguments: str, timeout: float = 300) -> str:
        """Run helm and return its standard output.

        Raises:
            ClusterError: it fails, or helm was not asked for.
        """
        if self.helm is None:
            raise ClusterError("helm was not asked for: ensure(..., helm=True)")
        return self._run(self.helm, arguments, None, timeout)

    def _run(self, program: Path, arguments: Sequence[str], input_text: str | None, timeout: float) -> str:
        done = subprocess.run(
            [str(program), *arguments],
            env=self.environment(),
            input=input_text,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if done.returncode != 0:
            raise ClusterError(f"{program.name} {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def set_gpus(self, gpus: int) -> None:
        """Change how many nvidia.com/gpu the node advertises, at once.

        Raises:
            ClusterError: the cluster is not ours or has no node.
        """
        if not self.ours:
            raise ClusterError("the GPUs of a given cluster are not ours to change")
        cluster.set_gpus(self.name, gpus)

    def make_bucket(self, name: str) -> None:
        """Make an S3 bucket; nothing happens when it exists.

        Raises:
            ClusterError: there is no S3 server, or it refuses.
        """
        if self.s3 is None:
            raise ClusterError(f"cluster {self.name!r} has no S3 server")
        s3.make_bucket(self.s3, name)


def ensure(
    name: str = "dev",
    *,
    gpus: int | None = None,
    control_plane_only: bool = False,
    controllers: Sequence[str] | None = None,
    helm: bool = False,
    kubeconfig: Path | None = None,
    quiet: bool = False,
) -> Cluster:
    """Return the cluster `name`, bringing it up where it is not; about 0.3 s when it is up.

    A given cluster (argument `kubeconfig`, or the environment's SYNTHOS_KUBECONFIG) is used instead of
    one with a node; a control plane alone is always made, since tests change it as they like.

    Args:
        gpus: of nvidia.com/gpu on the node; None keeps what it has (4 at first).
        control_plane_only: etcd and the API server on free ports of 127.0.0.1, no root needed.
        controllers: for a control plane alone: controllers to run, for example
            ("garbage-collector-controller", "namespace-controller"), or ("*",); none at first.
        helm: also provide helm.

    Raises:
        ClusterError: the cluster cannot be had; the message says what is missing and what else there is.
    """
    progress = Progress(quiet=quiet)
    if not control_plane_only and (existing := given(kubeconfig, helm=helm)) is not None:
        return existing
    kind: Kind = "control-plane" if control_plane_only else "node"
    config = cluster.up(
        name,
        kind=kind,
        gpus=gpus,
        controllers=None if controllers is None else tuple(controllers),
        progress=progress,
    )
    helm_path = binaries.ensure(["helm"], progress)["helm"] if helm else None
    return _describe(config, helm_path)


def given(kubeconfig: Path | None = None, *, helm: bool = False) -> Cluster | None:
    """The cluster that the user gave by argument or SYNTHOS_KUBECONFIG, None when none was given.

    Raises:
        ClusterError: the file does not exist, or kubectl (or helm) is not installed.
    """
    chosen = kubeconfig or os.environ.get(KUBECONFIG_VARIABLE)
    if not chosen:
        return None
    path = Path(chosen).resolve()
    if not path.is_file():
        raise ClusterError(f"the given kubeconfig {path} does not exist")
    return Cluster(
        name="given",
        ours=False,
        kubeconfig=path,
        kubectl=_own_or_installed("kubectl"),
        helm=_own_or_installed("helm") if helm else None,
        s3=_s3_from_environment(),
    )


def _own_or_installed(program: str) -> Path:
    cached = binaries.cached(program)
    if cached.exists():
        return cached
    if found := shutil.which(program):
        return Path(found)
    return binaries.ensure([program], Progress())[program]


def _s3_from_environment() -> S3Access | None:
    """The S3 server for a given cluster, where the usual AWS variables name one."""
    names = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    endpoint, access_key, secret_key = (os.environ.get(name, "") for name in names)
    if not (endpoint and access_key and secret_key):
        return None
    return S3Access(endpoint, access_key, secret_key, os.environ.get("AWS_REGION", s3.REGION))


def remove(name: str, *, quiet: bool = False) -> None:
    """Remove the cluster `name` and everything it has; nothing happens when there is none."""
    cluster.down(name, Progress(quiet=quiet))


def _describe(config: Config, helm: Path | None) -> Cluster:
    state = paths.state_dir(config.name)
    layout = Layout(state)
    node = config.kind == "node"
    return Cluster(
        name=config.name,
        ours=True,
        kubeconfig=layout.kubeconfig,
        kubectl=binaries.cached("kubectl"),
        helm=helm,
        s3=s3.load(layout.s3) if node else None,
        node_name=NODE_NAME if node else None,
        node_address=config.addresses.node if node else None,
        state=state,
    )

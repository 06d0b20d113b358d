"""Names of the files in a cluster's state directory."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The state directory of one cluster."""

    state: Path

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.state / "pki"

    @property
    def etc(self) -> Path:
        """Configuration files of the daemons."""
        return self.state / "etc"

    @property
    def log(self) -> Path:
        """One log per daemon."""
        return self.state / "log"

    @property
    def pids(self) -> Path:
        """One pid file per daemon."""
        return self.state / "pid"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, complete in one file."""
        return self.state / "kubeconfig"

    @property
    def s3(self) -> Path:
        """Endpoint and credentials of the S3 server."""
        return self.state / "s3.json"

    @property
    def s3_data(self) -> Path:
        """Buckets."""
        return self.state / "s3"

    @property
    def plan(self) -> Path:
        """What the supervisor is to run."""
        return self.state / "plan.json"

    @property
    def status(self) -> Path:
        """What the supervisor runs."""
        return self.state / "status.json"

    @property
    def containerd_root(self) -> Path:
        """Images and snapshots."""
        return self.state / "containerd"

    @property
    def run(self) -> Path:
        """Sockets and mounts."""
        return self.state / "run"

    @property
    def containerd_socket(self) -> Path:
        """Where containerd answers."""
        return self.run / "containerd.sock"

    @property
    def kubelet_root(self) -> Path:
        """Volumes of pods."""
        return self.state / "kubelet"

    @property
    def pod_logs(self) -> Path:
        """Output of containers."""
        return self.state / "pod-logs"

    @property
    def cni_config(self) -> Path:
        """The one network of the node."""
        return self.etc / "cni"

    @property
    def pause_image(self) -> Path:
        """The image of the pause container, as an archive."""
        return self.state / "pause.tar"

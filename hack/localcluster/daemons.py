"""Which daemons a cluster consists of, with their arguments, order and readiness. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from hack.localcluster import paths
from hack.localcluster.config import NODE_NAME, Config
from hack.localcluster.layout import Layout


@dataclass(frozen=True)
class Probe:
    """How a daemon tells that it is ready.

    Attributes:
        target: a URL for "http", a path for "unix"; nothing for "process", which only has to run.
        ca: certificate of the authority that an https server must have; with `cert` and `key` of the client.
    """

    kind: Literal["http", "unix", "process"] = "process"
    target: str = ""
    ca: str = ""
    cert: str = ""
    key: str = ""


@dataclass(frozen=True)
class Daemon:
    """One program that the supervisor keeps running.

    Attributes:
        after: daemons that have to be ready before this one starts for the first time.
        once: it ends by itself; ready means that it succeeded, and it is repeated until it does.
    """

    name: str
    argv: tuple[str, ...]
    probe: Probe = Probe()
    after: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    once: bool = False


@dataclass(frozen=True)
class Plan:
    """What the supervisor of one cluster runs, in the order of starting.

    Attributes:
        digest: changes whenever a running daemon would have to be restarted to follow the plan.
    """

    daemons: tuple[Daemon, ...]
    digest: str

    def dump(self) -> str:
        """The plan as JSON."""
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def parse(text: str) -> "Plan":
        """The plan that `dump` wrote."""
        data = json.loads(text)
        daemons = [
            Daemon(
                name=d["name"],
                argv=tuple(d["argv"]),
                probe=Probe(**d["probe"]),
                after=tuple(d["after"]),
                env=d["env"],
                once=d["once"],
            )
            for d in data["daemons"]
        ]
        return Plan(tuple(daemons), data["digest"])


def plan(
    config: Config,
    layout: Layout,
    binaries: Mapping[str, Path],
    s3_environment: Mapping[str, str],
    *,
    inputs: object,
) -> Plan:
    """All daemons of a cluster.

    Args:
        s3_environment: credentials of the S3 server's root user, as its environment variables.
        inputs: everything else a daemon reads at its start (rendered files, certificates), for the digest.
    """
    programs = {name: str(path) for name, path in binaries.items()}
    daemons = [_etcd(config, layout, programs), _api_server(config, layout, programs)]
    if config.kind == "node":
        daemons += [
            _containerd(layout),
            _s3(config, layout, programs, s3_environment),
            _controller_manager(config, layout, programs),
            _scheduler(layout, programs),
            *_node_steps(layout, programs),
            _kubelet(config, layout, programs),
            _proxy(layout, programs),
            _coredns(layout, programs),
            _gpus(layout),
        ]
    elif config.controllers:
        daemons.append(_controller_manager(config, layout, programs))
    content = json.dumps([[asdict(d) for d in daemons], inputs], sort_keys=True)
    return Plan(tuple(daemons), hashlib.sha256(content.encode()).hexdigest())


def _etcd(config: Config, layout: Layout, programs: Mapping[str, str]) -> Daemon:
    pki, ports = layout.pki, config.ports
    client, peer = f"https://127.0.0.1:{ports.etcd}", f"https://127.0.0.1:{ports.etcd_peer}"
    argv = (
        programs["etcd"],
        "--name=etcd",
        f"--data-dir={layout.state}/etcd",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=etcd={peer}",
        f"--cert-file={pki}/etcd.crt",
        f"--key-file={pki}/etcd.key",
        f"--trusted-ca-file={pki}/ca.crt",
        "--client-cert-auth",
        f"--peer-cert-file={pki}/etcd.crt",
        f"--peer-key-file={pki}/etcd.key",
        f"--peer-trusted-ca-file={pki}/ca.crt",
        "--peer-client-cert-auth",
        # Survives the death of any process; only a power cut could lose the last writes.
        "--unsafe-no-fsync",
        "--log-level=warn",
    )
    probe = Probe("http", f"{client}/health", f"{pki}/ca.crt", f"{pki}/etcd-client.crt", f"{pki}/etcd-client.key")
    return Daemon("etcd", argv, probe)


def _api_server(config: Config, layout: Layout, programs: Mapping[str, str]) -> Daemon:
    pki, ports = layout.pki, config.ports
    argv = [
        programs["kube-apiserver"],
        f"--etcd-servers=https://127.0.0.1:{ports.etcd}",
        f"--etcd-cafile={pki}/ca.crt",
        f"--etcd-certfile={pki}/etcd-client.crt",
        f"--etcd-keyfile={pki}/etcd-client.key",
        f"--secure-port={ports.api}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={config.addresses.services}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/service-account.pub",
        f"--service-account-signing-key-file={pki}/service-account.key",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki}/front-proxy.crt",
        f"--proxy-client-key-file={pki}/front-proxy.key",
        "--profiling=false",
        # The default drains for a minute after SIGTERM when clients keep connections open.
        "--shutdown-delay-duration=0s",
    ]
    if config.kind == "node":
        argv += [
            # Only the node's network namespace is listened on, never the machine's own addresses.
            "--bind-address=0.0.0.0",
            f"--advertise-address={config.addresses.node}",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
        ]
    else:
        # Endpoints may not be loopback addresses, so the Service `kubernetes` stays without.
        argv += [
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
        ]
    probe = Probe("http", f"{config.server}/readyz", f"{pki}/ca.crt", f"{pki}/admin.crt", f"{pki}/admin.key")
    return Daemon("kube-apiserver", tuple(argv), probe, after=("etcd",))


def _controller_manager(config: Config, layout: Layout, programs: Mapping[str, str]) -> Daemon:
    pki, kubeconfig = layout.pki, f"{layout.etc}/controller-manager.kubeconfig"
    argv = [
        programs["kube-controller-manager"],
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={config.ports.controller_manager}",
        f"--client-ca-file={pki}/ca.crt",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/service-account.key",
        "--use-service-account-credentials",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        # With leader election it would exit whenever the API server is away for a while.
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--concurrent-job-syncs=50",
        "--node-monitor-grace-period=40s",
    ]
    if config.kind != "node":
        argv.append(f"--controllers={','.join(config.controllers)}")
    return Daemon("kube-controller-manager", tuple(argv), after=("kube-apiserver",))


def _scheduler(layout: Layout, programs: Mapping[str, str]) -> Daemon:
    kubeconfig = f"{layout.etc}/scheduler.kubeconfig"
    argv = (
        programs["kube-scheduler"],
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
    )
    return Daemon("kube-scheduler", argv, after=("kube-apiserver",))


def _containerd(layout: Layout) -> Daemon:
    argv = ("containerd", f"--config={layout.etc}/containerd.toml", "--log-level=warn")
    return Daemon("containerd", argv, Probe("unix", str(layout.containerd_socket)))


def _node_steps(layout: Layout, programs: Mapping[str, str]) -> list[Daemon]:
    ctr = ("ctr", f"--address={layout.containerd_socket}", "--namespace=k8s.io")
    apply = (f"--kubeconfig={layout.kubeconfig}", "apply", "--server-side", "--force-conflicts")
    return [
        Daemon(
            "pause-image",
            (*ctr, "images", "import", str(layout.pause_image)),
            after=("containerd",),
            once=True,
        ),
        Daemon(
            "addons",
            (programs["kubectl"], *apply, f"--filename={layout.etc}/addons.yaml"),
            after=("kube-apiserver",),
            once=True,
        ),
    ]


def _kubelet(config: Config, layout: Layout, programs: Mapping[str, str]) -> Daemon:
    argv = (
        programs["kubelet"],
        f"--config={layout.etc}/kubelet.yaml",
        f"--kubeconfig={layout.etc}/kubelet.kubeconfig",
        f"--root-dir={layout.kubelet_root}",
        f"--cert-dir={layout.pki}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={config.addresses.node}",
    )
    probe = Probe("http", "http://127.0.0.1:10248/healthz")
    return Daemon("kubelet", argv, probe, after=("kube-apiserver", "containerd", "pause-image"))


def _proxy(layout: Layout, programs: Mapping[str, str]) -> Daemon:
    argv = (programs["kube-proxy"], f"--config={layout.etc}/proxy.yaml")
    return Daemon("kube-proxy", argv, Probe("http", "http://127.0.0.1:10256/healthz"), after=("kube-apiserver",))


def _gpus(layout: Layout) -> Daemon:
    argv = (paths.interpreter(), "-m", "hack.localcluster.gpus", str(layout.state))
    return Daemon("gpus", argv, after=("kubelet",), env={"PYTHONPATH": str(paths.REPOSITORY)})


def _coredns(layout: Layout, programs: Mapping[str, str]) -> Daemon:
    argv = (programs["coredns"], f"-conf={layout.etc}/Corefile")
    return Daemon("coredns", argv, Probe("http", "http://127.0.0.1:8181/ready"), after=("kube-apiserver", "addons"))


def _s3(config: Config, layout: Layout, programs: Mapping[str, str], credentials: Mapping[str, str]) -> Daemon:
    argv = (
        programs["versitygw"],
        f"--port={config.addresses.node}:7070",
        "--region=us-east-1",
        f"--iam-dir={layout.state}/s3-iam",
        "--health=/healthz",
        "--keep-alive",
        "--quiet",
        "posix",
        str(layout.s3_data),
    )
    return Daemon("s3", argv, Probe("http", f"{config.s3_endpoint}/healthz"), env=credentials)

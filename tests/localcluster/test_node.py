"""The cluster with a node, beside whatever else runs here: pods, names, S3, GPUs, crashes, nothing left."""

import json
import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hack.localcluster import cluster, dns, leftovers, network, paths, process, render
from hack.localcluster.api import Cluster, ensure, remove
from hack.localcluster.layout import Layout

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(os.geteuid() != 0, reason="a node needs root")]

NAME = "node-test"


@pytest.fixture(scope="module", autouse=True)
def state() -> Iterator[Path]:
    # Not pytest's own folder: sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="lc-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHOS_STATE", folder)
        patch.delenv("SYNTHOS_KUBECONFIG", raising=False)
        yield Path(folder)
        remove(NAME, quiet=True)


@pytest.fixture
def node() -> Cluster:
    return ensure(NAME, gpus=2, quiet=True)


def run_pod(node: Cluster, name: str, gpus: int = 0) -> None:
    container = {
        "name": "c",
        "image": render.PAUSE_IMAGE,
        "imagePullPolicy": "Never",
        "resources": {"limits": {"nvidia.com/gpu": str(gpus)} if gpus else {}},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
    node.run_kubectl("apply", "--filename=-", input_text=json.dumps(pod))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def phase(node: Cluster, pod: str) -> str:
    return node.run_kubectl("get", "pod", pod, "--output=jsonpath={.status.phase}")


def test_a_pod_runs_and_the_host_reaches_its_node(node: Cluster) -> None:
    run_pod(node, "first")
    node.run_kubectl("wait", "--for=condition=Ready", "pod/first", "--timeout=60s")
    assert node.node_address is not None
    assert node.run_kubectl("get", "pod", "first", "--output=jsonpath={.status.hostIP}") == node.node_address


def test_cluster_names_resolve_and_others_do_not_exist(node: Cluster) -> None:
    server = cluster.require(NAME).addresses.dns
    assert dns.resolves(server, "kubernetes.default.svc.cluster.local")
    assert not dns.resolves(server, "name.example")


def test_s3_answers_by_address_and_by_service(node: Cluster) -> None:
    assert node.s3 is not None
    node.make_bucket("bucket")
    node.make_bucket("bucket")
    service = node.run_kubectl("get", "service", "s3", "-n", "storage", "--output=jsonpath={.spec.clusterIP}")
    for url in (node.s3.endpoint, f"http://{service}:7070"):
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:
            assert answer.status == 200
    assert (Layout(paths.state_dir(NAME)).s3.stat().st_mode & 0o777) == 0o600


def test_a_pod_waits_for_gpus_and_starts_when_there_are_more(node: Cluster) -> None:
    node.set_gpus(1)
    run_pod(node, "greedy", gpus=3)
    until(lambda: "Insufficient nvidia.com/gpu" in node.run_kubectl("get", "pod", "greedy", "-o", "yaml"))
    assert phase(node, "greedy") == "Pending"
    node.set_gpus(4)
    until(lambda: phase(node, "greedy") == "Running")
    amounts = node.run_kubectl("get", "node", "-o", r"jsonpath={.items[0].status.allocatable.nvidia\.com/gpu}")
    assert amounts == "4"
    node.run_kubectl("delete", "pod", "greedy", "--now")


@pytest.mark.parametrize("daemon", ["kubelet", "containerd", "kube-apiserver", "etcd", "kube-proxy", "s3"])
def test_pods_survive_the_death_of_a_daemon(node: Cluster, daemon: str) -> None:
    run_pod(node, "steady")
    node.run_kubectl("wait", "--for=condition=Ready", "pod/steady", "--timeout=60s")
    container = "--output=jsonpath={.status.containerStatuses[0].containerID}"
    before = node.run_kubectl("get", "pod", "steady", container)
    killed = process.read_pid(Layout(paths.state_dir(NAME)).pids / daemon)
    assert killed is not None
    process.kill([killed])
    again = ensure(NAME, quiet=True)
    again.run_kubectl("wait", "--for=condition=Ready", "pod/steady", "--timeout=60s")
    assert again.run_kubectl("get", "pod", "steady", container) == before


def test_it_comes_back_when_everything_was_killed(node: Cluster) -> None:
    run_pod(node, "steady")
    node.run_kubectl("wait", "--for=condition=Ready", "pod/steady", "--timeout=60s")
    process.kill(process.find_marked(Layout(paths.state_dir(NAME)).state, daemons_only=True))
    again = ensure(NAME, quiet=True)
    again.run_kubectl("wait", "--for=condition=Ready", "pod/steady", "--timeout=60s")


def test_the_hosts_packet_filter_is_left_alone(node: Cluster) -> None:
    """kube-proxy and the network plugin write their rules in the node's network namespace only."""
    config = cluster.require(NAME)
    rules = ("iptables-save",)
    outside = subprocess.run(rules, capture_output=True, text=True, check=True).stdout
    inside = subprocess.run(network.in_namespace(config, *rules), capture_output=True, text=True, check=True).stdout
    assert "KUBE-SERVICES" in inside
    assert str(config.addresses.services[10]) not in outside


def test_down_leaves_nothing(node: Cluster, state: Path) -> None:
    run_pod(node, "steady")
    node.run_kubectl("wait", "--for=condition=Ready", "pod/steady", "--timeout=60s")
    config, layout = cluster.require(NAME), Layout(state / NAME)
    results = Path("/var/lib/cni/results")
    assert list(results.glob(f"{config.netns}-*"))
    remove(NAME, quiet=True)
    assert process.find_marked(layout.state) == {}
    assert not [line for line in Path("/proc/mounts").read_text().split("\n") if str(layout.state) in line]
    assert not (network.NETNS / config.netns).exists()
    assert not (Path("/sys/class/net") / network.host_interface(config)).exists()
    assert not [folder for folder in leftovers.cgroup_folders(config) if folder.exists()]
    assert not list(results.glob(f"{config.netns}-*"))
    assert not (network.CLAIMS / str(config.index)).exists()
    assert list(state.iterdir()) == []

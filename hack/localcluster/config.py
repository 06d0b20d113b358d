"""What one cluster is: its name, kind, addresses and ports. Everything else derives from this."""

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Literal

from hack.localcluster.process import write_atomic

Kind = Literal["node", "control-plane"]
NODE_NAME = "node1"
CLUSTER_DOMAIN = "cluster.local"
MAX_INDEX = 63


@dataclass(frozen=True)
class Addresses:
    """Networks of the node cluster with this index; disjoint for different indices."""

    index: int

    @cached_property
    def pods(self) -> IPv4Network:
        """Addresses of pods; the first is the node's."""
        return IPv4Network(f"10.244.{self.index}.0/24")

    @cached_property
    def services(self) -> IPv4Network:
        """Virtual addresses of Services."""
        return IPv4Network((int(IPv4Address("10.96.0.0")) + 1024 * self.index, 22))

    @cached_property
    def link(self) -> IPv4Network:
        """The wire between the host and the node's network namespace."""
        return IPv4Network(f"10.243.{self.index}.0/30")

    @property
    def node(self) -> str:
        """The node, the API server, the S3 server: reachable from pods and from the host."""
        return str(self.pods[1])

    @property
    def first_pod(self) -> str:
        """Lower addresses are kept for the node."""
        return str(self.pods[10])

    @property
    def kubernetes(self) -> str:
        """The Service `kubernetes`."""
        return str(self.services[1])

    @property
    def dns(self) -> str:
        """The Service `kube-dns`."""
        return str(self.services[10])

    @property
    def link_host(self) -> str:
        """The host's end of the link."""
        return str(self.link[1])

    @property
    def link_node(self) -> str:
        """The node's end of the link."""
        return str(self.link[2])


@dataclass(frozen=True)
class Ports:
    """TCP ports of the daemons. A node cluster has a network namespace of its own, so these are fixed there."""

    api: int = 6443
    etcd: int = 2379
    etcd_peer: int = 2380
    controller_manager: int = 10257


@dataclass(frozen=True)
class Config:
    """One cluster.

    Attributes:
        index: selects the addresses of a node cluster; 0 and unused without a node.
        gpus: capacity of nvidia.com/gpu that the node advertises.
        controllers: for the controller manager of a cluster without node, as its flag
            --controllers takes them; empty means no controller manager.
    """

    name: str
    kind: Kind = "node"
    index: int = 0
    gpus: int = 4
    controllers: tuple[str, ...] = ()
    ports: Ports = Ports()

    @property
    def addresses(self) -> Addresses:
        """The networks of a node cluster."""
        return Addresses(self.index)

    @property
    def api_host(self) -> str:
        """Where the API server is reached from the host."""
        return self.addresses.node if self.kind == "node" else "127.0.0.1"

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return f"https://{self.api_host}:{self.ports.api}"

    @property
    def netns(self) -> str:
        """The network namespace of a node cluster."""
        return f"synthos-{self.index}"

    @property
    def cgroup(self) -> str:
        """The control group below which all pods of a node cluster run."""
        return f"/synthos-{self.index}"

    @property
    def s3_endpoint(self) -> str:
        """The S3 server, by the same URL for pods and for the host."""
        return f"http://{self.addresses.node}:7070"

    def save(self, state: Path) -> None:
        """Remember the cluster in its state directory."""
        write_atomic(state / "config.json", json.dumps(asdict(self), indent=1), 0o644)


def load(state: Path) -> Config | None:
    """The cluster remembered in `state`, None when there is none (or its file is unreadable)."""
    try:
        data: dict[str, Any] = json.loads((state / "config.json").read_text())
        data["controllers"] = tuple(data["controllers"])
        data["ports"] = Ports(**data["ports"])
        return Config(**data)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def free_ports(count: int) -> list[int]:
    """TCP ports of 127.0.0.1 that nothing listens on at this moment, all different."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [int(listener.getsockname()[1]) for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def allocate_ports() -> Ports:
    """Free ports for a cluster without node."""
    return Ports(*free_ports(4))


def first_free_index(taken: Sequence[int], busy: Sequence[IPv4Network]) -> int | None:
    """The first index that no cluster has and whose networks overlap none of the host's routes."""
    for index in range(MAX_INDEX + 1):
        wanted = Addresses(index)
        networks = (wanted.pods, wanted.services, wanted.link)
        if index not in taken and not any(n.overlaps(b) for n in networks for b in busy):
            return index
    return None

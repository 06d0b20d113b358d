"""The node's network: a namespace of its own, joined to the host by a pair of virtual interfaces.

All that the cluster does to a network (listening on every address, the bridge, kube-proxy's packet filter
rules) happens in the namespace. So nothing of it is seen outside this machine, several clusters never meet,
and deleting the namespace removes everything. The host gets one interface and three routes.
"""

import json
import os
import subprocess
from ipaddress import IPv4Network
from pathlib import Path

from hack.localcluster import config as cluster_config
from hack.localcluster import locks, paths
from hack.localcluster.config import Config
from hack.localcluster.errors import ClusterError
from hack.localcluster.process import run, write_atomic
from hack.localcluster.render import BRIDGE

NETNS = Path("/run/netns")
CLAIMS = Path("/run/synthos")  # one file per used index; holds the state directory that uses it
UPLINK = "uplink"


def host_interface(config: Config) -> str:
    """The host's end of the link."""
    return f"synthos{config.index}"


def in_namespace(config: Config, *argv: str) -> tuple[str, ...]:
    """The command line that runs `argv` in the node's network namespace.

    `nsenter` and not `ip netns exec`, which would hide the control groups by mounting /sys anew.
    """
    return ("nsenter", f"--net={NETNS / config.netns}", "--", *argv)


def claim_index(state: Path, wanted: int | None) -> int:
    """Reserve an index, and with it addresses, for the cluster in `state`; return it.

    Args:
        wanted: the index that the cluster had before, None for a new cluster.

    Raises:
        ClusterError: the wanted index or all of them are taken.
    """
    with locks.exclusive(paths.cache_root() / "locks" / "index.lock"):
        claims = _claims()
        for index, owner in claims.items():
            if owner == state:
                return index
        if wanted is not None and wanted in claims:
            raise ClusterError(
                f"the addresses of the cluster in {state} are now used by the one in {claims[wanted]}; "
                "take one of the two down"
            )
        free = cluster_config.first_free_index(list(claims), _busy()) if wanted is None else wanted
        if free is None:
            raise ClusterError("no addresses are left for another cluster; take one down")
        CLAIMS.mkdir(parents=True, exist_ok=True)
        write_atomic(CLAIMS / str(free), str(state), 0o644)
        return free


def release_index(state: Path) -> None:
    """Give back what `claim_index` reserved."""
    for index, owner in _claims().items():
        if owner == state:
            (CLAIMS / str(index)).unlink(missing_ok=True)
    if CLAIMS.exists() and not any(CLAIMS.iterdir()):
        CLAIMS.rmdir()


def others(state: Path) -> list[Path]:
    """State directories of other clusters with a node on this machine."""
    return [owner for owner in _claims().values() if owner != state]


def _claims() -> dict[int, Path]:
    """Used index -> state directory; a claim whose state directory is gone counts no more."""
    if not CLAIMS.exists():
        return {}
    owners = {int(p.name): Path(p.read_text()) for p in CLAIMS.iterdir() if p.name.isdecimal()}
    return {index: owner for index, owner in owners.items() if owner.exists()}


def _busy() -> list[IPv4Network]:
    """Networks that the host has routes to."""
    routes = json.loads(run(["ip", "-4", "-j", "route", "show", "table", "all"]))
    targets = [route["dst"] for route in routes if route.get("dst") not in (None, "default")]
    return [IPv4Network(target, strict=False) for target in targets]


def up(config: Config) -> None:
    """Make the namespace, the link, the bridge and the routes; what exists already stays as it is."""
    name, addresses = config.netns, config.addresses
    if not (NETNS / name).exists() or not _is_namespace(config):
        (NETNS / name).unlink(missing_ok=True)
        run(["ip", "netns", "add", name])
    node, host = ["ip", "-n", name], ["ip"]
    run([*node, "link", "set", "lo", "up"])
    if not _exists(node, UPLINK):
        link = host_interface(config)
        if _exists(host, link):
            run([*host, "link", "del", link])
        run([*host, "link", "add", link, "type", "veth", "peer", "name", UPLINK, "netns", name])
    if not _exists(node, BRIDGE):
        run([*node, "link", "add", BRIDGE, "type", "bridge"])
    for where, device, address, length in (
        (node, BRIDGE, addresses.node, addresses.pods.prefixlen),
        (node, UPLINK, addresses.link_node, addresses.link.prefixlen),
        (host, host_interface(config), addresses.link_host, addresses.link.prefixlen),
    ):
        run([*where, "address", "replace", f"{address}/{length}", "dev", device])
        run([*where, "link", "set", device, "up"])
    run([*node, "route", "replace", "default", "via", addresses.link_host])
    for network in (addresses.pods, addresses.services):
        run([*host, "route", "replace", str(network), "via", addresses.link_node])
    _forward(config)


def _forward(config: Config) -> None:
    """Let the node route, and let its bridge pass packets through kube-proxy's rules."""
    settings = ["net/ipv4/ip_forward"]
    if not Path("/proc/sys/net/bridge").exists():
        subprocess.run(["modprobe", "br_netfilter"], capture_output=True, check=False)
    if Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists():
        settings.append("net/bridge/bridge-nf-call-iptables")
    for setting in settings:
        run(in_namespace(config, "tee", f"/proc/sys/{setting}"), input_text="1")


def _exists(ip: list[str], device: str) -> bool:
    return subprocess.run([*ip, "link", "show", device], capture_output=True, check=False).returncode == 0


def _is_namespace(config: Config) -> bool:
    return subprocess.run(in_namespace(config, "true"), capture_output=True, check=False).returncode == 0


def down(config: Config) -> None:
    """Remove everything that `up` made."""
    if _exists(["ip"], host_interface(config)):
        run(["ip", "link", "del", host_interface(config)])  # its other end and the routes go with it
    if (NETNS / config.netns).exists():
        run(["ip", "netns", "del", config.netns])
    _unmount_empty_netns_folder()


def _unmount_empty_netns_folder() -> None:
    """`ip netns add` mounts /run/netns on itself the first time; undo it when nobody uses it."""
    if NETNS.exists() and os.path.ismount(NETNS) and not any(NETNS.iterdir()):
        subprocess.run(["umount", str(NETNS)], capture_output=True, check=False)

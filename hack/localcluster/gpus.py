"""Keeps the node's number of simulated GPUs: `python -m hack.localcluster.gpus STATE_DIRECTORY`.

The GPUs are nothing but an extended resource in the node's status; no device plugin stands behind them. The
kubelet keeps what it finds there and computes allocatable from the capacity, but sets it to zero when it
registers without memory of a device plugin, and a node that is deleted comes back without. So one daemon
compares the status with the cluster's configuration and repairs it.
"""

import sys
import time
from pathlib import Path
from typing import Any

from hack.localcluster import config as cluster_config
from hack.localcluster.config import NODE_NAME
from hack.localcluster.errors import ClusterError
from hack.localcluster.kube import Api
from hack.localcluster.layout import Layout

RESOURCE = "nvidia.com/gpu"
SECONDS = 1.0


def are(api: Api, wanted: int, node: str = NODE_NAME) -> bool:
    """Whether the node advertises this number, in capacity and allocatable.

    Raises:
        ClusterError: there is no node, or no answer.
    """
    status = api.get(f"/api/v1/nodes/{node}")["status"]
    return all(_amount(status, part) == wanted for part in ("capacity", "allocatable"))


def advertise(api: Api, wanted: int, node: str = NODE_NAME) -> None:
    """Make the node advertise this number.

    The kubelet would compute allocatable from the capacity some seconds later; setting both saves that wait.

    Raises:
        ClusterError: there is no node, or no answer.
    """
    if not are(api, wanted, node):
        amounts = {RESOURCE: str(wanted)}
        api.merge_patch(f"/api/v1/nodes/{node}/status", {"status": {"capacity": amounts, "allocatable": amounts}})


def _amount(status: dict[str, Any], part: str) -> int:
    return int(status.get(part, {}).get(RESOURCE, -1))


def keep(layout: Layout) -> None:
    """Repair the number whenever it differs, for ever."""
    api, told = Api(layout.kubeconfig), ""
    while True:
        config = cluster_config.load(layout.state)
        message = ""
        if config is not None:
            try:
                advertise(api, config.gpus)
            except ClusterError as error:  # no API server or node at the moment
                message = str(error)
        if message != told:
            print(time.strftime("%Y-%m-%dT%H:%M:%S"), message or "as configured", flush=True)
            told = message
        time.sleep(SECONDS)


if __name__ == "__main__":
    keep(Layout(Path(sys.argv[1])))

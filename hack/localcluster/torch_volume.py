"""PyTorch for the trainer pods as a volume: 5 GB that need not be copied into an image each time.

A folder in the state directory gets hard links to the files of PyTorch and of what only PyTorch needs, from
the running environment: no copy, and nothing else of the environment can be imported by accident. A local
PersistentVolume shows the folder to pods, read-only, at /opt/torch, which the trainer image appends to its
search path (its torch-volume.pth).
"""

import errno
import hashlib
import json
import os
import shutil
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from hack.localcluster import locks, paths
from hack.localcluster.api import Cluster
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import closure
from hack.localcluster.images.project import trainer_requirements

MOUNT_PATH = "/opt/torch"
BOUND_SECONDS = 60.0


def distributions() -> dict[str, metadata.Distribution]:
    """PyTorch and what it needs beyond what the trainer image has, from the running environment.

    Raises:
        ClusterError: PyTorch is not installed here.
    """
    wanted = closure.distributions(["torch"])
    if "torch" not in wanted:
        raise ClusterError("PyTorch is not installed in this environment: pip install '.[engine]'")
    in_image = closure.distributions(trainer_requirements())
    return {name: found for name, found in wanted.items() if name not in in_image}


def ensure_folder(state: Path) -> Path:
    """Return the folder with PyTorch below `state`, linking it where it is missing.

    Raises:
        ClusterError: PyTorch is not installed, or lies on another file system than `state`.
    """
    found = distributions()
    versions = sorted(f"{name}=={one.version}" for name, one in found.items())
    folder = state / f"torch-{hashlib.sha256(repr(versions).encode()).hexdigest()[:8]}"
    with locks.exclusive(paths.cache_root() / "locks" / "torch.lock"):
        if not folder.exists():
            temporary = folder.with_suffix(".part")
            shutil.rmtree(temporary, ignore_errors=True)
            for one in found.values():
                _link(one, temporary)
            temporary.rename(folder)
    return folder


def _link(distribution: metadata.Distribution, target: Path) -> None:
    for file in distribution.files or ():
        source = Path(str(distribution.locate_file(file)))
        if ".." in file.parts or not source.is_file():  # scripts lie outside; caches may be gone
            continue
        link = target / file
        link.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, link)
        except FileExistsError:
            continue  # some distributions share a file
        except OSError as error:
            if error.errno == errno.EXDEV:
                raise ClusterError(
                    f"{source} and {target} are on different file systems; set SYNTHOS_STATE to a folder on the first"
                ) from error
            raise


def ensure(cluster: Cluster, namespace: str) -> str:
    """Make the volume and its claim in `namespace` (made too), wait until bound, return the claim's name.

    Raises:
        ClusterError: the cluster is not ours, or the claim does not become bound.
    """
    if cluster.state is None or cluster.node_name is None:
        raise ClusterError("the volume with PyTorch exists only in the local cluster with a node")
    folder = ensure_folder(cluster.state)
    claim, volume = folder.name, f"{folder.name}-{namespace}"
    _drop_released(cluster, volume)
    objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        _volume(volume, claim, namespace, folder, cluster.node_name),
        _claim(volume, claim, namespace),
    ]
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    manager = ("--server-side", "--field-manager=localcluster", "--force-conflicts")
    cluster.run_kubectl("apply", *manager, "--filename=-", input_text=text)
    deadline = time.monotonic() + BOUND_SECONDS
    get = ("get", "persistentvolumeclaim", claim, f"--namespace={namespace}", "--output=jsonpath={.status.phase}")
    while (phase := cluster.run_kubectl(*get)) != "Bound":
        if time.monotonic() > deadline:
            raise ClusterError(f"the claim {namespace}/{claim} is {phase or 'without phase'}, not Bound")
        time.sleep(0.2)
    return claim


def _drop_released(cluster: Cluster, volume: str) -> None:
    """A volume remembers the claim it had; with its namespace gone it can only be made anew."""
    query = ("get", "persistentvolume", volume, "--ignore-not-found", "--output=jsonpath={.status.phase}")
    if cluster.run_kubectl(*query) in ("Released", "Failed"):
        cluster.run_kubectl("delete", "persistentvolume", volume)


def _volume(name: str, claim: str, namespace: str, folder: Path, node: str) -> dict[str, Any]:
    selector = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadOnlyMany"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            "claimRef": {"namespace": namespace, "name": claim},
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [selector]}]}},
        },
    }


def _claim(volume: str, name: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "accessModes": ["ReadOnlyMany"],
            "storageClassName": "",
            "volumeName": volume,
            "resources": {"requests": {"storage": "10Gi"}},
        },
    }


def chart_values(claim: str) -> dict[str, Any]:
    """Values of the chart that mount the claim into the trainer pods.

    Read-only on the volume and on the mount: else the pod's fsGroup would make kubelet change the owner of
    the files, which are the environment's.
    """
    source = {"claimName": claim, "readOnly": True}
    return {
        "trainer": {
            "extraVolumes": [{"name": "torch", "persistentVolumeClaim": source}],
            "extraVolumeMounts": [{"name": "torch", "mountPath": MOUNT_PATH, "readOnly": True}],
        }
    }

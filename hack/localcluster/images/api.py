"""The images for Python code: build and load both, and bring PyTorch to the trainer pods."""

import os
from typing import Any

from hack.localcluster import torch_volume
from hack.localcluster.api import Cluster
from hack.localcluster.errors import ClusterError
from hack.localcluster.images import project
from hack.localcluster.images.sources import IMAGES
from hack.localcluster.progress import Progress

__all__ = ["build_and_load", "provide_torch"]


def build_and_load(cluster: Cluster, *, quiet: bool = False) -> dict[str, str]:
    """Build the images that changed, load them, and return "operator" and "trainer" -> full name.

    A given cluster pulls images itself; SYNTHOS_OPERATOR_IMAGE and SYNTHOS_TRAINER_IMAGE name them.

    Raises:
        ClusterError: a build fails, or a given cluster comes without names of images.
    """
    if cluster.ours:
        return project.ensure(cluster.name, Progress(quiet=quiet))
    names = {image.name: os.environ.get(f"SYNTHOS_{image.name.upper()}_IMAGE", "") for image in IMAGES}
    if not all(names.values()):
        raise ClusterError(
            "a given cluster pulls its images from a registry: push them there and set "
            "SYNTHOS_OPERATOR_IMAGE and SYNTHOS_TRAINER_IMAGE"
        )
    return names


def provide_torch(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """Make PyTorch available to the trainer pods of `namespace`; return the chart's values for that.

    Nothing to do, and no values, for a given cluster: its trainer image has PyTorch in it.

    Raises:
        ClusterError: the volume cannot be made.
    """
    if not cluster.ours:
        return {}
    return torch_volume.chart_values(torch_volume.ensure(cluster, namespace))

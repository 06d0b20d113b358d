"""Checkpoint of one model in the run's artifact store.

Two slots are written in turn, the marker last: it names the slot, its digest and the configuration.
A crash at any point leaves the marker pointing at a whole slot; a slot that does not match its
marker, or a marker of another configuration, does not exist.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from synthos_api.errors import DatasetNotFound
from synthos_api.results import GradientStats
from synthos_engine.context import Store

_MODEL, _OPTIMISER, _LOSSES = "model.", "optimiser.", "losses"


@dataclass(frozen=True)
class TrainingState:
    """What a training remembers besides weights and optimiser."""

    losses: npt.NDArray[np.float64]
    seconds: float
    gradients: GradientStats | None = None


class Checkpoint:
    """`folder` is the model's own place in the store; `digest` tells the configuration it belongs to."""

    def __init__(self, store: Store, folder: str, digest: str) -> None:
        self._store, self._folder, self._digest = store, folder, digest
        self._next_slot = 0

    def save(self, model: nn.Module, optimiser: torch.optim.Optimizer | None, state: TrainingState) -> None:
        """Without an optimiser: the training has ended."""
        tensors = {_MODEL + name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        if optimiser is not None:
            tensors |= _optimiser_tensors(optimiser)
        tensors[_LOSSES] = torch.from_numpy(state.losses.astype(np.float64))
        content = save(tensors)
        self._store.write_bytes(self._slot_name(self._next_slot), content)
        marker = {
            "slot": self._next_slot,
            "sha256": hashlib.sha256(content).hexdigest(),
            "digest": self._digest,
            "seconds": state.seconds,
            "gradients": state.gradients.model_dump() if state.gradients is not None else None,
        }
        self._store.write_bytes(self._marker_name, json.dumps(marker).encode())
        self._next_slot = 1 - self._next_slot

    def load(self, model: nn.Module, optimiser: torch.optim.Optimizer | None = None) -> TrainingState | None:
        """Put the saved state into model and optimiser; None when there is none to continue from."""
        found = self._read()
        if found is None:
            return None
        marker, tensors = found
        model.load_state_dict({n.removeprefix(_MODEL): t for n, t in tensors.items() if n.startswith(_MODEL)})
        if optimiser is not None:
            _restore_optimiser(optimiser, tensors)
        self._next_slot = 1 - int(marker["slot"])
        gradients = GradientStats.model_validate(marker["gradients"]) if marker["gradients"] is not None else None
        return TrainingState(tensors[_LOSSES].numpy(), float(marker["seconds"]), gradients)

    @property
    def _marker_name(self) -> str:
        return f"{self._folder}/checkpoint.json"

    def _slot_name(self, slot: int) -> str:
        return f"{self._folder}/state-{slot}.safetensors"

    def _read(self) -> tuple[dict[str, Any], dict[str, Tensor]] | None:
        try:
            marker = json.loads(self._store.read_bytes(self._marker_name))
            content = self._store.read_bytes(self._slot_name(marker["slot"]))
        except (DatasetNotFound, ValueError, KeyError):
            return None
        if marker.get("digest") != self._digest or hashlib.sha256(content).hexdigest() != marker.get("sha256"):
            return None
        return marker, load(content)


def _optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {
        f"{_OPTIMISER}{index}.{key}": value.detach().cpu().contiguous()
        for index, values in state.items()
        for key, value in values.items()
    }


def _restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(_OPTIMISER):
            index, key = name.removeprefix(_OPTIMISER).split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

"""`--cascade PRESET|FILE` and the ValidationRun of `plan`: YAML or JSON into the types of the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from synthos_api.errors import DatasetNotFound, UsageError
from synthos_api.presets import PRESETS
from synthos_api.v1alpha1 import CascadeSpec, Preset

_GPU_DEVICES: Final = ("nvidia[0-9]*", "dxg", "kfd")
"""NVIDIA's driver, Windows' subsystem for Linux, AMD's driver."""


def cascade_of(option: str | None) -> CascadeSpec:
    """The cascade that the option names; without one, by whether this machine has a GPU."""
    if option is None:
        return CascadeSpec(preset=_preset_of_this_machine())
    for preset in PRESETS:
        if option == preset:
            return CascadeSpec(preset=preset)
    if not Path(option).is_file():
        raise UsageError(f"--cascade is neither a preset ({', '.join(PRESETS)}) nor a file: {option}")
    return checked_cascade(read_document(option), option)


def checked_cascade(content: Any, place: str) -> CascadeSpec:
    """The cascade in a document, with the checks that the API server makes by rules."""
    try:
        cascade = CascadeSpec.model_validate(content, extra="forbid")
    except ValidationError as error:
        raise UsageError(first_problem(error)).at(place) from error
    if cascade.preset and cascade.tiers:
        raise UsageError("give either preset or tiers, not both").at(place)
    numbers = [tier.tier for tier in cascade.tiers or []]
    if len(set(numbers)) < len(numbers):
        raise UsageError("each tier number may occur once").at(place)
    return cascade


def read_document(path: str) -> Any:
    """The content of a YAML or JSON file (JSON is YAML)."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DatasetNotFound("does not exist").at(path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}").at(path) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise UsageError(f"is no YAML{line}").at(path) from error


def first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _preset_of_this_machine() -> Preset:
    # Without a device file there is no GPU, and the answer does not wait for PyTorch to load.
    if not any(found for pattern in _GPU_DEVICES for found in Path("/dev").glob(pattern)):
        return "nano"
    import torch

    return "synthos-18" if torch.cuda.is_available() else "nano"

"""Whatever a pod may tell is bounded, so that it goes into the status and into the messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from synthos_api.phases import PhaseOutcome
from synthos_api.progress import Progress
from synthos_api.results import ModelResult

NARROW = 2**53 - 1


def integers(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every integer in a JSON schema, with its place."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer":
            yield path, schema
        for key, value in schema.items():
            yield from integers(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from integers(value, f"{path}/{number}")


@pytest.mark.parametrize("kind", [Progress, PhaseOutcome])
def test_every_integer_that_comes_from_a_pod_has_bounds(kind: type[Progress | PhaseOutcome]) -> None:
    found = list(integers(kind.model_json_schema()))
    assert len(found) > 5
    unbounded = [path for path, schema in found if schema.get("maximum", 2**63) > NARROW or "minimum" not in schema]
    assert unbounded == []


@pytest.mark.parametrize("index", [-1, 2**31])
def test_indices_of_gpus_are_bounded_too(index: int) -> None:
    with pytest.raises(ValidationError):
        Progress.model_validate({"phase": "Cascade", "gpu_utilization": {index: 1.0}})


def test_an_epoch_beyond_int32_is_refused() -> None:
    with pytest.raises(ValidationError):
        ModelResult(tier=1, variant=1, model_size=1, convergence_epoch=2**31)

"""Small cascades and waiting, shared by the end-to-end tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Object = dict[str, Any]


def tier(number: int, gpus: int, *, steps: int = 3, variants: int = 1) -> Object:
    """A tier that trains for a moment: enough to go through every joint, too little to judge by."""
    return {
        "tier": number,
        "modelSize": 30_000,
        "variants": variants,
        "trainingRows": 500,
        "batchSize": 4,
        "contextLength": 64,
        "steps": steps,
        "gpus": gpus,
    }


def small_cascade(*, steps: int = 3, variants: int = 1) -> Object:
    tiers = [tier(n, gpus, steps=steps, variants=variants) for n, gpus in ((1, 2), (2, 3), (3, 4))]
    return {"tiers": tiers, "vocabSize": 256}


def eventually(holds: Callable[[], object], seconds: float, what: str) -> Any:
    """The first true value of `holds`; AssertionError when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.3)

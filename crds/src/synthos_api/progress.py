"""What a training pod answers to `GET /progress`; small, bounded, validated by the operator."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .errors import ErrorInfo
from .results import Count, ModelResult, Result, ShortText

PROGRESS_PORT = 8080
PROGRESS_PATH = "/progress"
MAX_PROGRESS_BYTES = 256 * 1024

PhaseName = Literal["Profile", "Cascade", "Verdict"]
ProgressState = Literal["pending", "training", "stalled", "done"]


class Progress(Result):
    """Progress of one pod. `percent` is by planned FLOPs (or rows, or steps) and never goes back."""

    phase: PhaseName
    state: ProgressState = "pending"
    step: ShortText = Field(default="", description="What is being done, in words.")
    tier: int | None = Field(default=None, ge=1, le=3)
    variant: int | None = Field(default=None, ge=1, le=1000)
    models_completed: Count = 0
    models_total: Count = 0
    percent: float = Field(default=0, ge=0, le=100)
    loss: float | None = Field(default=None, description="Current training loss, bits per byte.")
    gpu_utilization: dict[Count, float] = Field(default={}, max_length=64, description="Percent by GPU index.")
    eta_seconds: float | None = Field(default=None, ge=0)
    results: list[ModelResult] = Field(default=[], max_length=64, description="Models finished so far.")
    error: ErrorInfo | None = None

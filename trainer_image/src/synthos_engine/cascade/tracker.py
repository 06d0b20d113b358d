"""Progress of a tier while its models train, possibly several at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from synthos_api.progress import Progress
from synthos_api.results import ModelResult
from synthos_engine.context import PhaseContext

REPORT_SECONDS = 0.5


class TierTracker:
    """Percent by planned steps of all models, twins included; never goes back. Thread-safe."""

    def __init__(self, context: PhaseContext, tier: int, variants: int, steps_per_variant: int) -> None:
        self._context, self._tier, self._variants = context, tier, variants
        self._planned = variants * steps_per_variant
        self._steps_per_variant = steps_per_variant
        self._lock = threading.Lock()
        self._done: dict[int, int] = {}
        self._results: dict[int, ModelResult] = {}
        self._percent = 0.0
        self._began: tuple[float, float] | None = None
        self._reported = 0.0

    def on_step(self, variant: int, offset: int, words: str) -> Callable[[int, float], None]:
        """For the training loop; `offset` is the steps of the variant's models before this one."""

        def step(steps: int, loss: float) -> None:
            self._context.check()
            with self._lock:
                self._done[variant] = max(self._done.get(variant, 0), offset + steps)
                now = time.monotonic()
                if now - self._reported >= REPORT_SECONDS:
                    self._reported = now
                    self._report(words, variant, loss)

        return step

    def finished(self, result: ModelResult) -> None:
        with self._lock:
            self._results[result.variant] = result
            self._done[result.variant] = self._steps_per_variant
            self._report(f"variant {result.variant} finished", result.variant, result.training_loss)

    def say(self, words: str) -> None:
        with self._lock:
            self._report(words, None, None)

    def end(self) -> None:
        with self._lock:
            self._percent = 100.0
            self._report("trained", None, None, state="done")

    def _report(self, words: str, variant: int | None, loss: float | None, state: str = "training") -> None:
        self._percent = max(self._percent, min(100.0, 100.0 * sum(self._done.values()) / self._planned))
        self._context.report(
            Progress.model_validate(
                {
                    "phase": "Cascade",
                    "state": state,
                    "step": words,
                    "tier": self._tier,
                    "variant": variant,
                    "models_completed": len(self._results),
                    "models_total": self._variants,
                    "percent": self._percent,
                    "loss": loss,
                    "eta_seconds": self._eta(),
                    "results": [self._results[v] for v in sorted(self._results)],
                }
            )
        )

    def _eta(self) -> float | None:
        """From the pace of this attempt alone: what an earlier one did took no time now."""
        now = time.monotonic()
        if self._began is None:
            self._began = (now, self._percent)
        began, from_percent = self._began
        gained = self._percent - from_percent
        return (now - began) * (100.0 - self._percent) / gained if gained > 0 else None

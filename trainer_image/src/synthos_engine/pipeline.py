"""The phases in order; a pod and the command line call the same functions.

`run_phase` is resumable: a phase whose result artifact exists for the same configuration returns it
again without work. The artifact's layout stands in data/artifacts.py.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from synthos_api.errors import UsageError
from synthos_api.ladder import check_trainable
from synthos_api.phases import (
    PROFILE_RESULT,
    REFERENCE_SAMPLE,
    SAMPLE,
    VERDICT_RESULT,
    PhaseConfig,
    PhaseOutcome,
    tier_result,
)
from synthos_api.progress import Progress
from synthos_api.v1alpha1 import DatasetRef

from .context import PhaseContext
from .data import DatasetLoader
from .data.artifacts import finished_outcome, write_outcome
from .profile import Profile, prescreen, profile_dataset
from .profile.extract import draw_sample, sample_schema
from .profile.schemas import common_schemas

Extra = dict[str, Any]
MOST_STRATA: Final = 64
"""Of which the artifact tells in words what they are: the largest."""
REFERENCE_SEED_STEP: Final = 1
"""The reference is sampled with another seed than the candidate, else equal rows would be paired by number."""


def result_name(config: PhaseConfig) -> str:
    """Where the phase's result artifact lies. Raises UsageError for a cascade without a known tier."""
    if config.phase == "Profile":
        return PROFILE_RESULT
    if config.phase == "Verdict":
        return VERDICT_RESULT
    if config.tier is None or config.tier not in {tier.tier for tier in config.tiers}:
        raise UsageError(f"phase Cascade needs the number of one of its tiers, not {config.tier}")
    return tier_result(config.tier)


def run_phase(context: PhaseContext) -> PhaseOutcome:
    """Run the phase of `context.config`, or find it done; write its artifact and return its outcome.

    Raises SynthosError, and Preempted when asked to stop.
    """
    name = result_name(context.config)
    done = finished_outcome(context.store, name, context.config)
    if done is not None:
        context.report(Progress(phase=context.config.phase, state="done", percent=100, step="done before"))
        return done
    started = time.monotonic()
    outcome, extra = _PHASES[context.config.phase](context)
    extra["seconds"] = round(time.monotonic() - started, 3)
    return write_outcome(context.store, name, context.config, outcome, extra)


def _run_cascade(context: PhaseContext) -> tuple[PhaseOutcome, Extra]:
    # Here and not above: it loads PyTorch, which the profile does without.
    from .cascade.tier import run_tier

    return PhaseOutcome(tier=run_tier(context)), {}


def _run_verdict(context: PhaseContext) -> tuple[PhaseOutcome, Extra]:
    from .cascade.judge import run_verdict

    return PhaseOutcome(verdict=run_verdict(context)), {}


def run_profile(context: PhaseContext) -> tuple[PhaseOutcome, Extra]:
    """Phases 2 and 3 of the candidate, and the reference's sample; SAMPLE and REFERENCE_SAMPLE are written.

    The second value is what the artifact keeps beyond the outcome: each column's summary, the
    reference's profile, and the rows of each stratum.
    """
    config, loader = context.config, DatasetLoader()
    check_trainable(config.architecture, config.tiers)
    progress = _RowProgress(context)
    progress.step("reading the dataset's schema")
    # Every input is looked at before long work on any of them begins.
    schema = sample_schema(loader.schema(config.dataset.uri, config.dataset.format))
    reference_schema = None
    progress.expect(_passes(loader, config.dataset, config.sample_rows))
    if config.reference is not None:
        progress.step("reading the reference's schema")
        theirs = loader.schema(config.reference.uri, config.reference.format)
        schema, reference_schema = common_schemas(schema, theirs, config.reference.uri)
        progress.expect(_passes(loader, config.reference, config.sample_rows))
    with tempfile.TemporaryDirectory(prefix="synthos-") as folder:
        work = _Work(context, loader, progress, Path(folder))
        profile, extra = work.profile_and_sample(config.dataset, SAMPLE, schema, config.seed, "dataset")
        if config.reference is not None:
            seed = config.seed + REFERENCE_SEED_STEP
            theirs_profile, theirs_extra = work.profile_and_sample(
                config.reference, REFERENCE_SAMPLE, reference_schema, seed, "reference"
            )
            extra["reference"] = {"profile": theirs_profile.result.model_dump(mode="json"), **theirs_extra}
    result = profile.result
    screened = prescreen(result)
    context.report(Progress(phase="Profile", state="done", percent=100, step="profiled"))
    return PhaseOutcome(profile=result, pre_screen=screened), extra


@dataclass(frozen=True)
class _Work:
    context: PhaseContext
    loader: DatasetLoader
    progress: _RowProgress
    folder: Path

    def profile_and_sample(
        self, dataset: DatasetRef, artifact: str, schema: pa.Schema | None, seed: int, words: str
    ) -> tuple[Profile, Extra]:
        self.progress.step(f"profiling the {words}")
        profile = profile_dataset(self.loader, dataset, seed=seed, on_rows=self.progress.rows)
        self.progress.step(f"sampling the {words}")
        path = self.folder / "sample.parquet"
        drawn = draw_sample(
            self.loader,
            dataset,
            profile,
            rows=self.context.config.sample_rows,
            seed=seed,
            path=path,
            schema=schema,
            on_rows=self.progress.rows,
        )
        self.progress.step(f"storing the {words}'s sample")
        self.context.store.write_file(artifact, path)
        result = profile.result.model_copy(
            update={
                "sample_uri": self.context.store.uri(artifact),
                "sample_rows": drawn.rows,
                "sampling_confidence": drawn.confidence,
            }
        )
        extra = {
            "columns": [asdict(column) for column in profile.columns],
            "details": profile.details,
            "strata": drawn.strata,
            "strata_table": [asdict(row) for row in drawn.table[:MOST_STRATA]],
        }
        return replace(profile, result=result), extra


def _passes(loader: DatasetLoader, dataset: DatasetRef, sample_rows: int) -> int:
    """Rows that will be read: profile and extraction, and the assignment of strata where not all rows are kept."""
    total = loader.get_metadata(dataset.uri, dataset.format).total_rows
    return total * (3 if sample_rows < total else 2)


@dataclass
class _RowProgress:
    """Progress of a phase that reads rows: percent of all rows to be read, over all passes."""

    context: PhaseContext
    total: int = 0
    passed: int = 0
    words: str = ""
    started: float = field(default_factory=time.monotonic)
    _last: int = 0

    def expect(self, rows: int) -> None:
        self.total += rows

    def step(self, words: str) -> None:
        self.words = words
        self._last = 0
        self._report()

    def rows(self, done: int, _all: int) -> None:
        """`done` rows of the current pass are read; a number that falls begins the next pass."""
        self.passed += done - self._last if done > self._last else done
        self._last = done
        self._report()

    def _report(self) -> None:
        self.context.check()
        share = min(1.0, self.passed / self.total) if self.total else 0.0
        elapsed = time.monotonic() - self.started
        eta = elapsed * (1 - share) / share if share > 0 else None
        self.context.report(
            Progress(phase="Profile", state="training", step=self.words, percent=100 * share, eta_seconds=eta)
        )


_PHASES: Final[dict[str, Callable[[PhaseContext], tuple[PhaseOutcome, Extra]]]] = {
    "Profile": run_profile,
    "Cascade": _run_cascade,
    "Verdict": _run_verdict,
}

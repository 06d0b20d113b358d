"""Phases 4b to 6: read the tiers' results, judge them, write verdict.json and report.html."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.errors import DatasetNotFound, InternalError
from synthos_api.phases import (
    PROFILE_RESULT,
    REFERENCE_SAMPLE,
    REPORT,
    SAMPLE,
    VERDICT_DOCUMENT,
    PhaseConfig,
    tier_result,
)
from synthos_api.presets import PRESETS
from synthos_api.progress import Progress
from synthos_api.results import Judgement, ModelResult, TierResult, VerdictDocument, VerdictResult
from synthos_engine.context import PhaseContext, Store
from synthos_engine.data.artifacts import read_extra, read_outcome
from synthos_engine.dimensions import Dimensions, collapse_type, measure_dimensions
from synthos_engine.report import render
from synthos_engine.verdict import judge
from synthos_engine.verdict.effect import FirstRung
from synthos_engine.verdict.mechanism import REPEATED_BOUND
from synthos_engine.verdict.novelty import Novelty, measure_novelty
from synthos_engine.version import engine_version

from .first_rung import climb
from .material import Rows, load_samples, split
from .tier import read_plan

NOVELTY_BYTES: Final = 500_000
"""Text in which words are counted, of each side."""
NOVELTY_NULLS: Final = 3
SHOWN_REPETITION: Final = 0.02
"""Surplus of repeated rows over the reference's in equal samples that is no accident."""


def run_verdict(context: PhaseContext) -> VerdictResult:
    """Judge the run whose tiers lie in the store.

    Raises DatasetNotFound when a tier's result is missing.
    """
    started = time.monotonic()
    config = context.config
    _report(context, "reading the tiers' results", 0)
    tiers = [_tier(context.store, tier.tier) for tier in config.tiers]
    models = [model for tier in tiers for model in tier.models]
    context.check()
    _report(context, "comparing candidate and reference", 20)
    judgement, facts = _judge(context, models)
    context.check()
    timings = _timings(context.store, config) | {"verdict": round(time.monotonic() - started, 3)}
    document = VerdictDocument(
        **judgement.model_dump(),
        dataset=_dataset(context.store, config) | facts,
        cascade=_cascade(context, models),
        engine_version=engine_version(),
        seed=config.seed,
        timings=timings,
    )
    _report(context, "writing the report", 70)
    content = document.model_dump_json(indent=1, exclude={"combined_impact"}).encode()
    context.store.write_bytes(REPORT, render(document, models).encode())
    context.store.write_bytes(VERDICT_DOCUMENT, content)
    _report(context, "judged", 100)
    return VerdictResult(
        judgement=judgement,
        verdict_uri=context.store.uri(VERDICT_DOCUMENT),
        report_uri=context.store.uri(REPORT),
    )


def _tier(store: Store, tier: int) -> TierResult:
    result = read_outcome(store, tier_result(tier)).tier
    if result is None:
        raise InternalError("holds no result of a tier").at(store.uri(tier_result(tier)))
    return result


def _judge(context: PhaseContext, models: Sequence[ModelResult]) -> tuple[Judgement, dict[str, object]]:
    """The judgement, and what was counted for it."""
    config = context.config
    if config.reference is None:
        return judge(models, with_reference=False), {}
    shares = {tier.tier: read_plan(context, tier.tier).reference_share for tier in config.tiers}
    candidate, reference = load_samples(context.store, config)
    if reference is None:
        raise InternalError("the reference's sample is missing")
    equal = min(len(candidate.texts), len(reference.texts))
    own, theirs = (rows.repeated_share(equal, config.seed) for rows in (candidate, reference))
    all_own, all_theirs = repeated_in_full(context.store)
    # Rows of few possible values repeat ever more the more there are; only what shows at equal numbers is odd.
    unseen = max(0.0, all_own - own) if all_own is not None and own - theirs > SHOWN_REPETITION else 0.0
    repeated = own - theirs + unseen
    novelty = compare_words(candidate, reference, config.seed)
    dimensions = _dimensions(context.store, config.seed)
    judgement = judge(
        models,
        with_reference=True,
        reference_share=shares,
        repeated=repeated,
        unseen_repetition=unseen,
        novelty=novelty,
        first_rung=_first_rung(config, candidate, reference, read_plan(context, config.tiers[-1].tier).training_bytes),
        dimensions=dimensions.scores,
        collapse_type=collapse_type(dimensions, duplicated=repeated > REPEATED_BOUND),
    )
    facts: dict[str, object] = {
        "repeated_rows_percentage": _percentage(all_own),
        "reference_repeated_rows_percentage": _percentage(all_theirs),
        "repeated_rows_of_the_sample_percentage": _percentage(own),
        "reference_repeated_rows_of_the_sample_percentage": _percentage(theirs),
        "dimension_statistics": {name: found.facts() for name, found in dimensions.statistics.items()},
    }
    if novelty is not None:
        facts |= {
            "new_words_percentage": round(100 * novelty.novel, 2),
            "new_words_percentage_between_reference_draws": round(100 * novelty.null_novel, 2),
        }
    return judgement, facts


def _first_rung(config: PhaseConfig, candidate: Rows, reference: Rows, size: int) -> FirstRung | None:
    """On the last tier's holdout and with models of its size, so that the rungs can be compared."""
    return climb(split(candidate, reference, config, config.tiers[-1].sequence_length), size, config.seed)


def _dimensions(store: Store, seed: int) -> Dimensions:
    """Of the samples, which were read as rows of text before, so that they are known to be whole."""
    candidate, reference = (pq.read_table(pa.BufferReader(store.read_bytes(n))) for n in (SAMPLE, REFERENCE_SAMPLE))
    return measure_dimensions(candidate, reference, seed)


def repeated_in_full(store: Store) -> tuple[float | None, float | None]:
    """Share of all rows of the dataset, and of the reference, that repeat an earlier one; None where not profiled."""
    try:
        profile = read_outcome(store, PROFILE_RESULT).profile
    except DatasetNotFound:
        return None, None
    theirs = read_extra(store, PROFILE_RESULT).get("reference", {}).get("profile", {})
    own = profile.duplicate_row_percentage if profile is not None else None
    return _share(own), _share(theirs.get("duplicate_row_percentage"))


def _share(percentage: float | None) -> float | None:
    return None if percentage is None else percentage / 100


def _percentage(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def compare_words(candidate: Rows, reference: Rows, seed: int) -> Novelty | None:
    """Novelty of the candidate against half of the reference; the null are draws from the other half."""
    rng = np.random.default_rng((seed, 4))
    order = rng.permutation(len(reference.texts))
    size = min(NOVELTY_BYTES, candidate.size, reference.size // 2)
    known = _take(reference, order, size)
    rest = order[len(known) :]
    others = [_take(reference, rng.permutation(rest), size) for _ in range(NOVELTY_NULLS)]
    return measure_novelty(_take(candidate, rng.permutation(len(candidate.texts)), size), known, others)


def _take(rows: Rows, order: np.ndarray, size: int) -> list[bytes]:
    """Whole rows in this order up to about `size` bytes."""
    lengths = np.array([len(rows.texts[i]) for i in order])
    used = int(np.searchsorted(np.cumsum(lengths), size)) + 1
    return [rows.texts[i] for i in order[:used]]


def _dataset(store: Store, config: PhaseConfig) -> dict[str, object]:
    facts: dict[str, object] = {"uri": config.dataset.uri}
    if config.reference is not None:
        facts["reference_uri"] = config.reference.uri
    try:
        profile = read_outcome(store, PROFILE_RESULT).profile
    except DatasetNotFound:
        return facts
    if profile is not None:
        facts |= {
            "format": profile.format,
            "total_rows": profile.total_rows,
            "columns": profile.columns,
            "size_bytes": profile.size_bytes,
            "sample_rows": profile.sample_rows,
        }
    return facts


def _cascade(context: PhaseContext, models: Sequence[ModelResult]) -> dict[str, object]:
    config = context.config
    facts: dict[str, object] = {"architecture": config.architecture, "models": len(models), "tokens": "bytes"}
    preset = next((name for name, tiers in PRESETS.items() if tiers == config.tiers), None)
    if preset is not None:
        facts["preset"] = preset
    else:
        facts["tiers"] = [tier.model_dump(mode="json", by_alias=True, exclude_none=True) for tier in config.tiers]
    for tier in config.tiers:
        size = next((m.model_size for m in models if m.tier == tier.tier), tier.model_size)
        plan = read_plan(context, tier.tier)
        words = f"{tier.variants} models of {size:,} parameters on {plan.training_bytes:,} bytes"
        facts[f"tier_{tier.tier}"] = words
    return facts


def _timings(store: Store, config: PhaseConfig) -> dict[str, float]:
    """Seconds of the phases before this one, where their artifacts tell."""
    names = {"profile": PROFILE_RESULT} | {f"tier {t.tier}": tier_result(t.tier) for t in config.tiers}
    timings = {}
    for phase, name in names.items():
        if store.exists(name) and "seconds" in (extra := read_extra(store, name)):
            timings[phase] = float(extra["seconds"])
    return timings


def _report(context: PhaseContext, words: str, percent: float) -> None:
    state = "done" if percent >= 100 else "training"
    context.report(Progress.model_validate({"phase": "Verdict", "state": state, "step": words, "percent": percent}))

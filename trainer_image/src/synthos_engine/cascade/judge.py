"""Phases 4b to 6: read the tiers' results, judge them, write verdict.json and report.html."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

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
from synthos_engine.alone import assess
from synthos_engine.context import PhaseContext, Store
from synthos_engine.data.artifacts import read_extra, read_outcome
from synthos_engine.dimensions import collapse_type, measure_dimensions
from synthos_engine.report import render
from synthos_engine.train.threads import use_threads
from synthos_engine.verdict import judge
from synthos_engine.verdict.mechanism import REPEATED_BOUND
from synthos_engine.version import engine_version

from .evidence import evidence_of
from .material import load_samples, load_table, split
from .root_causes import find_root_causes
from .tier import read_plan


def run_verdict(context: PhaseContext) -> VerdictResult:
    """Judge the run whose tiers lie in the store.

    Raises DatasetNotFound when a tier's result is missing.
    """
    started = time.monotonic()
    config = context.config
    use_threads()
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
    context.store.write_bytes(REPORT, render(document, models, _profile(context.store)).encode())
    context.store.write_bytes(VERDICT_DOCUMENT, content)
    _report(context, "judged", 100)
    return VerdictResult(
        judgement=judgement,
        verdict_uri=context.store.uri(VERDICT_DOCUMENT),
        report_uri=context.store.uri(REPORT),
    )


def _profile(store: Store) -> dict[str, Any]:
    """What the profile keeps beyond its outcome, nothing where there is no profile."""
    return read_extra(store, PROFILE_RESULT) if store.exists(PROFILE_RESULT) else {}


def _tier(store: Store, tier: int) -> TierResult:
    result = read_outcome(store, tier_result(tier)).tier
    if result is None:
        raise InternalError("holds no result of a tier").at(store.uri(tier_result(tier)))
    return result


def _judge(context: PhaseContext, models: Sequence[ModelResult]) -> tuple[Judgement, dict[str, object]]:
    """The judgement, and what was counted for it."""
    config = context.config
    if config.reference is None:
        return judge(models, with_reference=False, suspicion=assess(load_table(context.store, SAMPLE), config.seed)), {}
    evidence = evidence_of(context, *load_samples(context.store, config))
    if evidence is None:
        raise InternalError("the reference's sample is missing")
    shares = {tier.tier: read_plan(context, tier.tier).reference_share for tier in config.tiers}
    known = evidence.for_judge()
    candidate, reference = (load_table(context.store, name) for name in (SAMPLE, REFERENCE_SAMPLE))
    dimensions = measure_dimensions(candidate, reference, config.seed)
    judgement = judge(
        models,
        with_reference=True,
        reference_share=shares,
        dimensions=dimensions.scores,
        collapse_type=collapse_type(dimensions, duplicated=known["repeated"] > REPEATED_BOUND),
        **known,
    )
    if judgement.verdict == "collapse":
        _report(context, "dividing the effect between its causes", 50)
        material = split(*load_samples(context.store, config), config, config.tiers[-1].sequence_length)
        causes = find_root_causes(material, (candidate, reference), config.seed)
        judgement = judgement.model_copy(update={"root_causes": causes})
    repetition, novelty, new = evidence.repetition, evidence.novelty, evidence.new_values
    facts: dict[str, object] = {
        "repeated_rows_percentage": _percentage(repetition.all_own),
        "reference_repeated_rows_percentage": _percentage(repetition.all_reference),
        "repeated_rows_of_the_sample_percentage": _percentage(repetition.own),
        "reference_repeated_rows_of_the_sample_percentage": _percentage(repetition.reference),
        "dimension_statistics": {name: found.facts() for name, found in dimensions.statistics.items()},
    }
    if novelty is not None:
        facts |= {
            "new_words_percentage": round(100 * novelty.novel, 2),
            "new_words_percentage_between_reference_draws": round(100 * novelty.null_novel, 2),
        }
    if new is not None and new.share > 0:
        facts |= {"column_with_most_new_values": new.column, "its_new_values_percentage": _percentage(new.share)}
    if evidence.hanging is not None:
        facts["hanging_windows_percentage_beyond_the_reference"] = _percentage(evidence.hanging)
    return judgement, facts


def _percentage(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


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
        trained = sum(model.tier == tier.tier for model in models)
        count = f"{trained}" if trained == tier.variants else f"{trained} of {tier.variants}"
        words = f"{count} models of {size:,} parameters on {plan.training_bytes:,} bytes"
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

"""Progress of a tier from its pod, and of the run from its tiers. Percentages never go back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from synthos_api.cost import planned_flops, progress_percent
from synthos_api.progress import Progress
from synthos_api.results import ModelResult
from synthos_api.v1alpha1 import RunProgress, TierProgress, TierSpec

from .situation import Situation
from .steps import Step
from .times import parse_or_none, stamp

_MAX_ETA_SECONDS = 10 * 365 * 86_400
"""An estimate beyond ten years is none, and dates soon end beyond it."""

_DIGITS = 6
"""Decimals of a loss in status: enough for reading, few enough not to change for nothing."""


def tier_results(step: Step) -> list[ModelResult]:
    """Models finished so far. What was already seen of one in more detail is kept.

    The termination message of a tier with many models has less detail than the progress before it, and
    where even that did not fit, no models at all. Only models that the tier has are believed: one more
    than the schema allows, and the API server would refuse every further status.
    """
    before = {model.variant: model for model in (step.tier.status.results if step.tier else [])}
    told: Sequence[ModelResult] = ()
    if step.outcome is not None and step.outcome.tier is not None:
        told = step.outcome.tier.models
    elif (progress := pulled(step)) is not None:
        told = progress.results
    ours = [model for model in told if model.tier == step.number and _is_variant(step, model.variant)]
    merged = before | {model.variant: _fuller(model, before.get(model.variant)) for model in ours}
    return [merged[variant] for variant in sorted(merged)]


def _is_variant(step: Step, number: int) -> bool:
    return step.spec is not None and 1 <= number <= step.spec.variants


def _fuller(model: ModelResult, before: ModelResult | None) -> ModelResult:
    if before is None:
        return model
    update: dict[str, object] = {
        "spectral_metrics": model.spectral_metrics or before.spectral_metrics,
        "gradient_stats": model.gradient_stats or before.gradient_stats,
    }
    if len(before.loss_curve) > len(model.loss_curve):
        update |= {"loss_curve": before.loss_curve, "reference_loss_curve": before.reference_loss_curve}
    return model.model_copy(update=update)


def pulled(step: Step) -> Progress | None:
    """The newest valid answer of the step's running pod, if it speaks of this step at all."""
    report = step.report
    if report is None or report.progress is None or step.attempt.state != "Running":
        return None
    progress = report.progress
    return progress if progress.phase == step.phase and progress.tier in (None, step.number) else None


def is_stalled(step: Step, now: datetime, after_seconds: float) -> str:
    """Why a running pod counts as stalled; empty when it does not."""
    if step.attempt.state != "Running" or step.report is None:
        return ""
    progress = pulled(step)
    if progress is not None and progress.state == "stalled":
        return f"the pod reports no progress: {progress.step}".rstrip(": ")
    since = step.report.answered_at or step.report.asked_since
    silent = (now - since).total_seconds()
    if silent < after_seconds:
        return ""
    return f"no valid progress from the pod since {stamp(since)}: {step.report.problem or 'no answer'}"


def tier_progress(step: Step, results: Sequence[ModelResult], stalled: bool, now: datetime) -> TierProgress:
    """What the tier's status says; without news from the pod, what it said before."""
    before = step.tier.status.progress if step.tier else TierProgress()
    total = step.spec.variants if step.spec else 0
    if step.succeeded:
        done = before.model_copy(
            update={"models_completed": total, "models_total": total, "percent": 100.0, "state": "done"}
        )
        return done.model_copy(update={"eta_seconds": 0.0, "gpu_utilization": {}, "step": ""})
    progress = pulled(step)
    if progress is None:
        state = "stalled" if stalled else "training" if step.attempt.state == "Running" else "pending"
        after = before.model_copy(
            update={"models_total": total, "models_completed": max(before.models_completed, len(results))}
        )
        if state != "training":
            after = after.model_copy(update={"gpu_utilization": {}, "eta_seconds": None})
        return after.model_copy(update={"state": state})
    variant = progress.variant
    after = TierProgress(
        current_variant=variant if variant and _is_variant(step, variant) else before.current_variant,
        models_completed=min(total, max(before.models_completed, progress.models_completed, len(results))),
        models_total=total,
        percent=round(max(before.percent, min(progress.percent, 100.0)), 2),
        loss=before.loss if progress.loss is None else round(progress.loss, _DIGITS),
        gpu_utilization={str(gpu): round(value, 1) for gpu, value in progress.gpu_utilization.items()},
        eta_seconds=None if progress.eta_seconds is None else float(round(progress.eta_seconds)),
        state="stalled" if stalled else "training",
        step=progress.step,
        observed_at=before.observed_at,
    )
    return after if after == before else after.model_copy(update={"observed_at": stamp(now)})


def run_progress(situation: Situation, steps: Sequence[Step], tiers: Sequence[TierProgress]) -> RunProgress:
    """Roll-up: percent of the cascade's planned FLOPs; for a run that stops before it, of the profile."""
    status = situation.observed.run.status
    before = RunProgress() if situation.reopened else status.progress
    current = next((step for step in steps if not step.succeeded and step.phase == "Cascade"), None)
    with_cascade = len(situation.needed) > 1
    if not with_cascade:
        return _of_profile(steps[0], before)
    shown = [step for step in steps if step.spec is not None]
    specs = [step.spec for step in shown if step.spec is not None]
    percent = progress_percent(specs, {spec.tier: tier.percent / 100 for spec, tier in zip(specs, tiers, strict=True)})
    here = next((tier for step, tier in zip(shown, tiers, strict=True) if step is current), None)
    if here is None:  # all trained: the last one is still what was seen last
        here = tiers[-1]
        current = shown[-1]
    started = steps[0].succeeded
    eta = cascade_eta(specs, tiers)
    after = RunProgress(
        current_tier=(current.number or 0) if started and current else 0,
        current_variant=here.current_variant,
        models_completed=sum(tier.models_completed for tier in tiers),
        models_total=sum(spec.variants for spec in specs),
        progress_percent=round(max(before.progress_percent, percent), 2),
        current_loss=here.loss if here.loss is not None else before.current_loss,
        gpu_utilization=here.gpu_utilization,
        eta_seconds=eta,
        estimated_completion=before.estimated_completion,
        state="done" if all(step.succeeded for step in shown) else here.state,
    )
    return _with_completion(after, before, situation.now)


def _of_profile(step: Step, before: RunProgress) -> RunProgress:
    progress = pulled(step)
    percent = 100.0 if step.succeeded else progress.percent if progress else before.progress_percent
    state = "done" if step.succeeded else "training" if step.attempt.state == "Running" else "pending"
    return before.model_copy(
        update={"progress_percent": round(max(before.progress_percent, percent), 2), "state": state}
    )


def cascade_eta(specs: Sequence[TierSpec], tiers: Sequence[TierProgress]) -> float | None:
    """Seconds until the cascade ends, if the rest runs at the present tier's FLOPs per second.

    None while no tier tells its own remaining time (no rate, no estimate), or one that cannot be meant.
    """
    work = [planned_flops(spec) * (1 - tier.percent / 100) for spec, tier in zip(specs, tiers, strict=True)]
    if sum(work) <= 0:
        return 0.0
    for rest, tier in zip(work, tiers, strict=True):
        if rest > 0 and tier.eta_seconds:
            seconds = tier.eta_seconds * sum(work) / rest
            return float(round(seconds)) if seconds <= _MAX_ETA_SECONDS else None
        if rest > 0:
            return None
    return None


def _with_completion(after: RunProgress, before: RunProgress, now: datetime) -> RunProgress:
    """Move the estimated completion only when something else moved: time alone is no news."""
    if after.eta_seconds is None or after.state == "done":
        return after.model_copy(update={"estimated_completion": None})
    if after == before and parse_or_none(before.estimated_completion):
        return after
    return after.model_copy(update={"estimated_completion": stamp(now + timedelta(seconds=after.eta_seconds))})

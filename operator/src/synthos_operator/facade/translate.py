"""Status to messages. Pure; what was not computed stays unset.

docs/facade.md lists how a client tells "not computed" from zero; keep the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from synthos_api import results as api
from synthos_api.cost import progress_percent
from synthos_api.errors import MAX_MESSAGE_CHARS, DataError, ErrorInfo, SynthosError, to_info
from synthos_api.presets import tiers_of
from synthos_api.v1alpha1 import CascadeTierStatus, RunPhase

from .objects import Snapshot, TierObject
from .pb import validation_pb2 as pb

CASCADE_OVER: Final[frozenset[RunPhase]] = frozenset({"Judging", "Complete", "Failed", "Cancelled"})
_MIN_RETRY_SECONDS: Final = 1


def error(info: ErrorInfo | SynthosError) -> pb.ErrorInfo:
    known = to_info(info) if isinstance(info, SynthosError) else info
    wait = max(known.retry_after_seconds, _MIN_RETRY_SECONDS) if known.retryable else 0
    return pb.ErrorInfo(
        code=known.code,
        message=known.message,
        details=known.details,
        retryable=known.retryable,
        retry_after_seconds=wait,
    )


# --- phases 2 and 3 ---------------------------------------------------------------------------


def metrics(found: api.DiversityMetrics) -> pb.DiversityMetrics:
    return pb.DiversityMetrics(
        entropy=found.entropy,
        gini_coefficient=found.gini_coefficient,
        cluster_count=found.cluster_count,
        correlations=[
            pb.CorrelationPair(column_a=c.column_a, column_b=c.column_b, correlation=c.correlation)
            for c in found.correlations
        ],
        rare_pattern_percentage=found.rare_pattern_percentage,
        outlier_percentage=found.outlier_percentage,
    )


def diversity(dataset_id: str, profile: api.ProfileResult) -> pb.DiversityResponse:
    return pb.DiversityResponse(
        dataset_id=dataset_id,
        sample_s3_path=profile.sample_uri,
        metrics=metrics(profile.metrics),
        clusters=[
            pb.Cluster(cluster_id=c.cluster_id, size=c.size, centroid=c.centroid, density=c.density)
            for c in profile.clusters
        ],
        sampling_confidence=profile.sampling_confidence,
    )


def pre_screen(dataset_id: str, found: api.PreScreenResult) -> pb.PreScreenResponse:
    return pb.PreScreenResponse(
        dataset_id=dataset_id,
        pre_risk_score=found.pre_risk_score,
        matches=[
            pb.SignatureMatch(
                signature_id=m.signature_id,
                collapse_type=m.collapse_type,
                similarity=m.similarity,
                historical_outcome=m.historical_outcome,
            )
            for m in found.matches
        ],
        should_proceed=found.should_proceed,
        recommendation=found.recommendation,
    )


# --- phase 4 ----------------------------------------------------------------------------------


def model_result(found: api.ModelResult) -> pb.ModelResult:
    spectral, gradient = found.spectral_metrics, found.gradient_stats
    return pb.ModelResult(
        tier=found.tier,
        variant=found.variant,
        model_size=found.model_size,
        training_loss=found.training_loss,
        validation_loss=found.validation_loss,
        training_time_seconds=found.training_time_seconds,
        convergence_epoch=found.convergence_epoch,
        collapse_detected=found.collapse_detected,
        spectral_metrics=pb.SpectralMetrics(**spectral.model_dump()) if spectral else None,
        gradient_stats=pb.GradientStats(**gradient.model_dump()) if gradient else None,
        loss_curve=found.loss_curve,
    )


def results(snapshot: Snapshot) -> list[api.ModelResult]:
    """Every model finished so far, by tier and variant."""
    found = (result for tier in snapshot.tiers for result in tier.status.results)
    return sorted(found, key=lambda result: (result.tier, result.variant))


def _current(tiers: Iterable[TierObject]) -> TierObject | None:
    """The tier that is being worked on: the first that is not complete, else the last there is."""
    last = None
    for tier in tiers:
        last = tier
        if tier.status.phase != "Complete":
            break
    return last


def _tier_fraction(status: CascadeTierStatus) -> float:
    return 1.0 if status.phase == "Complete" else status.progress.percent / 100


def _state(snapshot: Snapshot, current: TierObject | None) -> str:
    """pending, training, stalled or done, the words of the contract.

    A suspended run is pending: nothing runs, and it goes on by itself. `done` says that nothing
    more comes; whether that is success, `error` tells.
    """
    status = snapshot.run.status
    if status.phase in CASCADE_OVER:
        return "done"
    if status.phase == "Suspended" or current is None or current.status.phase in ("Pending", "Waiting", "Suspended"):
        return "pending"
    state = current.status.progress.state
    return "stalled" if "stalled" in (state, status.progress.state) else "training"


def percent(snapshot: Snapshot) -> float:
    """Percent of the cascade's planned FLOPs; the tiers are fresher than the run's own roll-up."""
    run = snapshot.run
    if run.status.phase in ("Judging", "Complete") and not _stopped_by_pre_screen(snapshot):
        return 100.0
    done = {tier.tier: _tier_fraction(tier.status) for tier in snapshot.tiers}
    return max(run.status.progress.progress_percent, progress_percent(tiers_of(run.spec.cascade), done))


def _gpus(given: dict[str, float]) -> dict[int, float]:
    """Of indices that are some and fit into the message's int32; status may have been written by any hand."""
    return {int(index): load for index, load in given.items() if index.isdecimal() and int(index) <= api.INT32_MAX}


def progress(snapshot: Snapshot) -> pb.CascadeProgress:
    """Where the cascade stands, without a result; `error` only when it has ended in one."""
    run, status = snapshot.run, snapshot.run.status
    overall = status.progress
    current = _current(snapshot.tiers)
    fresh = current.status.progress if current else None
    total = sum(tier.variants for tier in tiers_of(run.spec.cascade))
    finished = sum(max(t.status.progress.models_completed, len(t.status.results)) for t in snapshot.tiers)
    loss = fresh.loss if fresh and fresh.loss is not None else overall.current_loss
    message = pb.CascadeProgress(
        dataset_id=run.dataset_id,
        validation_id=run.validation_id,
        current_tier=current.tier if current else overall.current_tier,
        current_variant=(fresh.current_variant if fresh else 0) or overall.current_variant,
        models_completed=min(total, max(overall.models_completed, finished)),
        models_total=total,
        progress_percent=percent(snapshot),
        current_loss=loss,
        gpu_utilization=_gpus((fresh.gpu_utilization if fresh else {}) or overall.gpu_utilization),
        estimated_completion=overall.estimated_completion,
        cost_usd=status.cost.usd,
        eta_seconds=overall.eta_seconds,
        state=_state(snapshot, current),
    )
    if failed := ended_badly(snapshot):
        message.error.CopyFrom(error(failed))
    return message


def with_result(message: pb.CascadeProgress, result: api.ModelResult) -> pb.CascadeProgress:
    """The message plus one model's result. Never the last of its stream, so neither `done` nor an error."""
    carrying = pb.CascadeProgress()
    carrying.CopyFrom(message)
    carrying.ClearField("error")
    carrying.state = "training" if message.state == "done" else message.state
    carrying.result.CopyFrom(model_result(result))
    return carrying


def ended_badly(snapshot: Snapshot) -> ErrorInfo | None:
    """Why the run ended without what it was for; None while it runs and when it succeeded."""
    run = snapshot.run
    status = run.status
    if status.phase == "Cancelled":
        return ErrorInfo(code=1009, message=f"the run {run.name} was cancelled")
    if status.phase == "Complete" and (stopped := _stopped_by_pre_screen(snapshot)):
        return ErrorInfo(code=DataError.code, message=stopped)
    if status.phase == "Failed":
        return status.error or ErrorInfo(code=5000, message=f"the run {run.name} failed without giving a reason")
    return None


def _stopped_by_pre_screen(snapshot: Snapshot) -> str:
    """Why no cascade was run although one was asked for; empty where that is not so."""
    screened = snapshot.run.status.pre_screen
    if snapshot.run.spec.through == "Profile" or screened is None or screened.should_proceed:
        return ""
    return f"no cascade was run, since it could not change the outcome. {screened.recommendation}"[:MAX_MESSAGE_CHARS]


# --- phases 5 and 6 ---------------------------------------------------------------------------


def predictions(judgement: api.Judgement) -> pb.PredictionResponse:
    """What was predicted; with an error where no risk was measured, as an unset score reads as "no risk"."""
    interval, scaling = judgement.confidence, judgement.scaling
    unjudged = DataError(f"no risk score was measured: {judgement.reason}") if judgement.risk_score is None else None
    return pb.PredictionResponse(
        predicted_accuracy=judgement.predicted_accuracy,
        confidence=pb.ConfidenceInterval(**interval.model_dump()) if interval else None,
        scaling=pb.ScalingLawCoefficients(**scaling.model_dump()) if scaling else None,
        final_risk_score=judgement.risk_score,
        error=error(unjudged) if unjudged else None,
    )


def collapse(judgement: api.Judgement) -> pb.CollapseResponse:
    return pb.CollapseResponse(
        collapse_detected=judgement.verdict == "collapse",
        collapse_type=judgement.collapse_type,
        severity=judgement.severity,
        dimensions=[
            pb.DimensionScore(dimension=d.dimension, score=d.score, threshold=d.threshold, passed=d.passed)
            for d in judgement.dimensions
            if d.score is not None
        ],
        root_causes=[
            pb.RootCause(cause=c.cause, percentage=c.percentage, description=c.description)
            for c in judgement.root_causes
        ],
        verdict=judgement.verdict,
        mechanism=judgement.mechanism,
        reason=judgement.reason,
        collapse_probability=judgement.collapse_probability,
    )


def _not_computed(judgement: api.Judgement, what: str, found: Sequence[object]) -> pb.ErrorInfo | None:
    """Of a collapse, empty lists would read as "nothing is wrong anywhere"; without one they are the answer."""
    if found or judgement.verdict != "collapse":
        return None
    return error(DataError(f"the verdict is collapse, and {what} are not computed by this version"))


def localization(judgement: api.Judgement) -> pb.LocalizationResponse:
    found = [*judgement.regions, *judgement.ablations]
    return pb.LocalizationResponse(
        error=_not_computed(judgement, "regions and ablations", found),
        regions=[pb.ProblematicRegion(**region.model_dump()) for region in judgement.regions],
        ablations=[pb.AblationResult(**ablation.model_dump()) for ablation in judgement.ablations],
    )


def recommendations(judgement: api.Judgement) -> pb.RecommendationResponse:
    combined = judgement.combined_impact
    return pb.RecommendationResponse(
        error=_not_computed(judgement, "recommendations", judgement.recommendations),
        recommendations=[
            pb.Recommendation(
                priority=r.priority,
                category=r.category,
                title=r.title,
                description=r.description,
                impact=pb.Impact(**r.impact.model_dump()) if r.impact else None,
                implementation=pb.Implementation(**r.implementation.model_dump()) if r.implementation else None,
            )
            for r in judgement.recommendations
        ],
        combined_impact=pb.CombinedImpact(**combined.model_dump()) if combined else None,
    )

"""How a phase is handed to a pod, and how the pod tells its end.

Handed over: one environment variable with the PhaseConfig as JSON, so that a Job is complete in
itself and can be created once and never touched again. Told: the exit code (errors.py) and a
termination message of at most 4096 bytes, the kubelet's limit, so that the result reaches the
operator even when the operator was away while the pod ran.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, ValidationError

from .errors import ErrorInfo
from .progress import PhaseName
from .results import MAX_CURVE_POINTS, ModelResult, PreScreenResult, ProfileResult, Result, TierResult, VerdictResult
from .v1alpha1 import Architecture, DatasetRef, TierSpec

CONFIG_ENV = "SYNTHOS_PHASE"
PORT_ENV = "SYNTHOS_PROGRESS_PORT"
"""Port of `/progress`, where it is not the default."""
GRACE_ENV = "SYNTHOS_GRACE_SECONDS"
"""Seconds a phase has for saving its state after SIGTERM; below the pod's own grace period."""
TERMINATION_MESSAGE_BYTES = 4096
MAX_INFLATED_BYTES = 1024 * 1024


class PhaseConfig(Result):
    """Everything a phase needs to know; inputs and outputs are URIs."""

    contract: Literal[1] = 1
    phase: PhaseName
    run: str = Field(max_length=512, description="namespace/name, for logs.")
    attempt: int = Field(default=1, ge=1)
    dataset: DatasetRef
    reference: DatasetRef | None = None
    artifacts_uri: str = Field(min_length=1, max_length=2048)
    seed: int = 0
    architecture: Architecture = "resonance_nn"
    vocab_size: int = 256
    target_model_size: int | None = None
    sample_rows: int = Field(ge=1)
    tiers: tuple[TierSpec, ...] = Field(min_length=1, max_length=3)
    tier: int | None = Field(default=None, ge=1, le=3, description="Which of `tiers` to train (phase Cascade).")
    stop_when_certain: bool = Field(default=False, description="Train models only where they can change the verdict.")
    micro_batch_divisor: int = Field(
        default=1,
        ge=1,
        description="Split each batch into at least this many micro-batches; 2 after running out of memory.",
    )


class PhaseOutcome(Result):
    """Content of the termination message. Exactly one of error and a result is there.

    `sha256` is the digest of the artifact at `result_uri`, which holds the result in full;
    the result here may have less detail (`encode_outcome`).
    """

    result_uri: str = Field(default="", max_length=2048)
    sha256: str = Field(default="", max_length=64)
    profile: ProfileResult | None = None
    pre_screen: PreScreenResult | None = None
    tier: TierResult | None = None
    verdict: VerdictResult | None = None
    error: ErrorInfo | None = None


def thin(curve: list[float], points: int) -> list[float]:
    """At most `points` evenly spaced values of a curve; the first and the last are kept."""
    if points <= 0 or not curve:
        return []
    if len(curve) <= points:
        return list(curve)
    if points == 1:
        return [curve[-1]]
    step = (len(curve) - 1) / (points - 1)
    return [curve[round(i * step)] for i in range(points)]


def thin_model(model: ModelResult, points: int) -> ModelResult:
    def short(curve: list[float]) -> list[float]:
        return [float(f"{value:.4g}") for value in thin(curve, points)]

    return model.model_copy(
        update={"loss_curve": short(model.loss_curve), "reference_loss_curve": short(model.reference_loss_curve)}
    )


def _rounded(value: Any, digits: int) -> Any:
    """The same JSON-like value with every float cut to so many significant digits."""
    if isinstance(value, dict):
        return {key: _rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item, digits) for item in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def _slimmer_models(models: list[ModelResult]) -> Iterator[list[ModelResult]]:
    """First the curves go, then what only describes a model, then digits, at the very last the models.

    64 models, the most a tier may have, need four digits; three are the reserve.
    """
    for points in (MAX_CURVE_POINTS, 32, 16, 8, 4, 0):
        yield [thin_model(m, points) for m in models]
    plain = [thin_model(m, 0).model_copy(update={"spectral_metrics": None, "gradient_stats": None}) for m in models]
    yield plain
    for digits in (6, 5, 4, 3):
        yield [ModelResult.model_validate(_rounded(m.model_dump(), digits)) for m in plain]
    yield []


def _slimmer(outcome: PhaseOutcome) -> list[PhaseOutcome]:
    """The outcome as it is, then ever slimmer; detail goes first, what decides goes last."""
    versions = [outcome]
    if outcome.tier is not None:
        tier = outcome.tier
        slimmer = (tier.model_copy(update={"models": models}) for models in _slimmer_models(tier.models))
        versions += [outcome.model_copy(update={"tier": version}) for version in slimmer]
    if outcome.profile is not None:
        profile = outcome.profile
        for clusters, pairs in ((32, 32), (16, 16), (8, 8), (0, 0)):
            metrics = profile.metrics.model_copy(update={"correlations": profile.metrics.correlations[:pairs]})
            slim = profile.model_copy(update={"clusters": profile.clusters[:clusters], "metrics": metrics})
            versions.append(outcome.model_copy(update={"profile": slim}))
    if outcome.verdict is not None:
        verdict = outcome.verdict
        for count in (64, 32, 16, 8, 4, 0):
            judgement = verdict.judgement.model_copy(
                update={
                    "regions": verdict.judgement.regions[:count],
                    "ablations": verdict.judgement.ablations[:count],
                    "recommendations": verdict.judgement.recommendations[:count],
                }
            )
            versions.append(outcome.model_copy(update={"verdict": verdict.model_copy(update={"judgement": judgement})}))
    if outcome.error is not None:
        error = outcome.error.model_copy(update={"details": ""})
        versions.append(outcome.model_copy(update={"error": error}))
        versions.append(outcome.model_copy(update={"error": error.model_copy(update={"message": error.message[:256]})}))
    return versions


def encode_outcome(outcome: PhaseOutcome, limit: int = TERMINATION_MESSAGE_BYTES) -> str:
    """The termination message: readable JSON where it fits, else deflated, else with less detail.

    Raises ValueError when even the slimmest version is larger than `limit`.
    """
    for version in _slimmer(outcome):
        plain = version.model_dump_json(exclude_defaults=True)
        if len(plain.encode()) <= limit:
            return plain
        packed = '{"z":"' + base64.b64encode(zlib.compress(plain.encode(), 9)).decode() + '"}'
        if len(packed) <= limit:
            return packed
    raise ValueError(f"the outcome does not fit into {limit} bytes")


def decode_outcome(message: str) -> PhaseOutcome:
    """Read a termination message; it comes from a pod, so every surprise is a ValueError."""
    text = message.strip()
    if text.startswith('{"z":'):
        try:
            packed = base64.b64decode(text[len('{"z":"') : -len('"}')], validate=True)
            inflater = zlib.decompressobj()
            text = inflater.decompress(packed, MAX_INFLATED_BYTES).decode()
            if inflater.unconsumed_tail:
                raise ValueError("the termination message inflates beyond its limit")
        except (binascii.Error, zlib.error, UnicodeDecodeError) as error:
            raise ValueError(f"unreadable termination message: {error}") from error
    try:
        return PhaseOutcome.model_validate_json(text)
    except ValidationError as error:
        raise ValueError(f"unreadable termination message: {error.error_count()} errors") from error


# Artifacts of a run, relative to its artifactsURI. One home for the names; pods and facade read them.
PROFILE_RESULT = "profile/result.json"
SAMPLE = "profile/sample.parquet"
REFERENCE_SAMPLE = "profile/reference-sample.parquet"
EVIDENCE = "cascade/evidence.json"
VERDICT_RESULT = "verdict/result.json"
VERDICT_DOCUMENT = "verdict/verdict.json"
REPORT = "verdict/report.html"


def tier_folder(tier: int) -> str:
    return f"cascade/tier-{tier}"


def tier_result(tier: int) -> str:
    return f"{tier_folder(tier)}/result.json"


def variant_folder(tier: int, variant: int) -> str:
    return f"{tier_folder(tier)}/variant-{variant}"

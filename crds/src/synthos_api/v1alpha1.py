"""Custom resources `synthos.dev/v1alpha1`: ValidationRun and CascadeTier.

The only source of crds/*.yaml (hack/generate.py). Field names are snake_case here and camelCase in
Kubernetes. CEL rules stand beside the fields they guard, as `x-kubernetes-validations`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from .errors import ErrorInfo
from .progress import ProgressState
from .results import (
    Judgement,
    ModelResult,
    PreScreenResult,
    ProfileResult,
    Score,
    ShortText,
    VerdictName,
)

GROUP = "synthos.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
RUN_KIND, RUN_PLURAL, RUN_SHORT = "ValidationRun", "validationruns", "vrun"
TIER_KIND, TIER_PLURAL, TIER_SHORT = "CascadeTier", "cascadetiers", "ctier"

Through = Literal["Profile", "PreScreen", "Cascade", "Verdict"]
DataFormat = Literal["CSV", "TSV", "JSON", "JSONL", "PARQUET", "HDF5", "ARROW", "FEATHER", "EXCEL"]
Architecture = Literal["resonance_nn", "temporal_eigenstate"]
Preset = Literal["nano", "synthos-18"]
RunPhase = Literal["Pending", "Profiling", "Training", "Judging", "Complete", "Failed", "Suspended", "Cancelled"]
TierPhase = Literal["Pending", "Waiting", "Training", "Complete", "Failed", "Suspended", "Cancelled"]
Uri = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+|file:///.+|/.+)$",
        description="s3://bucket/key, file:///path, or an absolute path on a volume of the trainer pods.",
    ),
]
Seconds = Annotated[int, Field(ge=1, le=31_536_000)]


def rule(expression: str, message: str) -> dict[str, str]:
    """One CEL rule of a CRD schema (`x-kubernetes-validations`)."""
    return {"rule": expression, "message": message}


def rules(*items: dict[str, str]) -> dict[str, Any]:
    return {"x-kubernetes-validations": list(items)}


THROUGH_ORDER = "{'Profile': 0, 'PreScreen': 1, 'Cascade': 2, 'Verdict': 3}"
IMMUTABLE = rule("self == oldSelf", "is immutable; create a new ValidationRun instead")


class KubeModel(BaseModel):
    """camelCase on the outside; unknown fields are refused where we write, ignored where we read."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", allow_inf_nan=False, frozen=True
    )

    def to_kube(self) -> dict[str, Any]:
        """JSON-ready object with camelCase names and without unset (None) fields."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


# --- ValidationRun: spec ----------------------------------------------------------------------


class DatasetRef(KubeModel):
    uri: Uri
    format: DataFormat | None = Field(default=None, description="Detected from the content when left out.")


DEFAULT_CONTEXT = 1024
NANO_CONTEXT = 128
NANO_BELOW = 5_000_000


class TierSpec(KubeModel):
    """One tier of the cascade: `variants` models of one size, trained in one pod."""

    tier: int = Field(ge=1, le=3, description="Number of the tier; tiers run in this order.")
    model_size: int = Field(ge=1_000, le=10_000_000_000, description="Parameters of each model.")
    variants: int = Field(ge=1, le=64, description="Models in this tier.")
    training_rows: int = Field(ge=1, le=10_000_000_000, description="Rows of the stratified sample each model sees.")
    batch_size: int = Field(default=64, ge=1, le=65_536, description="Sequences per optimiser step.")
    gpus: int = Field(default=1, ge=0, le=64, description="nvidia.com/gpu limit of the tier's pod.")
    nodes: int = Field(default=1, ge=1, le=64, description="Pods the tier is spread over (torchrun).")
    steps: int | None = Field(
        default=None, ge=1, le=10_000_000, description="Optimiser steps of each model; one pass over its rows if unset."
    )
    context_length: int | None = Field(
        default=None,
        ge=16,
        le=131_072,
        description="Tokens per sequence; 1024 if unset, 128 for models below five million parameters.",
    )

    @property
    def sequence_length(self) -> int:
        """Tokens per sequence, as given or by the model's size."""
        if self.context_length is not None:
            return self.context_length
        return NANO_CONTEXT if self.model_size < NANO_BELOW else DEFAULT_CONTEXT


class CascadeSpec(KubeModel):
    model_config = ConfigDict(
        json_schema_extra=rules(
            rule("!(has(self.preset) && has(self.tiers))", "give either preset or tiers, not both"),
            rule(
                "!has(self.tiers) || self.tiers.all(t, self.tiers.exists_one(o, o.tier == t.tier))",
                "each tier number may occur once",
            ),
        )
    )

    preset: Preset | None = Field(
        default=None, description="nano: CPU, minutes. synthos-18: the 18 models of the specification (default)."
    )
    architecture: Architecture = Field(default="resonance_nn", description="Of the cascade's models.")
    vocab_size: int | None = Field(
        default=None,
        ge=256,
        le=1_000_000,
        description="Tokens in the vocabulary; unset: 50257 (GPT-2's byte-level BPE), 256 (bytes) for nano.",
    )
    target_model_size: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000_000_000,
        description="Parameters of the model the data is for. Recorded; this version does not use it.",
    )
    tiers: list[TierSpec] | None = Field(
        default=None, min_length=1, max_length=3, description="The tiers in full, instead of a preset."
    )
    stop_when_certain: bool = Field(
        default=False,
        description="Train models only where they can change the verdict, instead of all.",
    )


class Budget(KubeModel):
    max_cost_usd: float | None = Field(
        default=None, gt=0, alias="maxCostUSD", description="The run stops at this cost."
    )
    gpu_hour_usd: float = Field(default=3.5, ge=0, alias="gpuHourUSD", description="Price of one GPU for one hour.")


class ValidationRunSpec(KubeModel):
    model_config = ConfigDict(
        json_schema_extra=rules(
            rule("!oldSelf.cancel || self.cancel", "cancel is one-way"),
            *(
                rule(
                    f"has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})",
                    f"{name} is immutable; create a new ValidationRun instead",
                )
                for name in ("datasetId", "validationId", "reference", "cascade", "seed", "sampleRows")
            ),
        )
    )

    dataset_id: str | None = Field(
        default=None, min_length=1, max_length=253, description="Defaults to the run's name."
    )
    validation_id: str | None = Field(
        default=None, min_length=1, max_length=253, description="Defaults to the run's name."
    )
    dataset: Annotated[DatasetRef, Field(json_schema_extra=rules(IMMUTABLE), description="The candidate dataset.")]
    reference: DatasetRef | None = Field(
        default=None, description="Trusted real data; without it a firm 'clear' is not possible."
    )
    through: Through = Field(
        default="Verdict",
        description="The last phase to run; may be extended later, never shortened.",
        json_schema_extra={
            "maxLength": 16,
            **rules(
                rule(
                    f"{THROUGH_ORDER}[self] >= {THROUGH_ORDER}[oldSelf]",
                    "may be extended to a later phase, never shortened",
                )
            ),
        },
    )
    cascade: CascadeSpec = Field(default=CascadeSpec(), description="The small models to train: a preset, or tiers.")
    sample_rows: int | None = Field(
        default=None, ge=1, le=1_000_000_000, description="Rows of the stratified sample; the largest tier's if unset."
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Same seed, data and engine: same verdict.")
    suspend: bool = Field(default=False, description="Stops pods and starts none; false again continues.")
    cancel: bool = Field(default=False, description="Ends the run for good. One way.")
    deadline_seconds: Seconds = Field(default=172_800, description="The run fails (4001) when it takes longer.")
    pending_deadline_seconds: Seconds | None = Field(
        default=None, description="The run fails (3003) when a pod waits longer than this to be scheduled."
    )
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=31_536_000)] | None = Field(
        default=None, description="The run is deleted this long after it ended; kept if unset. Artifacts stay."
    )
    max_attempts: int = Field(default=3, ge=1, le=10, description="Attempts of each pod, for retryable errors only.")
    budget: Budget = Field(default=Budget(), description="Price of GPU time, and where to stop.")


# --- ValidationRun: status --------------------------------------------------------------------


class Condition(KubeModel):
    """metav1.Condition."""

    type: str = Field(max_length=64)
    status: Literal["True", "False", "Unknown"]
    reason: str = Field(max_length=64, pattern=r"^[A-Za-z]([A-Za-z0-9_]*)$")
    message: str = Field(default="", max_length=2048)
    last_transition_time: str = Field(json_schema_extra={"format": "date-time"})
    observed_generation: int | None = None


class RunProgress(KubeModel):
    """As CascadeProgress of the wire contract, without the results (those stand in the tiers)."""

    current_tier: int = 0
    current_variant: int = 0
    models_completed: int = 0
    models_total: int = 0
    progress_percent: float = Field(default=0, ge=0, le=100)
    current_loss: float | None = None
    gpu_utilization: dict[str, float] = Field(default={}, description="Percent by GPU index.")
    estimated_completion: str | None = Field(default=None, description="ISO 8601, UTC.")
    eta_seconds: float | None = None
    state: ProgressState = "pending"


class PhaseAttempt(KubeModel):
    """One pod-running step (profile, verdict, or a tier): its attempts so far.

    Failed with `retry_at` is between two attempts, without it the step failed for good. Stopped is
    an attempt that ended without a result of its own (suspended, preempted); the next one continues.
    """

    attempt: int = Field(default=0, ge=0, description="Number of the current attempt; 0 before the first.")
    job_name: str | None = Field(default=None, max_length=63)
    state: Literal["Pending", "Running", "Succeeded", "Failed", "Stopped"] = "Pending"
    failures: int = Field(default=0, ge=0, description="Attempts that failed; these count against maxAttempts.")
    interruptions: int = Field(default=0, ge=0, description="Attempts cut short from outside; these do not count.")
    micro_batch_divisor: int = Field(default=1, ge=1, description="2 after an attempt ran out of memory.")
    started_at: str | None = None
    finished_at: str | None = None
    retry_at: str | None = Field(default=None, description="When the next attempt may start (back-off).")
    gpu_seconds: float = Field(default=0, ge=0, description="GPU time of all attempts, while a pod held GPUs.")
    accounted_at: str | None = Field(default=None, description="Until when gpuSeconds is counted; RFC 3339, UTC.")
    error: ErrorInfo | None = Field(default=None, description="Of the last failed attempt.")


class TierSummary(KubeModel):
    tier: int
    name: str
    phase: TierPhase = "Pending"
    models_completed: int = 0
    models_total: int = 0


class CostStatus(KubeModel):
    gpu_seconds: float = Field(default=0, description="GPU time while pods held GPUs.")
    usd: float = Field(default=0, description="gpuSeconds x budget.gpuHourUSD, US dollars.")


class VerdictStatus(KubeModel):
    """The judgement (snake_case inside, exactly as in verdict.json) and where the documents lie."""

    verdict: VerdictName
    risk_score: Score | None = None
    judgement: Judgement
    verdict_uri: str = ""
    report_uri: str = ""


class ValidationRunStatus(KubeModel):
    observed_generation: int = Field(default=0, description="Generation of the spec this status speaks of.")
    phase: RunPhase = Field(default="Pending", description="Where the run is; conditions tell why.")
    conditions: list[Condition] = Field(default=[], description="Accepted, Running, Complete, Failed, Suspended, ...")
    progress: RunProgress = Field(default=RunProgress(), description="Rolled up from the tiers.")
    profile: ProfileResult | None = Field(default=None, description="Result of the diversity analysis.")
    pre_screen: PreScreenResult | None = Field(default=None, description="Result of the signature matching.")
    profile_attempt: PhaseAttempt = Field(default=PhaseAttempt(), description="The profile's Job.")
    verdict_attempt: PhaseAttempt = Field(default=PhaseAttempt(), description="The verdict's Job.")
    tiers: list[TierSummary] = Field(default=[], description="One line for each CascadeTier.")
    verdict: VerdictStatus | None = Field(default=None, description="Set once, when the run is complete.")
    cost: CostStatus = Field(default=CostStatus(), description="So far, of all attempts.")
    artifacts_uri: str | None = Field(default=None, alias="artifactsURI", description="Where the artifacts lie.")
    started_at: str | None = Field(default=None, description="RFC 3339, UTC.")
    finished_at: str | None = Field(default=None, description="RFC 3339, UTC.")
    suspended_seconds: float = Field(default=0, ge=0, description="Time in suspension; the deadline does not count it.")
    error: ErrorInfo | None = Field(default=None, description="Why the run failed.")


# --- CascadeTier ------------------------------------------------------------------------------


class CascadeTierSpec(TierSpec):
    """Written by the operator only: one tier of a run."""

    model_config = ConfigDict(json_schema_extra=rules(rule("self == oldSelf", "a CascadeTier is immutable")))

    run_name: str = Field(max_length=253, description="The ValidationRun this tier belongs to.")


class TierProgress(KubeModel):
    current_variant: int = 0
    models_completed: int = 0
    models_total: int = 0
    percent: float = Field(default=0, ge=0, le=100)
    loss: float | None = None
    gpu_utilization: dict[str, float] = {}
    eta_seconds: float | None = None
    state: ProgressState = "pending"
    step: ShortText = ""
    observed_at: str | None = Field(default=None, description="When the operator wrote this.")


class CascadeTierStatus(KubeModel):
    observed_generation: int = Field(default=0, description="Generation of the spec this status speaks of.")
    phase: TierPhase = Field(default="Pending", description="Waiting: no node has the GPUs; see condition Scheduled.")
    conditions: list[Condition] = Field(default=[], description="Accepted, Scheduled, Running, Stalled, Complete, ...")
    attempt: PhaseAttempt = Field(default=PhaseAttempt(), description="The tier's Job.")
    progress: TierProgress = Field(default=TierProgress(), description="As the pod told it last.")
    results: list[ModelResult] = Field(default=[], max_length=64, description="Models finished, in order.")
    pod: str | None = Field(default=None, description="Pod of the current attempt.")
    error: ErrorInfo | None = None

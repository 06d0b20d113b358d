"""What the phases produce. Each type is a JSON artifact, a part of status, and a message on the wire.

A quantity that was not computed is None (or absent from a list), never a made-up number.
Shapes are bounded, because everything here may come from a pod and may end in an object of the API.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_CURVE_POINTS = 64
MAX_CLUSTERS = 64
MAX_CORRELATIONS = 64
MAX_FINGERPRINT = 64
MAX_MATCHES = 32
MAX_REGIONS = 256
MAX_RECOMMENDATIONS = 32

MAX_NAME_CHARS = 256

ShortText = Annotated[str, Field(max_length=MAX_NAME_CHARS)]
LongText = Annotated[str, Field(max_length=2048)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Score = Annotated[int, Field(ge=0, le=100)]
INT32_MAX = 2**31 - 1
Count = Annotated[int, Field(ge=0, le=INT32_MAX)]
"""An int32 of the wire contract: a larger number would not go into the message."""
Change = Annotated[int, Field(ge=-100, le=100)]
"""Difference of two scores."""
LongCount = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""Rows and bytes: int64 on the wire, and exact in JSON, whose readers may have doubles only."""


class Result(BaseModel):
    """Base: unknown fields are refused, NaN and infinity are refused (JSON has neither)."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


# --- phase 2: profile -------------------------------------------------------------------------


class CorrelationPair(Result):
    column_a: ShortText
    column_b: ShortText
    correlation: float = Field(ge=-1, le=1)


class DiversityMetrics(Result):
    entropy: float | None = Field(default=None, ge=0, description="Shannon entropy of cluster membership, bits.")
    gini_coefficient: Fraction | None = Field(default=None, description="Gini coefficient of cluster sizes.")
    cluster_count: Count | None = None
    correlations: list[CorrelationPair] = Field(default=[], max_length=MAX_CORRELATIONS)
    rare_pattern_percentage: float | None = Field(default=None, ge=0, le=100)
    outlier_percentage: float | None = Field(default=None, ge=0, le=100)


class Cluster(Result):
    cluster_id: Count
    size: LongCount = Field(description="Rows.")
    centroid: list[float] = Field(default=[], max_length=64)
    density: float | None = Field(default=None, ge=0)


class ProfileResult(Result):
    """Result of phase 2 (diversity analysis and stratified sample)."""

    format: ShortText
    modality: ShortText = Field(default="", description="text, table, series or mixed; empty where unknown.")
    total_rows: LongCount
    columns: Count
    size_bytes: LongCount
    metrics: DiversityMetrics
    clusters: list[Cluster] = Field(default=[], max_length=MAX_CLUSTERS)
    duplicate_row_percentage: float | None = Field(default=None, ge=0, le=100)
    fingerprint: dict[str, float] = Field(
        default={},
        max_length=MAX_FINGERPRINT,
        description="Named measures at a fixed size, comparable between datasets; what does not apply is absent.",
    )
    measured_rows: LongCount = Field(default=0, description="Rows of one block that metrics were measured on.")
    measured_text_bytes: LongCount | None = Field(
        default=None, description="Bytes of one block that text was measured on; null where there is no text."
    )
    sample_uri: LongText = ""
    sample_rows: LongCount = 0
    sampling_confidence: Score | None = None

    @field_validator("fingerprint")
    @classmethod
    def _short_names(cls, fingerprint: dict[str, float]) -> dict[str, float]:
        # Not by the type of the key: a CRD's schema has no propertyNames.
        if any(len(name) > MAX_NAME_CHARS for name in fingerprint):
            raise ValueError(f"a name has more than {MAX_NAME_CHARS} characters")
        return fingerprint


# --- phase 3: pre-screen ----------------------------------------------------------------------


class SignatureMatch(Result):
    signature_id: ShortText
    collapse_type: ShortText = ""
    similarity: Fraction
    historical_outcome: ShortText = ""


class PreScreenResult(Result):
    pre_risk_score: Score | None = None
    matches: list[SignatureMatch] = Field(default=[], max_length=MAX_MATCHES)
    should_proceed: bool = True
    recommendation: LongText = ""


# --- phase 4: cascade -------------------------------------------------------------------------


class SpectralMetrics(Result):
    spectral_energy: float | None = None
    spectral_entropy: float | None = None
    frequency_concentration: float | None = None
    representation_variance: float | None = None


class GradientStats(Result):
    total_norm: float | None = None
    max_grad: float | None = None
    min_grad: float | None = None
    grad_range: float | None = None


class PairedLosses(Result):
    """Losses of one variant's pair of models (same seed, size, order), bits per byte.

    `candidate_*` is the model trained on the candidate, `reference_*` its twin trained on a
    size-matched sample of the reference; the second word is what it was evaluated on.
    """

    candidate_on_real: float | None = Field(default=None, ge=0)
    reference_on_real: float | None = Field(default=None, ge=0)
    candidate_on_candidate: float | None = Field(default=None, ge=0)
    reference_on_candidate: float | None = Field(default=None, ge=0)
    relative_excess: float | None = Field(default=None, description="candidate_on_real / reference_on_real - 1.")
    holdout_standard_error: float | None = Field(
        default=None, ge=0, description="Standard error of relative_excess from the paired holdout windows."
    )


class ModelResult(Result):
    tier: int = Field(ge=1, le=3)
    variant: int = Field(ge=1, le=1000)
    model_size: LongCount = Field(description="Parameters.")
    training_loss: float | None = Field(default=None, description="Last training loss, bits per byte.")
    validation_loss: float | None = Field(
        default=None,
        description="Loss on the real holdout (without a reference: on the candidate's), bits per byte.",
    )
    training_time_seconds: float = Field(default=0, ge=0)
    training_rows: LongCount = 0
    convergence_epoch: Count | None = None
    collapse_detected: bool | None = Field(
        default=None, description="This pair alone: its excess loss is above the collapse bound. Null: no reference."
    )
    spectral_metrics: SpectralMetrics | None = None
    gradient_stats: GradientStats | None = None
    loss_curve: list[float] = Field(default=[], max_length=MAX_CURVE_POINTS)
    reference_loss_curve: list[float] = Field(default=[], max_length=MAX_CURVE_POINTS)
    paired: PairedLosses | None = None


class TierResult(Result):
    """Result of one tier's pod: every model of the tier."""

    tier: int = Field(ge=1, le=3)
    models: list[ModelResult] = Field(max_length=64)


# --- phases 4b to 6: verdict ------------------------------------------------------------------

VerdictName = Literal["clear", "collapse", "inconclusive"]
Mechanism = Literal["none", "narrowed", "duplicated", "noisy", "shift", "other"]
Severity = Literal["none", "mild", "moderate", "severe"]
CollapseType = Literal["", "Type A", "Type B", "Type C", "Type D", "Type E"]
Mode = Literal["with_reference", "no_reference"]


class Rung(Result):
    """The effect as models of one kind and size show it."""

    model: ShortText = Field(description="Which models: an n-gram model, or those of a tier.")
    excess_loss: float = Field(description="As that of the effect.")
    interval: tuple[float, float] | None = Field(default=None, description="95 % confidence interval.")


class Effect(Result):
    excess_loss: float | None = Field(
        default=None, description="Relative excess of real-holdout loss over the size-matched reference."
    )
    interval: tuple[float, float] | None = Field(default=None, description="95 % confidence interval.")
    rungs: list[Rung] = Field(
        default=[], max_length=8, description="The same by models, from the smallest: whether it grows with size."
    )
    added_excess_loss: float | None = Field(
        default=None,
        description="Relative excess of real-holdout loss when the dataset is added to the reference, over the "
        "reference alone, by n-gram models: below zero it helps.",
    )
    added_interval: tuple[float, float] | None = Field(default=None, description="95 % confidence interval of that.")


class DimensionScore(Result):
    dimension: ShortText
    score: Score | None = None
    threshold: Score | None = None
    passed: bool | None = None


class ConfidenceInterval(Result):
    lower_bound: float
    upper_bound: float
    confidence_level: Fraction


class ScalingLawCoefficients(Result):
    a: float
    b: float
    c: float
    r_squared: float


class RootCause(Result):
    cause: ShortText
    percentage: float = Field(ge=0, le=100)
    description: LongText = ""


class ProblematicRegion(Result):
    region_id: ShortText
    row_start: LongCount
    row_end: LongCount
    issue_type: ShortText
    impact_score: float
    affected_columns: list[ShortText] = Field(default=[], max_length=64)


class AblationResult(Result):
    region_id: ShortText
    risk_score_before: Score
    risk_score_after: Score
    improvement: Change
    hypothesis_confirmed: bool


class Impact(Result):
    current_risk_score: Score
    expected_risk_score: Score
    improvement: Change


class Implementation(Result):
    method: ShortText
    affected_rows: LongCount
    estimated_time: ShortText = ""
    script_url: LongText = ""


class Recommendation(Result):
    priority: int = Field(ge=1, le=INT32_MAX)
    category: ShortText
    title: ShortText
    description: LongText = ""
    impact: Impact | None = None
    implementation: Implementation | None = None


class CombinedImpact(Result):
    current_risk_score: Score
    expected_risk_score: Score
    total_improvement: Change
    estimated_time: ShortText = ""


SIX_DIMENSIONS = (
    "distribution fidelity",
    "correlation preservation",
    "diversity retention",
    "rare pattern handling",
    "temporal stability",
    "semantic coherence",
)


class Judgement(Result):
    """What was found out: verdict.json without the bookkeeping around it; status carries this."""

    verdict: VerdictName
    collapse_probability: Fraction | None = None
    risk_score: Score | None = None
    collapse_type: CollapseType = ""
    severity: Severity = "none"
    mode: Mode
    mechanism: Mechanism = "none"
    reason: LongText
    effect: Effect = Effect()
    dimensions: list[DimensionScore] = Field(default=[], max_length=6)
    predicted_accuracy: Fraction | None = None
    confidence: ConfidenceInterval | None = None
    scaling: ScalingLawCoefficients | None = None
    root_causes: list[RootCause] = Field(default=[], max_length=16)
    regions: list[ProblematicRegion] = Field(default=[], max_length=MAX_REGIONS)
    ablations: list[AblationResult] = Field(default=[], max_length=MAX_REGIONS)
    recommendations: list[Recommendation] = Field(default=[], max_length=MAX_RECOMMENDATIONS)
    combined_impact: CombinedImpact | None = None


class VerdictDocument(Judgement):
    """verdict.json."""

    dataset: dict[str, object] = {}
    cascade: dict[str, object] = {}
    engine_version: ShortText
    seed: int
    timings: dict[str, float] = {}


class VerdictResult(Result):
    """Result of the verdict pod: the judgement, and where the documents lie."""

    judgement: Judgement
    verdict_uri: LongText
    report_uri: LongText

from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DataFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UNKNOWN_FORMAT: _ClassVar[DataFormat]
    CSV: _ClassVar[DataFormat]
    JSON: _ClassVar[DataFormat]
    JSONL: _ClassVar[DataFormat]
    PARQUET: _ClassVar[DataFormat]
    HDF5: _ClassVar[DataFormat]
    ARROW: _ClassVar[DataFormat]
    FEATHER: _ClassVar[DataFormat]
    EXCEL: _ClassVar[DataFormat]
    TSV: _ClassVar[DataFormat]
UNKNOWN_FORMAT: DataFormat
CSV: DataFormat
JSON: DataFormat
JSONL: DataFormat
PARQUET: DataFormat
HDF5: DataFormat
ARROW: DataFormat
FEATHER: DataFormat
EXCEL: DataFormat
TSV: DataFormat

class DiversityRequest(_message.Message):
    __slots__ = ("dataset_id", "s3_path", "row_count", "format")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    S3_PATH_FIELD_NUMBER: _ClassVar[int]
    ROW_COUNT_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    s3_path: str
    row_count: int
    format: DataFormat
    def __init__(self, dataset_id: _Optional[str] = ..., s3_path: _Optional[str] = ..., row_count: _Optional[int] = ..., format: _Optional[_Union[DataFormat, str]] = ...) -> None: ...

class DiversityResponse(_message.Message):
    __slots__ = ("dataset_id", "sample_s3_path", "metrics", "clusters", "sampling_confidence", "error")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_S3_PATH_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    SAMPLING_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    sample_s3_path: str
    metrics: DiversityMetrics
    clusters: _containers.RepeatedCompositeFieldContainer[Cluster]
    sampling_confidence: int
    error: ErrorInfo
    def __init__(self, dataset_id: _Optional[str] = ..., sample_s3_path: _Optional[str] = ..., metrics: _Optional[_Union[DiversityMetrics, _Mapping]] = ..., clusters: _Optional[_Iterable[_Union[Cluster, _Mapping]]] = ..., sampling_confidence: _Optional[int] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ...) -> None: ...

class DiversityMetrics(_message.Message):
    __slots__ = ("entropy", "gini_coefficient", "cluster_count", "correlations", "rare_pattern_percentage", "outlier_percentage")
    ENTROPY_FIELD_NUMBER: _ClassVar[int]
    GINI_COEFFICIENT_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_COUNT_FIELD_NUMBER: _ClassVar[int]
    CORRELATIONS_FIELD_NUMBER: _ClassVar[int]
    RARE_PATTERN_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    OUTLIER_PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    entropy: float
    gini_coefficient: float
    cluster_count: int
    correlations: _containers.RepeatedCompositeFieldContainer[CorrelationPair]
    rare_pattern_percentage: float
    outlier_percentage: float
    def __init__(self, entropy: _Optional[float] = ..., gini_coefficient: _Optional[float] = ..., cluster_count: _Optional[int] = ..., correlations: _Optional[_Iterable[_Union[CorrelationPair, _Mapping]]] = ..., rare_pattern_percentage: _Optional[float] = ..., outlier_percentage: _Optional[float] = ...) -> None: ...

class Cluster(_message.Message):
    __slots__ = ("cluster_id", "size", "centroid", "density")
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    CENTROID_FIELD_NUMBER: _ClassVar[int]
    DENSITY_FIELD_NUMBER: _ClassVar[int]
    cluster_id: int
    size: int
    centroid: _containers.RepeatedScalarFieldContainer[float]
    density: float
    def __init__(self, cluster_id: _Optional[int] = ..., size: _Optional[int] = ..., centroid: _Optional[_Iterable[float]] = ..., density: _Optional[float] = ...) -> None: ...

class CorrelationPair(_message.Message):
    __slots__ = ("column_a", "column_b", "correlation")
    COLUMN_A_FIELD_NUMBER: _ClassVar[int]
    COLUMN_B_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_FIELD_NUMBER: _ClassVar[int]
    column_a: str
    column_b: str
    correlation: float
    def __init__(self, column_a: _Optional[str] = ..., column_b: _Optional[str] = ..., correlation: _Optional[float] = ...) -> None: ...

class PreScreenRequest(_message.Message):
    __slots__ = ("dataset_id", "diversity")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    diversity: DiversityMetrics
    def __init__(self, dataset_id: _Optional[str] = ..., diversity: _Optional[_Union[DiversityMetrics, _Mapping]] = ...) -> None: ...

class PreScreenResponse(_message.Message):
    __slots__ = ("dataset_id", "pre_risk_score", "matches", "should_proceed", "recommendation", "error")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    PRE_RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    MATCHES_FIELD_NUMBER: _ClassVar[int]
    SHOULD_PROCEED_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    pre_risk_score: int
    matches: _containers.RepeatedCompositeFieldContainer[SignatureMatch]
    should_proceed: bool
    recommendation: str
    error: ErrorInfo
    def __init__(self, dataset_id: _Optional[str] = ..., pre_risk_score: _Optional[int] = ..., matches: _Optional[_Iterable[_Union[SignatureMatch, _Mapping]]] = ..., should_proceed: _Optional[bool] = ..., recommendation: _Optional[str] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ...) -> None: ...

class SignatureMatch(_message.Message):
    __slots__ = ("signature_id", "collapse_type", "similarity", "historical_outcome")
    SIGNATURE_ID_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    HISTORICAL_OUTCOME_FIELD_NUMBER: _ClassVar[int]
    signature_id: str
    collapse_type: str
    similarity: float
    historical_outcome: str
    def __init__(self, signature_id: _Optional[str] = ..., collapse_type: _Optional[str] = ..., similarity: _Optional[float] = ..., historical_outcome: _Optional[str] = ...) -> None: ...

class CascadeRequest(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "sample_s3_path", "config", "reference_s3_path")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_S3_PATH_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_S3_PATH_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    sample_s3_path: str
    config: CascadeConfig
    reference_s3_path: str
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., sample_s3_path: _Optional[str] = ..., config: _Optional[_Union[CascadeConfig, _Mapping]] = ..., reference_s3_path: _Optional[str] = ...) -> None: ...

class CascadeConfig(_message.Message):
    __slots__ = ("tiers", "target_architecture", "target_model_size", "vocab_size", "preset")
    TIERS_FIELD_NUMBER: _ClassVar[int]
    TARGET_ARCHITECTURE_FIELD_NUMBER: _ClassVar[int]
    TARGET_MODEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    VOCAB_SIZE_FIELD_NUMBER: _ClassVar[int]
    PRESET_FIELD_NUMBER: _ClassVar[int]
    tiers: _containers.RepeatedCompositeFieldContainer[ModelTier]
    target_architecture: str
    target_model_size: int
    vocab_size: int
    preset: str
    def __init__(self, tiers: _Optional[_Iterable[_Union[ModelTier, _Mapping]]] = ..., target_architecture: _Optional[str] = ..., target_model_size: _Optional[int] = ..., vocab_size: _Optional[int] = ..., preset: _Optional[str] = ...) -> None: ...

class ModelTier(_message.Message):
    __slots__ = ("tier_number", "model_size", "num_variants", "training_rows", "gpus", "batch_size", "nodes")
    TIER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    MODEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    NUM_VARIANTS_FIELD_NUMBER: _ClassVar[int]
    TRAINING_ROWS_FIELD_NUMBER: _ClassVar[int]
    GPUS_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    tier_number: int
    model_size: int
    num_variants: int
    training_rows: int
    gpus: int
    batch_size: int
    nodes: int
    def __init__(self, tier_number: _Optional[int] = ..., model_size: _Optional[int] = ..., num_variants: _Optional[int] = ..., training_rows: _Optional[int] = ..., gpus: _Optional[int] = ..., batch_size: _Optional[int] = ..., nodes: _Optional[int] = ...) -> None: ...

class CascadeProgress(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "current_tier", "current_variant", "models_completed", "models_total", "progress_percent", "current_loss", "gpu_utilization", "estimated_completion", "result", "error", "cost_usd", "eta_seconds", "state")
    class GpuUtilizationEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: int
        value: float
        def __init__(self, key: _Optional[int] = ..., value: _Optional[float] = ...) -> None: ...
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENT_TIER_FIELD_NUMBER: _ClassVar[int]
    CURRENT_VARIANT_FIELD_NUMBER: _ClassVar[int]
    MODELS_COMPLETED_FIELD_NUMBER: _ClassVar[int]
    MODELS_TOTAL_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_LOSS_FIELD_NUMBER: _ClassVar[int]
    GPU_UTILIZATION_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_COMPLETION_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    COST_USD_FIELD_NUMBER: _ClassVar[int]
    ETA_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    current_tier: int
    current_variant: int
    models_completed: int
    models_total: int
    progress_percent: float
    current_loss: float
    gpu_utilization: _containers.ScalarMap[int, float]
    estimated_completion: str
    result: ModelResult
    error: ErrorInfo
    cost_usd: float
    eta_seconds: float
    state: str
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., current_tier: _Optional[int] = ..., current_variant: _Optional[int] = ..., models_completed: _Optional[int] = ..., models_total: _Optional[int] = ..., progress_percent: _Optional[float] = ..., current_loss: _Optional[float] = ..., gpu_utilization: _Optional[_Mapping[int, float]] = ..., estimated_completion: _Optional[str] = ..., result: _Optional[_Union[ModelResult, _Mapping]] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ..., cost_usd: _Optional[float] = ..., eta_seconds: _Optional[float] = ..., state: _Optional[str] = ...) -> None: ...

class ModelResult(_message.Message):
    __slots__ = ("tier", "variant", "model_size", "training_loss", "validation_loss", "training_time_seconds", "convergence_epoch", "collapse_detected", "spectral_metrics", "gradient_stats", "loss_curve")
    TIER_FIELD_NUMBER: _ClassVar[int]
    VARIANT_FIELD_NUMBER: _ClassVar[int]
    MODEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    TRAINING_LOSS_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_LOSS_FIELD_NUMBER: _ClassVar[int]
    TRAINING_TIME_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CONVERGENCE_EPOCH_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_DETECTED_FIELD_NUMBER: _ClassVar[int]
    SPECTRAL_METRICS_FIELD_NUMBER: _ClassVar[int]
    GRADIENT_STATS_FIELD_NUMBER: _ClassVar[int]
    LOSS_CURVE_FIELD_NUMBER: _ClassVar[int]
    tier: int
    variant: int
    model_size: int
    training_loss: float
    validation_loss: float
    training_time_seconds: float
    convergence_epoch: int
    collapse_detected: bool
    spectral_metrics: SpectralMetrics
    gradient_stats: GradientStats
    loss_curve: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, tier: _Optional[int] = ..., variant: _Optional[int] = ..., model_size: _Optional[int] = ..., training_loss: _Optional[float] = ..., validation_loss: _Optional[float] = ..., training_time_seconds: _Optional[float] = ..., convergence_epoch: _Optional[int] = ..., collapse_detected: _Optional[bool] = ..., spectral_metrics: _Optional[_Union[SpectralMetrics, _Mapping]] = ..., gradient_stats: _Optional[_Union[GradientStats, _Mapping]] = ..., loss_curve: _Optional[_Iterable[float]] = ...) -> None: ...

class SpectralMetrics(_message.Message):
    __slots__ = ("spectral_energy", "spectral_entropy", "frequency_concentration", "representation_variance")
    SPECTRAL_ENERGY_FIELD_NUMBER: _ClassVar[int]
    SPECTRAL_ENTROPY_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_CONCENTRATION_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATION_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    spectral_energy: float
    spectral_entropy: float
    frequency_concentration: float
    representation_variance: float
    def __init__(self, spectral_energy: _Optional[float] = ..., spectral_entropy: _Optional[float] = ..., frequency_concentration: _Optional[float] = ..., representation_variance: _Optional[float] = ...) -> None: ...

class GradientStats(_message.Message):
    __slots__ = ("total_norm", "max_grad", "min_grad", "grad_range")
    TOTAL_NORM_FIELD_NUMBER: _ClassVar[int]
    MAX_GRAD_FIELD_NUMBER: _ClassVar[int]
    MIN_GRAD_FIELD_NUMBER: _ClassVar[int]
    GRAD_RANGE_FIELD_NUMBER: _ClassVar[int]
    total_norm: float
    max_grad: float
    min_grad: float
    grad_range: float
    def __init__(self, total_norm: _Optional[float] = ..., max_grad: _Optional[float] = ..., min_grad: _Optional[float] = ..., grad_range: _Optional[float] = ...) -> None: ...

class PredictionRequest(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "cascade_results", "target_model_size")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    CASCADE_RESULTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_MODEL_SIZE_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    cascade_results: _containers.RepeatedCompositeFieldContainer[ModelResult]
    target_model_size: int
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., cascade_results: _Optional[_Iterable[_Union[ModelResult, _Mapping]]] = ..., target_model_size: _Optional[int] = ...) -> None: ...

class PredictionResponse(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "predicted_accuracy", "confidence", "scaling", "final_risk_score", "error")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    PREDICTED_ACCURACY_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    SCALING_FIELD_NUMBER: _ClassVar[int]
    FINAL_RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    predicted_accuracy: float
    confidence: ConfidenceInterval
    scaling: ScalingLawCoefficients
    final_risk_score: int
    error: ErrorInfo
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., predicted_accuracy: _Optional[float] = ..., confidence: _Optional[_Union[ConfidenceInterval, _Mapping]] = ..., scaling: _Optional[_Union[ScalingLawCoefficients, _Mapping]] = ..., final_risk_score: _Optional[int] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ...) -> None: ...

class ConfidenceInterval(_message.Message):
    __slots__ = ("lower_bound", "upper_bound", "confidence_level")
    LOWER_BOUND_FIELD_NUMBER: _ClassVar[int]
    UPPER_BOUND_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    lower_bound: float
    upper_bound: float
    confidence_level: float
    def __init__(self, lower_bound: _Optional[float] = ..., upper_bound: _Optional[float] = ..., confidence_level: _Optional[float] = ...) -> None: ...

class ScalingLawCoefficients(_message.Message):
    __slots__ = ("a", "b", "c", "r_squared")
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    C_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    a: float
    b: float
    c: float
    r_squared: float
    def __init__(self, a: _Optional[float] = ..., b: _Optional[float] = ..., c: _Optional[float] = ..., r_squared: _Optional[float] = ...) -> None: ...

class CollapseRequest(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "cascade_results", "original_diversity")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    CASCADE_RESULTS_FIELD_NUMBER: _ClassVar[int]
    ORIGINAL_DIVERSITY_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    cascade_results: _containers.RepeatedCompositeFieldContainer[ModelResult]
    original_diversity: DiversityMetrics
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., cascade_results: _Optional[_Iterable[_Union[ModelResult, _Mapping]]] = ..., original_diversity: _Optional[_Union[DiversityMetrics, _Mapping]] = ...) -> None: ...

class CollapseResponse(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "collapse_detected", "collapse_type", "severity", "dimensions", "root_causes", "error", "verdict", "mechanism", "reason", "collapse_probability")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_DETECTED_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    ROOT_CAUSES_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    MECHANISM_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    collapse_detected: bool
    collapse_type: str
    severity: str
    dimensions: _containers.RepeatedCompositeFieldContainer[DimensionScore]
    root_causes: _containers.RepeatedCompositeFieldContainer[RootCause]
    error: ErrorInfo
    verdict: str
    mechanism: str
    reason: str
    collapse_probability: float
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., collapse_detected: _Optional[bool] = ..., collapse_type: _Optional[str] = ..., severity: _Optional[str] = ..., dimensions: _Optional[_Iterable[_Union[DimensionScore, _Mapping]]] = ..., root_causes: _Optional[_Iterable[_Union[RootCause, _Mapping]]] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ..., verdict: _Optional[str] = ..., mechanism: _Optional[str] = ..., reason: _Optional[str] = ..., collapse_probability: _Optional[float] = ...) -> None: ...

class DimensionScore(_message.Message):
    __slots__ = ("dimension", "score", "threshold", "passed")
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    dimension: str
    score: int
    threshold: int
    passed: bool
    def __init__(self, dimension: _Optional[str] = ..., score: _Optional[int] = ..., threshold: _Optional[int] = ..., passed: _Optional[bool] = ...) -> None: ...

class RootCause(_message.Message):
    __slots__ = ("cause", "percentage", "description")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    PERCENTAGE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    cause: str
    percentage: float
    description: str
    def __init__(self, cause: _Optional[str] = ..., percentage: _Optional[float] = ..., description: _Optional[str] = ...) -> None: ...

class LocalizationRequest(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "sample_s3_path", "cascade_results", "collapse_info")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_S3_PATH_FIELD_NUMBER: _ClassVar[int]
    CASCADE_RESULTS_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_INFO_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    sample_s3_path: str
    cascade_results: _containers.RepeatedCompositeFieldContainer[ModelResult]
    collapse_info: CollapseResponse
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., sample_s3_path: _Optional[str] = ..., cascade_results: _Optional[_Iterable[_Union[ModelResult, _Mapping]]] = ..., collapse_info: _Optional[_Union[CollapseResponse, _Mapping]] = ...) -> None: ...

class LocalizationResponse(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "regions", "ablations", "error")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    REGIONS_FIELD_NUMBER: _ClassVar[int]
    ABLATIONS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    regions: _containers.RepeatedCompositeFieldContainer[ProblematicRegion]
    ablations: _containers.RepeatedCompositeFieldContainer[AblationResult]
    error: ErrorInfo
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., regions: _Optional[_Iterable[_Union[ProblematicRegion, _Mapping]]] = ..., ablations: _Optional[_Iterable[_Union[AblationResult, _Mapping]]] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ...) -> None: ...

class ProblematicRegion(_message.Message):
    __slots__ = ("region_id", "row_start", "row_end", "issue_type", "impact_score", "affected_columns")
    REGION_ID_FIELD_NUMBER: _ClassVar[int]
    ROW_START_FIELD_NUMBER: _ClassVar[int]
    ROW_END_FIELD_NUMBER: _ClassVar[int]
    ISSUE_TYPE_FIELD_NUMBER: _ClassVar[int]
    IMPACT_SCORE_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_COLUMNS_FIELD_NUMBER: _ClassVar[int]
    region_id: str
    row_start: int
    row_end: int
    issue_type: str
    impact_score: float
    affected_columns: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, region_id: _Optional[str] = ..., row_start: _Optional[int] = ..., row_end: _Optional[int] = ..., issue_type: _Optional[str] = ..., impact_score: _Optional[float] = ..., affected_columns: _Optional[_Iterable[str]] = ...) -> None: ...

class AblationResult(_message.Message):
    __slots__ = ("region_id", "risk_score_before", "risk_score_after", "improvement", "hypothesis_confirmed")
    REGION_ID_FIELD_NUMBER: _ClassVar[int]
    RISK_SCORE_BEFORE_FIELD_NUMBER: _ClassVar[int]
    RISK_SCORE_AFTER_FIELD_NUMBER: _ClassVar[int]
    IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    HYPOTHESIS_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    region_id: str
    risk_score_before: int
    risk_score_after: int
    improvement: int
    hypothesis_confirmed: bool
    def __init__(self, region_id: _Optional[str] = ..., risk_score_before: _Optional[int] = ..., risk_score_after: _Optional[int] = ..., improvement: _Optional[int] = ..., hypothesis_confirmed: _Optional[bool] = ...) -> None: ...

class RecommendationRequest(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "localization", "collapse_info")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    LOCALIZATION_FIELD_NUMBER: _ClassVar[int]
    COLLAPSE_INFO_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    localization: LocalizationResponse
    collapse_info: CollapseResponse
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., localization: _Optional[_Union[LocalizationResponse, _Mapping]] = ..., collapse_info: _Optional[_Union[CollapseResponse, _Mapping]] = ...) -> None: ...

class RecommendationResponse(_message.Message):
    __slots__ = ("dataset_id", "validation_id", "recommendations", "combined_impact", "error")
    DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATION_ID_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDATIONS_FIELD_NUMBER: _ClassVar[int]
    COMBINED_IMPACT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    dataset_id: str
    validation_id: str
    recommendations: _containers.RepeatedCompositeFieldContainer[Recommendation]
    combined_impact: CombinedImpact
    error: ErrorInfo
    def __init__(self, dataset_id: _Optional[str] = ..., validation_id: _Optional[str] = ..., recommendations: _Optional[_Iterable[_Union[Recommendation, _Mapping]]] = ..., combined_impact: _Optional[_Union[CombinedImpact, _Mapping]] = ..., error: _Optional[_Union[ErrorInfo, _Mapping]] = ...) -> None: ...

class Recommendation(_message.Message):
    __slots__ = ("priority", "category", "title", "description", "impact", "implementation")
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CATEGORY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    IMPLEMENTATION_FIELD_NUMBER: _ClassVar[int]
    priority: int
    category: str
    title: str
    description: str
    impact: Impact
    implementation: Implementation
    def __init__(self, priority: _Optional[int] = ..., category: _Optional[str] = ..., title: _Optional[str] = ..., description: _Optional[str] = ..., impact: _Optional[_Union[Impact, _Mapping]] = ..., implementation: _Optional[_Union[Implementation, _Mapping]] = ...) -> None: ...

class Impact(_message.Message):
    __slots__ = ("current_risk_score", "expected_risk_score", "improvement")
    CURRENT_RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    current_risk_score: int
    expected_risk_score: int
    improvement: int
    def __init__(self, current_risk_score: _Optional[int] = ..., expected_risk_score: _Optional[int] = ..., improvement: _Optional[int] = ...) -> None: ...

class Implementation(_message.Message):
    __slots__ = ("method", "affected_rows", "estimated_time", "script_url")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_ROWS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TIME_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_URL_FIELD_NUMBER: _ClassVar[int]
    method: str
    affected_rows: int
    estimated_time: str
    script_url: str
    def __init__(self, method: _Optional[str] = ..., affected_rows: _Optional[int] = ..., estimated_time: _Optional[str] = ..., script_url: _Optional[str] = ...) -> None: ...

class CombinedImpact(_message.Message):
    __slots__ = ("current_risk_score", "expected_risk_score", "total_improvement", "estimated_time")
    CURRENT_RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_RISK_SCORE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_TIME_FIELD_NUMBER: _ClassVar[int]
    current_risk_score: int
    expected_risk_score: int
    total_improvement: int
    estimated_time: str
    def __init__(self, current_risk_score: _Optional[int] = ..., expected_risk_score: _Optional[int] = ..., total_improvement: _Optional[int] = ..., estimated_time: _Optional[str] = ...) -> None: ...

class ErrorInfo(_message.Message):
    __slots__ = ("code", "message", "details", "retryable", "retry_after_seconds")
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DETAILS_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    code: int
    message: str
    details: str
    retryable: bool
    retry_after_seconds: int
    def __init__(self, code: _Optional[int] = ..., message: _Optional[str] = ..., details: _Optional[str] = ..., retryable: _Optional[bool] = ..., retry_after_seconds: _Optional[int] = ...) -> None: ...

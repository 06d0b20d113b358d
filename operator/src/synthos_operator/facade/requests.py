"""Messages to ValidationRunSpec, and what makes a request malformed. Pure.

Every bound on a field is the one of `synthos_api.v1alpha1`; here only stands which message field
feeds which field of the spec. Rules across fields (CEL) are the API server's, at creation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from synthos_api.errors import UsageError
from synthos_api.presets import SYNTHOS_18, tiers_of, vocabulary_of
from synthos_api.results import CorrelationPair, DiversityMetrics
from synthos_api.v1alpha1 import DatasetRef, TierSpec, ValidationRunSpec

from .failures import InvalidRequest
from .objects import RunObject
from .pb import validation_pb2 as pb

MAX_ID: Final = 253
_TIER_DEFAULTS: Final = {tier.tier: tier for tier in SYNTHOS_18}

# Path of a spec field, as pydantic reports it -> the field of the message a caller knows.
_WIRE_NAMES: Final = {
    "tier": "tier_number",
    "modelSize": "model_size",
    "variants": "num_variants",
    "trainingRows": "training_rows",
    "batchSize": "batch_size",
    "vocabSize": "vocab_size",
    "targetModelSize": "target_model_size",
    "architecture": "target_architecture",
}


def required_id(field: str, value: str) -> str:
    """An identifier that is there and fits. Raises InvalidRequest."""
    if not value.strip():
        raise InvalidRequest(f"{field} is required")
    if len(value) > MAX_ID:
        raise InvalidRequest(f"{field} is longer than {MAX_ID} characters")
    return value


def _complaint(error: ValidationError, uri_field: str) -> str:
    """One line that names the fields of the message; never repeats the values."""
    told = []
    for problem in error.errors(include_url=False, include_input=False)[:5]:
        path = [str(part) for part in problem["loc"]]
        name = ".".join(_WIRE_NAMES.get(part, part) for part in path)
        if path[-1:] == ["uri"]:
            name = "reference_s3_path" if path[0] == "reference" else uri_field
            told.append(f"{name}: must be s3://bucket/key, file:///path or an absolute path")
        else:
            told.append(f"{name}: {problem['msg']}")
    return "; ".join(told)


def _spec(values: Mapping[str, Any], uri_field: str) -> ValidationRunSpec:
    try:
        return ValidationRunSpec.model_validate(values)
    except ValidationError as error:
        raise InvalidRequest(_complaint(error, uri_field)) from error


def _given(**values: Any) -> dict[str, Any]:
    """Only what the caller set: proto3 writes unset as zero or empty."""
    return {name: value for name, value in values.items() if value}


def data_format(request: pb.DiversityRequest) -> str:
    """Name of the format, empty for "find out". Raises InvalidRequest for a number we do not know."""
    try:
        name = pb.DataFormat.Name(request.format)
    except ValueError as error:
        raise InvalidRequest("format: not a DataFormat") from error
    return "" if name == "UNKNOWN_FORMAT" else name


def profile_spec(request: pb.DiversityRequest) -> ValidationRunSpec:
    dataset = _given(uri=request.s3_path, format=data_format(request))
    if request.row_count < 0:
        raise InvalidRequest("row_count: must not be negative")
    if "uri" not in dataset:
        raise InvalidRequest("s3_path is required")
    values = {"dataset_id": required_id("dataset_id", request.dataset_id), "dataset": dataset, "through": "Profile"}
    return _spec(values, "s3_path")


def _tier(tier: pb.ModelTier) -> dict[str, Any]:
    usual = _TIER_DEFAULTS.get(tier.tier_number)
    defaults = {"gpus": usual.gpus, "batch_size": usual.batch_size} if usual else {}
    return {
        "tier": tier.tier_number,
        "model_size": tier.model_size,
        "variants": tier.num_variants,
        "training_rows": tier.training_rows,
        **defaults,
        **_given(gpus=tier.gpus, batch_size=tier.batch_size, nodes=tier.nodes),
    }


def cascade_spec(request: pb.CascadeRequest) -> ValidationRunSpec:
    """The run a TrainCascade request means. Raises InvalidRequest."""
    if not request.sample_s3_path:
        raise InvalidRequest("sample_s3_path is required")
    config = request.config
    numbers = [tier.tier_number for tier in config.tiers]
    if len(numbers) != len(set(numbers)):
        raise InvalidRequest("config.tiers: each tier_number may occur once")
    if numbers and config.preset:
        raise InvalidRequest("config: give either preset or tiers, not both")
    cascade = _given(
        preset=config.preset,
        architecture=config.target_architecture,
        vocab_size=config.vocab_size,
        target_model_size=config.target_model_size,
        tiers=[_tier(tier) for tier in config.tiers],
    )
    values = {
        "dataset_id": required_id("dataset_id", request.dataset_id),
        "validation_id": required_id("validation_id", request.validation_id),
        "dataset": {"uri": request.sample_s3_path},
        "cascade": cascade,
        "through": "Verdict",
    }
    if request.reference_s3_path:
        values["reference"] = {"uri": request.reference_s3_path}
    return _spec(values, "sample_s3_path")


def metrics(message: pb.DiversityMetrics) -> DiversityMetrics | None:
    """The caller's metrics; None where the message says nothing. Raises InvalidRequest.

    Without clusters, entropy and Gini coefficient cannot have been measured, so zeros there mean "not".
    """
    if not message.ByteSize():
        return None
    clustered = message.cluster_count != 0
    try:
        return DiversityMetrics(
            entropy=message.entropy if clustered else None,
            gini_coefficient=message.gini_coefficient if clustered else None,
            cluster_count=message.cluster_count if clustered else None,
            correlations=[
                CorrelationPair(column_a=c.column_a, column_b=c.column_b, correlation=c.correlation)
                for c in message.correlations
            ],
            rare_pattern_percentage=message.rare_pattern_percentage,
            outlier_percentage=message.outlier_percentage,
        )
    except ValidationError as error:
        raise InvalidRequest(f"diversity.{_complaint(error, '')}") from error


def check_dataset(dataset_id: str, found: RunObject) -> None:
    """Raise UsageError (1009) when the validation is of another dataset, without saying of which."""
    if found.dataset_id != dataset_id:
        raise UsageError("validation_id belongs to another dataset than dataset_id")


def check_target(request: pb.PredictionRequest, found: RunObject) -> None:
    """Raise UsageError (1009) when the run was started for another model size than the one asked for."""
    target = found.spec.cascade.target_model_size
    if request.target_model_size and target and request.target_model_size != target:
        raise UsageError(
            f"the run was started with target_model_size {target}; start a validation with the one you mean"
        )


def check_same(wanted: ValidationRunSpec, found: RunObject) -> None:
    """Raise UsageError (1009) unless the existing run answers the same question as the request.

    Compared is what the specs mean, so a run that was made with kubectl and spells a default out
    is the same one. The differing fields are named, never their values: they may be another's.
    """
    spec = found.spec
    pairs: dict[str, tuple[object, object]] = {
        "dataset_id": (wanted.dataset_id, found.dataset_id),
        "validation_id": (wanted.validation_id or found.validation_id, found.validation_id),
        "dataset": (wanted.dataset.uri, spec.dataset.uri),
        "format": (wanted.dataset.format or spec.dataset.format, spec.dataset.format),
        "reference": (_uri(wanted.reference), _uri(spec.reference)),
    }
    if wanted.through == "Verdict":
        pairs |= {
            "tiers": (_effective_tiers(wanted), _effective_tiers(spec)),
            "target_architecture": (wanted.cascade.architecture, spec.cascade.architecture),
            "vocab_size": (vocabulary_of(wanted.cascade), vocabulary_of(spec.cascade)),
            "target_model_size": (wanted.cascade.target_model_size, spec.cascade.target_model_size),
        }
    different = [name for name, (ours, theirs) in pairs.items() if ours != theirs]
    if different:
        what = "this dataset" if wanted.through == "Profile" else "validation_id"
        raise UsageError(
            f"a run for {what} exists already with other values for {', '.join(different)}; "
            "repeat the first request, or use a new id"
        )
    if wanted.through == "Verdict" and spec.through in ("Profile", "PreScreen"):
        raise UsageError(f"the run {found.name} exists and ends after {spec.through}; extend its `through` to Verdict")


def _uri(dataset: DatasetRef | None) -> str | None:
    return dataset.uri if dataset else None


def _effective_tiers(spec: ValidationRunSpec) -> tuple[TierSpec, ...]:
    return tiers_of(spec.cascade)

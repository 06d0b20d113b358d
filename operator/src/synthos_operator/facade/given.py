"""Answers from the `cascade_results` of a request alone, where the run is unknown. Pure.

ModelResult on the wire carries one loss and a flag, not the paired losses a verdict rests on (the
reference twin's, and on which data). So the flags can convict but nothing here can acquit: an
unset flag and a flag that says "no" are the same byte, namely none.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthos_api.errors import UsageError

from .pb import validation_pb2 as pb

MIN_MODELS = 3
"""Fewer models decide nothing: one bad seed would."""


def _unknown(validation_id: str) -> str:
    return f"no validation {validation_id} is known here"


def collapse(validation_id: str, models: Sequence[pb.ModelResult]) -> pb.CollapseResponse:
    """Collapse where more than half of at least three models carry `collapse_detected`.

    Raises UsageError (1009) that says what is missing in every other case.
    """
    if not models:
        raise UsageError(f"{_unknown(validation_id)}, and the request has no cascade_results")
    flagged = sum(model.collapse_detected for model in models)
    if len(models) < MIN_MODELS or 2 * flagged <= len(models):
        raise UsageError(
            f"{_unknown(validation_id)}, and its cascade_results do not decide: {flagged} of {len(models)} models "
            f"carry collapse_detected (more than half of at least {MIN_MODELS} would), and without the reference "
            "losses, which cascade_results do not carry, collapse cannot be ruled out"
        )
    return pb.CollapseResponse(
        collapse_detected=True,
        verdict="collapse",
        reason=f"{flagged} of {len(models)} models in the request carry collapse_detected; "
        "type, severity, dimensions and probability need the run itself.",
    )


def predictions(validation_id: str, models: Sequence[pb.ModelResult]) -> pb.PredictionResponse:
    """Never suffices: raises UsageError (1009) that says what is missing.

    A risk score is a calibrated probability, and calibration rests on paired losses; a response
    without it would show 0, which reads as "no risk".
    """
    have = f"{len(models)} cascade_results" if models else "no cascade_results"
    raise UsageError(
        f"{_unknown(validation_id)}, and the request has {have}: predicted_accuracy and final_risk_score need the "
        "losses of the reference twins, which cascade_results do not carry; run TrainCascade"
    )

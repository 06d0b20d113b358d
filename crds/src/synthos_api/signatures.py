"""Phase 3: known signatures of degenerate data, matched against what a profile measured. Pure.

Lives in the contract because both halves need it: the profile's pod, and the facade for metrics that
a caller brings. Every signature is a stated formula, 0 (nothing of it) to 1 (all of it); they are
stated, not fitted, so the pre-risk score built from them is *not* a calibrated probability of
collapse. No outcome has been measured per signature yet, so `historical_outcome` stays empty, and
so does `collapse_type`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .results import DiversityMetrics, PreScreenResult, SignatureMatch


@dataclass(frozen=True)
class Measured:
    """What a signature may look at; None is "not measured", never zero."""

    metrics: DiversityMetrics
    duplicate_row_percentage: float | None
    total_rows: int | None


@dataclass(frozen=True)
class Signature:
    """`similarity` gives 0..1, or None where what it needs was not measured; `advice` says what to do."""

    signature_id: str
    similarity: Callable[[Measured], float | None]
    advice: str


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high`, a straight line between."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _constant(measured: Measured) -> float | None:
    """1 when all rows are the same; otherwise 0. Needs the number of rows."""
    if measured.duplicate_row_percentage is None or measured.total_rows is None:
        return None
    different = measured.total_rows * (1 - measured.duplicate_row_percentage / 100)
    return 1.0 if measured.total_rows > 1 and round(different) <= 1 else 0.0


def _duplication(measured: Measured) -> float | None:
    """Percent of rows that repeat an earlier one: from 5 (nothing) to 50 (all of it)."""
    if measured.duplicate_row_percentage is None:
        return None
    return _ramp(measured.duplicate_row_percentage, 5.0, 50.0)


def _single_cluster(measured: Measured) -> float | None:
    """Entropy of the clusters below one bit. Harmless data may have it, so it counts one half at most.

    Below MIN_CLUSTERED rows it says nothing: 400 rows of real documentation text form one cluster too.
    """
    few = measured.total_rows is not None and measured.total_rows < MIN_CLUSTERED
    if measured.metrics.entropy is None or few:
        return None
    return 0.5 * (1 - _ramp(measured.metrics.entropy, 0.0, 1.0))


def _redundant_columns(measured: Measured) -> float | None:
    """Half the share of correlated pairs with |r| of 0.999 or more; the list holds the largest |r| only."""
    pairs = measured.metrics.correlations
    if not pairs:
        return None
    return 0.5 * sum(abs(pair.correlation) >= 0.999 for pair in pairs) / len(pairs)


CONSTANT: Final = "constant-data"
MIN_CLUSTERED: Final = 1000

LIBRARY: Final = (
    Signature(CONSTANT, _constant, "All rows are the same: there is nothing to learn from; replace the data."),
    Signature("heavy-duplication", _duplication, "Remove exact duplicates before training on this dataset."),
    Signature("single-cluster", _single_cluster, "The rows are hardly different in kind; check how they were chosen."),
    Signature("redundant-columns", _redundant_columns, "Numeric columns repeat each other; check how they were made."),
)


def prescreen(
    metrics: DiversityMetrics, duplicate_row_percentage: float | None, total_rows: int | None = None
) -> PreScreenResult:
    """Match a profile against LIBRARY; quantities that were not measured match nothing.

    `pre_risk_score` is 100 × the largest similarity, None where nothing could be judged.
    `should_proceed` is false only for constant data, where no cascade could say anything else.
    """
    measured = Measured(metrics, duplicate_row_percentage, total_rows)
    found = [(signature, signature.similarity(measured)) for signature in LIBRARY]
    known = [(signature, similarity) for signature, similarity in found if similarity is not None]
    hits = sorted(((s, x) for s, x in known if x > 0), key=lambda hit: -hit[1])
    constant = any(signature.signature_id == CONSTANT for signature, _ in hits)
    advice = hits[0][0].advice if hits else "No signature of degenerate data was found; train the cascade."
    if not known:
        advice = "Nothing was measured that a signature could match; train the cascade."
    return PreScreenResult(
        pre_risk_score=round(100 * max(similarity for _, similarity in known)) if known else None,
        matches=[SignatureMatch(signature_id=s.signature_id, similarity=round(x, 4)) for s, x in hits],
        should_proceed=not constant,
        recommendation=advice,
    )

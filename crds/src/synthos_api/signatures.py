"""Phase 3: a profile against the signature library. Pure, and without numpy: the facade needs it too.

docs/signatures.md has the formulas and what they are worth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .fingerprint import fingerprint_of, fingerprint_of_metrics
from .results import DiversityMetrics, PreScreenResult, ProfileResult, SignatureMatch
from .signature_library import ANY, Library, Outcome, Part, Signature, library

Fingerprint = Mapping[str, float]

CONSTANT: Final = "constant-data"
"""Not learnt, but logic: rows that are all the same hold one row."""
FARTHEST: Final = 12.0
"""Standardised values are cut here: beyond it, farther is no stranger."""
SHOWN_FROM: Final = 0.1
"""Similarity from which a match is listed."""
INSIDE: Final = 0.5
"""Similarity at a region's edge."""


@dataclass(frozen=True)
class Judged:
    """`similarities` and `coverage` by signature; coverage is the share of its features' weight that was measured."""

    similarities: dict[str, float]
    coverage: dict[str, float]
    risk: float | None


def prescreen(profile: ProfileResult) -> PreScreenResult:
    """Phase 3 of a profile. What was not measured matches nothing; without anything measured there is no score."""
    if _is_constant(profile):
        return _constant(profile.total_rows)
    return _screened(fingerprint_of(profile), profile.modality, library())


def prescreen_metrics(metrics: DiversityMetrics) -> PreScreenResult:
    """The same for metrics that somebody brings, of data of unknown modality."""
    return _screened(fingerprint_of_metrics(metrics), "", library())


def judged(fingerprint: Fingerprint, part: Part) -> Judged:
    """Similarities to a part's signatures, and the calibrated probability of collapse.

    logit p = logit(base rate) + c · (intercept + Σ log_oddsᵢ · similarityᵢ − logit(base rate)) with c the share of
    all features' weight that was measured: what is half known is half as far from the base rate. None at c = 0.
    """
    standard = standardised(fingerprint, part)
    similarities: dict[str, float] = {}
    coverage: dict[str, float] = {}
    evidence, measured, possible = part.intercept, 0.0, 0.0
    for signature in part.signatures:
        similarity, covered = similar(standard, signature)
        coverage[signature.signature_id] = covered
        if covered > 0:
            similarities[signature.signature_id] = similarity
            evidence += signature.log_odds * similarity * covered
        total = sum(extent.weight for extent in signature.extents)
        measured, possible = measured + covered * total, possible + total
    if measured == 0:
        return Judged(similarities, coverage, None)
    base = logit(part.base_rate)
    share = measured / possible
    return Judged(similarities, coverage, _expit(base + share * (evidence - base)))


def standardised(fingerprint: Fingerprint, part: Part) -> dict[str, float]:
    """Of the features that the part knows: z, cut at FARTHEST."""
    return {
        name: max(-FARTHEST, min(FARTHEST, (fingerprint[name] - scale.median) / scale.scale))
        for name, scale in part.scales.items()
        if name in fingerprint and math.isfinite(fingerprint[name])
    }


def similar(standard: Mapping[str, float], signature: Signature) -> tuple[float, float]:
    """(similarity, coverage) of standardised features.

    2 ** -(D / radius)² with D² the weighted mean over the features that are there of ((z − centre) / spread)²,
    zero where z lies beyond the centre on a side that is open.
    """
    squares, measured, possible = 0.0, 0.0, 0.0
    for extent in signature.extents:
        possible += extent.weight
        if extent.feature not in standard:
            continue
        away = (standard[extent.feature] - extent.centre) / extent.spread
        if away * extent.side <= 0:
            squares += extent.weight * away * away
        measured += extent.weight
    if measured == 0:
        return 0.0, 0.0
    return float(2.0 ** -(squares / measured / signature.radius**2)), measured / possible


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _expit(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds)) if log_odds > -700 else 0.0


def outcome_in_words(outcome: Outcome) -> str:
    """What came of the datasets that looked like this."""
    if not outcome.cases:
        return "no dataset of a left-out source looked like this"
    sources = f"{outcome.sources} source{'s' if outcome.sources != 1 else ''}"
    effect = f", median {outcome.median_effect:+.0%} loss" if outcome.median_effect is not None else ""
    return f"collapsed in {outcome.collapsed} of {outcome.cases} cases ({sources}){effect}"


def _screened(fingerprint: Fingerprint, modality: str, known: Library) -> PreScreenResult:
    part = known.parts.get(modality) or known.parts.get(ANY)
    found = judged(fingerprint, part) if part else None
    if part is None or found is None or found.risk is None:
        return PreScreenResult(recommendation="Nothing was measured that a signature could match; train the cascade.")
    by_id = {signature.signature_id: signature for signature in part.signatures}
    order = sorted(found.similarities.items(), key=lambda item: (-item[1], item[0]))
    matches = [
        SignatureMatch(
            signature_id=name,
            collapse_type=by_id[name].collapse_type,
            similarity=round(similarity, 4),
            historical_outcome=outcome_in_words(by_id[name].outcome),
        )
        for name, similarity in order
        if similarity >= SHOWN_FROM
    ]
    return PreScreenResult(
        pre_risk_score=round(100 * found.risk), matches=matches, recommendation=_advice(found.risk, part, matches)
    )


def _advice(risk: float, part: Part, matches: list[SignatureMatch]) -> str:
    said = (
        f"The library gives datasets that look like this a chance of {risk:.0%} to collapse "
        f"({part.base_rate:.0%} of all its cases did). "
    )
    inside = [match for match in matches if match.similarity >= INSIDE]
    if inside:
        nearest = next(one for one in part.signatures if one.signature_id == inside[0].signature_id)
        features = ", ".join(extent.feature for extent in nearest.extents)
        said += f"Most like {nearest.signature_id} (by {features}): {inside[0].historical_outcome}. "
    return said + "A pre-screen does not settle it: train the cascade."


def _is_constant(profile: ProfileResult) -> bool:
    if profile.duplicate_row_percentage is None or profile.total_rows < 2:
        return False
    return round(profile.total_rows * (1 - profile.duplicate_row_percentage / 100)) <= 1


def _constant(rows: int) -> PreScreenResult:
    return PreScreenResult(
        pre_risk_score=100,
        matches=[SignatureMatch(signature_id=CONSTANT, similarity=1.0)],
        should_proceed=False,
        recommendation=f"All {rows:,} rows are the same, and no cascade could find more in them; replace the data.",
    )

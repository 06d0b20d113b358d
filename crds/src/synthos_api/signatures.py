"""Phase 3: match a profile's metrics against a small library of degenerate patterns.

Each signature is a formula with values from 0 (nothing of it) to 1 (the pattern in its pure form).
The formulas are stated, not fitted: the pre-risk score built from them is a screening score and
*not* a calibrated probability of collapse. No outcome has been measured per signature yet, so
`historical_outcome` stays empty, and so does `collapse_type`; the mechanism stands before the slash
of the signature's name, in the words of `results.Mechanism`.

Real data also repeat rows and have uneven clusters, so a low similarity is normal; only what is
degenerate beyond doubt stops a cascade.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from .results import DiversityMetrics, PreScreenResult, SignatureMatch

REPORTED_FROM: Final = 0.05
"""Matches below this similarity are left out; the score counts reported matches only."""

WARN_FROM: Final = 0.5
"""From this similarity on the recommendation names the pattern."""

CONSTANT_DUPLICATES: Final = 99.9
"""Percent of repeated rows from which data of a single cluster counts as constant."""

NORMAL_TAIL: Final = 2.0
"""Percent of rare and outlying rows together from which tails count as present."""


class Evidence(NamedTuple):
    """What a signature may look at; None is 'not measured', never zero."""

    metrics: DiversityMetrics
    duplicates: float | None


Formula = Callable[[Evidence], float | None]


class Signature(NamedTuple):
    signature_id: str
    formula: Formula
    meaning: str


def _unit(value: float) -> float:
    return min(1.0, max(0.0, value))


def constant_data(seen: Evidence) -> float | None:
    """1 where every row is the same row: one cluster, and (nearly) all rows repeat another; else 0."""
    if seen.duplicates is None or not seen.metrics.cluster_count:
        return None
    return 1.0 if seen.metrics.cluster_count == 1 and seen.duplicates >= CONSTANT_DUPLICATES else 0.0


def exact_duplication(seen: Evidence) -> float | None:
    """The share of rows that exactly repeat an earlier row."""
    return None if seen.duplicates is None else _unit(seen.duplicates / 100)


def cluster_dominance(seen: Evidence) -> float | None:
    """1 - H / log2(k): one minus Pielou's evenness (1966) of the cluster sizes.

    H is the entropy of cluster membership in bits, k the number of clusters. 0: equal sizes;
    towards 1: one cluster holds nearly everything. Not defined for fewer than two clusters.
    """
    count, entropy = seen.metrics.cluster_count, seen.metrics.entropy
    if entropy is None or count is None or count < 2:
        return None
    return _unit(1 - entropy / math.log2(count))


def vanished_tails(seen: Evidence) -> float | None:
    """min(dominance, 1 - tails / 2 %): one mode, and rare rows gone, the sign of recursive training.

    Tails are rare-pattern plus outlier percentages. Loss of the tails comes first when models are
    trained on their own output (Shumailov et al. 2024, doi 10.1038/s41586-024-07566-y), but clean
    uniform data have no tails either, hence the minimum (fuzzy "and") with dominance.
    """
    dominance = cluster_dominance(seen)
    rare, outlying = seen.metrics.rare_pattern_percentage, seen.metrics.outlier_percentage
    if dominance is None or rare is None or outlying is None:
        return None
    return min(dominance, _unit(1 - (rare + outlying) / NORMAL_TAIL))


CONSTANT_ID: Final = "narrowed/constant-data"

SIGNATURES: Final = (
    Signature(CONSTANT_ID, constant_data, "all rows are the same row"),
    Signature("duplicated/exact-rows", exact_duplication, "many rows exactly repeat another; deduplicate them"),
    Signature("narrowed/cluster-dominance", cluster_dominance, "one cluster holds most rows; look for what it repeats"),
    Signature("narrowed/vanished-tails", vanished_tails, "one mode and no rare rows; compare with a trusted reference"),
)


def prescreen(metrics: DiversityMetrics, duplicate_row_percentage: float | None) -> PreScreenResult:
    """Match measured metrics (percentages 0..100, entropy in bits) against the library.

    `pre_risk_score` is 100 x the highest similarity, and None where nothing could be judged.
    `should_proceed` is False only for constant data: there a cascade cannot change the outcome.
    """
    seen = Evidence(metrics, duplicate_row_percentage)
    judged = [(s, value) for s in SIGNATURES if (value := s.formula(seen)) is not None]
    if not judged:
        return PreScreenResult(recommendation="Too little was measured to compare with the signature library.")
    found = sorted((m for m in judged if m[1] >= REPORTED_FROM), key=lambda match: -match[1])
    constant = any(s.signature_id == CONSTANT_ID for s, _ in found)
    return PreScreenResult(
        pre_risk_score=round(100 * found[0][1]) if found else 0,
        matches=[SignatureMatch(signature_id=s.signature_id, similarity=round(value, 4)) for s, value in found],
        should_proceed=not constant,
        recommendation=_recommendation(found, constant=constant),
    )


def _recommendation(found: list[tuple[Signature, float]], *, constant: bool) -> str:
    if constant:
        return "Do not train: all rows are the same row, and no cascade can change that."
    strong = [s.meaning for s, value in found if value >= WARN_FROM]
    if strong:
        return f"Run the cascade to measure the effect: {'; '.join(strong)}."
    return "No strong degenerate pattern; run the cascade to measure the effect of training."

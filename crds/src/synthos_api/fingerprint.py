"""The numbers of a profile that signatures are matched on. Pure.

They are the profile's own fingerprint and, named alike, what its metrics tell, so that metrics alone and
profiles of before there were fingerprints are matched on what they have. What was not measured is absent.
"""

from __future__ import annotations

from typing import Final

from .results import DiversityMetrics, ProfileResult

FINGERPRINT: Final = 1
"""Version of what the numbers mean. Raised whenever a profile gives other ones for the same rows: fingerprints
and a library of another version are then measured and learnt anew (`make signatures`)."""

DUPLICATES: Final = "duplicate_share"
NEARLY_EQUAL: Final = 0.999
"""|r| from which two columns count as repeating each other."""


def fingerprint_of(profile: ProfileResult) -> dict[str, float]:
    """By name; units stand in docs/profile.md."""
    found = fingerprint_of_metrics(profile.metrics)
    if profile.duplicate_row_percentage is not None:
        found[DUPLICATES] = profile.duplicate_row_percentage / 100
    return found | profile.fingerprint


def fingerprint_of_metrics(metrics: DiversityMetrics) -> dict[str, float]:
    """What metrics tell by themselves."""
    measured = {
        "entropy": metrics.entropy,
        "gini_coefficient": metrics.gini_coefficient,
        "cluster_count": metrics.cluster_count,
        "rare_pattern_percentage": metrics.rare_pattern_percentage,
        "outlier_percentage": metrics.outlier_percentage,
    }
    sizes = [abs(pair.correlation) for pair in metrics.correlations]
    if sizes:
        measured |= {
            "largest_correlation": max(sizes),
            "mean_correlation": sum(sizes) / len(sizes),
            "redundant_pairs": sum(size >= NEARLY_EQUAL for size in sizes) / len(sizes),
        }
    return {name: float(value) for name, value in measured.items() if value is not None}

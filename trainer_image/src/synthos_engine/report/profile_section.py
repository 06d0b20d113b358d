"""The section on a dataset: which pictures there are for what a profile's artifact keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import profile_plots

_MOST_STRATA: Final = 16


@dataclass(frozen=True)
class ProfileSection:
    """Pictures as SVG, empty where there is nothing to draw; `rows` is the size of the row sample."""

    rows: int
    distributions: str
    association: str
    clusters: str
    coverage: str


def section_of(extra: Mapping[str, Any]) -> ProfileSection | None:
    """The section for the profile's extra (`details.pictures`, `strata_table`); None without pictures."""
    pictures = extra.get("details", {}).get("pictures")
    if pictures is None:
        return None
    columns, association, clusters = pictures["distributions"], pictures["association"], pictures["clusters"]
    strata = extra.get("strata_table", [])[:_MOST_STRATA]
    return ProfileSection(
        rows=pictures["rows"],
        distributions=profile_plots.distributions(columns) if columns else "",
        association=profile_plots.heat_map(association["columns"], association["values"]) if association else "",
        clusters=profile_plots.clusters(clusters["points"], clusters["labels"]),
        coverage=profile_plots.coverage(
            [stratum["description"] for stratum in strata],
            [stratum["rows"] for stratum in strata],
            [stratum["sampled"] for stratum in strata],
        )
        if len(strata) > 1
        else "",
    )

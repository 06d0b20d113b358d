"""The six dimensions by name, and the type of collapse that each explains."""

from __future__ import annotations

from typing import Final

from synthos_api.results import SIX_DIMENSIONS, CollapseType

DISTRIBUTION, CORRELATION, DIVERSITY, RARE, TEMPORAL, SEMANTIC = SIX_DIMENSIONS

TYPES: Final[dict[str, CollapseType]] = {
    DISTRIBUTION: "Type A",
    CORRELATION: "Type B",
    DIVERSITY: "Type C",
    RARE: "Type C",
    TEMPORAL: "Type D",
    SEMANTIC: "Type E",
}

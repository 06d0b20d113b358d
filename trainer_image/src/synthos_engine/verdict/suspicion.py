"""What a dataset shows by itself, without a reference: measured in synthos_engine.alone, judged in rule.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthos_api.results import Mechanism


@dataclass(frozen=True)
class Suspicion:
    """`probability` is None where too little could be measured, or nothing is known of such data.

    `firm`: on unseen sources and mechanisms, no dataset that is not collapsed was as suspicious. `signs`: in
    which it lies outside real corpora, as sentences' parts, the heaviest first.
    """

    probability: float | None = None
    firm: bool = False
    signs: Sequence[str] = ()
    mechanism: Mechanism = "other"

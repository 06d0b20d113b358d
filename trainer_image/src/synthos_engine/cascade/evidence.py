"""What is known beside the cascade's models: measured once in a run, from the samples, and kept in the store."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from pydantic import TypeAdapter, ValidationError

from synthos_api.errors import DatasetNotFound, DatasetTooSmall
from synthos_api.phases import EVIDENCE, PROFILE_RESULT, REFERENCE_SAMPLE, SAMPLE
from synthos_engine.cells.novelty import new_values
from synthos_engine.cells.stillness import hanging_share
from synthos_engine.context import PhaseContext, Store
from synthos_engine.data.artifacts import config_digest, read_extra, read_outcome
from synthos_engine.data.modality import modality_of
from synthos_engine.verdict.effect import FirstRung
from synthos_engine.verdict.novelty import NewValues, Novelty, measure_novelty

from .first_rung import climb
from .material import Rows, load_table, plan_tier, split

NOVELTY_BYTES: Final = 500_000
"""Text in which words are counted, of each side."""
NOVELTY_NULLS: Final = 3
SHOWN_REPETITION: Final = 0.02
"""Surplus of repeated rows over the reference's in equal samples that is no accident."""


@dataclass(frozen=True)
class Repetition:
    """Shares of rows that repeat another one, of the dataset and of the reference; None where not profiled."""

    own: float
    reference: float
    """In samples of equal numbers of rows."""
    all_own: float | None
    all_reference: float | None

    @property
    def unseen(self) -> float:
        """What the sample does not show of it.

        Rows of few possible values repeat ever more the more there are; only what shows at equal numbers is odd.
        """
        odd = self.all_own is not None and self.own - self.reference > SHOWN_REPETITION
        return max(0.0, (self.all_own or 0.0) - self.own) if odd else 0.0


@dataclass(frozen=True)
class Evidence:
    first_rung: FirstRung | None
    repetition: Repetition
    novelty: Novelty | None
    new_values: NewValues | None
    hanging: float | None

    def for_judge(self) -> dict[str, Any]:
        """As arguments of `verdict.judge`."""
        seen = self.repetition.own - self.repetition.reference
        return {
            "repeated": seen + self.repetition.unseen,
            "unseen_repetition": self.repetition.unseen,
            "novelty": self.novelty,
            "new_values": self.new_values,
            "hanging": self.hanging,
            "first_rung": self.first_rung,
        }


_ADAPTER: Final = TypeAdapter(Evidence)


def evidence_of(context: PhaseContext, candidate: Rows, reference: Rows | None) -> Evidence | None:
    """Of the samples; from the store where an earlier phase of this run has left it; None without a reference."""
    if reference is None:
        return None
    digest = _digest(context)
    try:
        document = json.loads(context.store.read_bytes(EVIDENCE))
        if document["digest"] == digest:
            return _ADAPTER.validate_python(document["evidence"])
    except (DatasetNotFound, ValueError, KeyError, TypeError, ValidationError):
        pass
    evidence = _measure(context, candidate, reference)
    content = json.dumps({"digest": digest, "evidence": asdict(evidence)}, allow_nan=False, indent=1)
    context.store.write_bytes(EVIDENCE, content.encode())
    return evidence


def _digest(context: PhaseContext) -> str:
    """The same for all phases of a run."""
    config = context.config.model_copy(update={"phase": "Verdict", "tier": None})
    return hashlib.sha256(config_digest(config).encode()).hexdigest()


def _measure(context: PhaseContext, candidate: Rows, reference: Rows) -> Evidence:
    config = context.config
    equal = min(len(candidate.texts), len(reference.texts))
    own, theirs = (rows.repeated_share(equal, config.seed) for rows in (candidate, reference))
    tier = config.tiers[-1]
    material = split(candidate, reference, config, tier.sequence_length)
    tables = load_table(context.store, SAMPLE), load_table(context.store, REFERENCE_SAMPLE)
    modality = modality_of(tables[1].schema)
    # The last tier's size and holdout, so that the rungs of the ladder can be compared.
    size = plan_tier(material, config, tier, trained=modality == "text").training_bytes
    try:
        first_rung = climb(material, tables, size, config.seed)
    except DatasetTooSmall as error:
        raise error.at(config.dataset.uri) from None
    return Evidence(
        first_rung=first_rung,
        repetition=Repetition(own, theirs, *repeated_in_full(context.store)),
        novelty=compare_words(candidate, reference, config.seed),
        new_values=new_values(*tables) if modality != "text" else None,
        hanging=hanging_share(*tables) if modality == "series" else None,
    )


def repeated_in_full(store: Store) -> tuple[float | None, float | None]:
    """Share of all rows of the dataset, and of the reference, that repeat an earlier one; None where not profiled."""
    try:
        profile = read_outcome(store, PROFILE_RESULT).profile
    except DatasetNotFound:
        return None, None
    theirs = read_extra(store, PROFILE_RESULT).get("reference", {}).get("profile", {})
    own = profile.duplicate_row_percentage if profile is not None else None
    return _share(own), _share(theirs.get("duplicate_row_percentage"))


def _share(percentage: float | None) -> float | None:
    return None if percentage is None else percentage / 100


def compare_words(candidate: Rows, reference: Rows, seed: int) -> Novelty | None:
    """Novelty of the candidate against half of the reference; the null are draws from the other half."""
    rng = np.random.default_rng((seed, 4))
    order = rng.permutation(len(reference.texts))
    size = min(NOVELTY_BYTES, candidate.size, reference.size // 2)
    known = _take(reference, order, size)
    rest = order[len(known) :]
    others = [_take(reference, rng.permutation(rest), size) for _ in range(NOVELTY_NULLS)]
    return measure_novelty(_take(candidate, rng.permutation(len(candidate.texts)), size), known, others)


def _take(rows: Rows, order: np.ndarray, size: int) -> list[bytes]:
    """Whole rows in this order up to about `size` bytes."""
    lengths = np.array([len(rows.texts[i]) for i in order])
    used = int(np.searchsorted(np.cumsum(lengths), size)) + 1
    return [rows.texts[i] for i in order[:used]]

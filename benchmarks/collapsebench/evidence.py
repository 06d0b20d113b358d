"""What the detector's first rung shows of a candidate, without the rest of a validation: seconds a candidate.

For fitting the detector to development labels (fit_links.py); verdicts come from `synthos validate` itself.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

import pyarrow as pa

from synthos_api.phases import PhaseConfig
from synthos_api.presets import NANO
from synthos_engine.cascade.first_rung import climb
from synthos_engine.cascade.material import plan_tier, rows_of_batches, split
from synthos_engine.cells.stillness import hanging_share
from synthos_engine.data.columns import ROW_COLUMN

from .candidates import Candidate
from .detect import unfitted_engine
from .modalities import of_source
from .workshop import CachedWorkshop

SEED: Final = 1
"""As of the verdicts."""


def evidence(candidate: Candidate, workshop: CachedWorkshop) -> dict[str, Any]:
    """One row of a result."""
    modality, parts = of_source(candidate.source), workshop.pools(candidate.source)
    ours, theirs = map(_sample, (candidate.table(workshop), modality.to_arrow(parts.reference, parts.columns)))
    config = PhaseConfig.model_validate(
        {"phase": "Verdict", "run": candidate.id, "dataset": {"uri": "/candidate"}, "reference": {"uri": "/reference"}}
        | {"artifacts_uri": "/unused", "sample_rows": max(ours.num_rows, theirs.num_rows), "tiers": NANO, "seed": SEED}
    )
    started = time.process_time()
    tier = config.tiers[-1]
    material = split(
        rows_of_batches(ours.to_batches()), rows_of_batches(theirs.to_batches()), config, tier.sequence_length
    )
    size = plan_tier(material, config, tier, trained=modality.name == "text").training_bytes
    rung = climb(material, (ours, theirs), size, SEED)
    if rung is None:
        raise ValueError("nothing was measured")
    return candidate.described() | {
        "content": candidate.content(workshop),
        "engine": unfitted_engine(),
        "modality_read": rung.modality,
        "effects": json.dumps({name: (one.excess, one.standard_error) for name, one in rung.effects.items()}),
        "added": rung.added.excess,
        "foreign": rung.foreign,
        "own": rung.own,
        "structure": rung.structure,
        "cohesion": rung.cohesion,
        "hanging": hanging_share(ours, theirs) if modality.name == "series" else None,
        "cpu_seconds": time.process_time() - started,
    }


def _sample(table: pa.Table) -> pa.Table:
    return table.append_column(ROW_COLUMN, pa.array(range(table.num_rows), pa.int64()))

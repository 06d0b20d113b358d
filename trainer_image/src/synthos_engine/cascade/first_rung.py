"""The first rung of the ladder: models that cost seconds, on many draws of the reference.

Byte n-gram models and small spectral networks for text, small networks over cells for tables and series, both for
tables that say much in prose. They answer both questions. Is the dataset worse than real data of its size: models
of the dataset against models of draws as large. Does adding it to what there is hurt: a model of the reference and
the dataset against one of the reference. Where that leaves the verdict on a text open, as many models again are
trained.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from synthos_api.errors import DatasetTooSmall
from synthos_engine.data.modality import Modality, modality_of
from synthos_engine.verdict.effect import FirstRung, estimate_from_draws, estimate_from_holdout
from synthos_engine.verdict.rule import firm

from .cell_readings import read_cells
from .material import Material
from .network_readings import read_with_networks
from .ngram_readings import read_bytes
from .prose import SMALLEST, prose_of, prose_size
from .readings import Readings

MOST_BYTES: Final = 150_000
"""Of text that a model is fitted to: links were fitted at 100,000, and with more of it the same steps see less of what
repeats."""
_SECOND_LOOK: Final = 12


def climb(material: Material, samples: tuple[pa.Table, pa.Table], size: int, seed: int) -> FirstRung | None:
    """What the models show on the real holdout; None without a reference.

    Args:
        samples: of the candidate and of the reference, of which the material holds the rows as text.
        size: bytes that a model of text is fitted to at most (a tier's plan has it).

    Raises DatasetTooSmall for what has to be read as text and is too little for that.
    """
    candidate, reference = samples
    if material.reference is None or material.real_holdout is None:
        return None
    modality = modality_of(reference.schema)
    if modality == "text":
        return _climb_text(material, size, seed)
    readings = read_cells(material, candidate, reference, seed)
    prose = prose_of(material, candidate, reference) if modality == "table" else None
    of_prose = _climb_text(prose, prose_size(prose), seed) if prose is not None else None
    if readings is not None:
        return replace(_rung(modality, readings), prose=of_prose)
    if of_prose is not None:
        return of_prose
    if size < SMALLEST:
        raise DatasetTooSmall(f"models would be trained on {size} bytes of it as text, {SMALLEST} are needed")
    # What has neither cells nor prose is read as the text it is stored as, which no link was measured to.
    return _rung(modality, _read_text(material, size, seed))


def _climb_text(material: Material, size: int, seed: int) -> FirstRung:
    """Where that leaves the verdict open, by twice as many models.

    Of cells twice as many told no more of another reader: there it is readers that differ.
    """
    size = min(size, MOST_BYTES)
    readings = _read_text(material, size, seed)
    rung = _rung("text", readings)
    if firm(rung):
        return rung
    again = int(np.random.SeedSequence((seed, _SECOND_LOOK)).generate_state(1)[0])
    return _rung("text", readings.with_more(_read_text(material, size, again)))


def _read_text(material: Material, size: int, seed: int) -> Readings:
    plain = read_bytes(material, size, seed)
    return replace(plain, scores={**plain.scores, **read_with_networks(material, size, seed)})


def _rung(modality: Modality, readings: Readings) -> FirstRung:
    scores, draws, by_itself = readings.scores, readings.draws_on_candidate, readings.candidate_by_itself
    own = readings.candidate_on_candidate
    return FirstRung(
        modality=modality,
        effects={name: estimate_from_draws(one.candidate, one.draws, readings.share) for name, one in scores.items()},
        added=estimate_from_holdout(readings.both, readings.present),
        foreign=draws / readings.draws_on_real - 1,
        own=None if own is None else own / draws - 1,
        structure=None if by_itself is None else by_itself / readings.draws_on_real - 1,
        cohesion=readings.cohesion,
    )

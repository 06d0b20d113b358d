"""The first rung of the ladder: models that cost seconds, on many draws of the reference.

Byte n-gram models for text, small networks over cells for tables and series. They answer both questions.
Is the dataset worse than real data of its size: models of the dataset against models of draws as large.
Does adding it to what there is hurt: a model of the reference and the dataset against one of the reference.
"""

from __future__ import annotations

import pyarrow as pa

from synthos_engine.data.modality import Modality, modality_of
from synthos_engine.verdict.effect import FirstRung, estimate_from_draws, estimate_from_holdout

from .cell_readings import read_cells
from .material import Material
from .ngram_readings import read_bytes
from .readings import Readings


def climb(material: Material, samples: tuple[pa.Table, pa.Table], size: int, seed: int) -> FirstRung | None:
    """What the models show on the real holdout; None without a reference.

    Args:
        samples: of the candidate and of the reference, of which the material holds the rows as text.
        size: bytes that a model of text is fitted to (a tier's plan has it).
    """
    candidate, reference = samples
    if material.reference is None or material.real_holdout is None:
        return None
    modality = modality_of(reference.schema)
    readings = None if modality == "text" else read_cells(material, candidate, reference, seed)
    if readings is None:  # what has no cells to lay out is read as the text it is stored as
        return _rung("text", read_bytes(material, size, seed))
    return _rung(modality, readings)


def _rung(modality: Modality, readings: Readings) -> FirstRung:
    scores, draws, by_itself = readings.scores, readings.draws_on_candidate, readings.candidate_by_itself
    told = next(iter(scores.values()))
    own = readings.candidate_on_candidate
    return FirstRung(
        model=readings.model,
        modality=modality,
        effects={name: estimate_from_draws(one.candidate, one.draws, readings.share) for name, one in scores.items()},
        added=estimate_from_holdout(told.both, told.present),
        foreign=draws / readings.draws_on_real - 1,
        own=None if own is None else own / draws - 1,
        structure=None if by_itself is None else by_itself / readings.draws_on_real - 1,
    )

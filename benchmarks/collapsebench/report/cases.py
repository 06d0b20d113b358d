"""The results that count: labels as registered, verdicts on the same rows, real draws."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .. import results, statistics
from ..labels import Null
from ..registration import SPLITS, digest, modality_of, registered


def labels() -> dict[str, dict[str, Any]]:
    """Those that were measured as registered."""
    return {key: row for key, row in results.read("labels").items() if row["registration"] == digest(row["modality"])}


def cases() -> list[dict[str, Any]]:
    """Verdicts of both modes with their labels."""
    return statistics.joined(labels(), results.read("detections"))


def of_other_rows() -> list[statistics.Case]:
    """Verdicts that are not among `cases` because their label is of other rows."""
    return statistics.of_other_rows(labels(), results.read("detections"))


def left_out() -> set[str]:
    """Ids of candidates that cannot be made as registered: their source has too few rows."""
    rows = results.read("left_out").values()
    return {row["id"] for row in rows if row["registration"] == digest(row["modality"])}


def draws() -> dict[str, list[float]]:
    """The judge's losses on real draws as registered, by source in the order of the registration.

    Of a source whose package changed, those of its last version.
    """
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for key, row in results.read("null").items():
        source, _, fingerprint, registration = key.split("/")
        if registration == digest(modality_of(source)):
            found[source][fingerprint].append(row["loss"])
    modalities = dict.fromkeys(modality_of(source) for source in found)
    order = [s for m in modalities for split in SPLITS for s in registered(m, split, "sources") if s in found]
    return {source: list(found[source].values())[-1] for source in order}


def nulls() -> dict[str, Null]:
    """Of sources with more than one real draw; fewer have no scatter."""
    return {source: Null.of(losses) for source, losses in draws().items() if len(losses) > 1}

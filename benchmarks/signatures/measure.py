"""Fingerprints of datasets, each measured once and kept row by row in results/: the costly part.

Labelled candidates of CollapseBench (the development split to learn from, the test split for one check from
outside at the end), and draws of its library of real corpora, from which no candidate is made.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.collapsebench import results as bench
from benchmarks.collapsebench.candidates import Candidate, candidates
from benchmarks.collapsebench.fit_alone.cases import draws_of_corpus
from benchmarks.collapsebench.modalities import of_source
from benchmarks.collapsebench.modalities.modality import Name
from benchmarks.collapsebench.registration import Split, digest
from benchmarks.collapsebench.report.groups import type_of
from benchmarks.collapsebench.sources import library
from benchmarks.collapsebench.sources.packages import SourceUnavailable
from benchmarks.collapsebench.workshop import CachedWorkshop
from synthos_api.fingerprint import FINGERPRINT, fingerprint_of
from synthos_api.results import ProfileResult
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.dimensions import collapse_type, measure_dimensions
from synthos_engine.profile import profile_dataset
from synthos_engine.verdict.mechanism import REPEATED_BOUND

RESULTS: Final = Path(__file__).parent / "results"
FINGERPRINTS: Final = "fingerprints"
LARGE: Final = 8_000
"""Rows of the largest draw of a corpus: candidates are small, and datasets need not be. A feature that grows with
the number of rows must not make a large dataset strange."""
SEED: Final = 1
"""Of profiles and of the dimensions, as of the verdicts."""

Row = dict[str, Any]
Task = tuple[str, Callable[[], Row]]


def measure(split: Split, end: float) -> int:
    """Measure what is not known yet until `end` (monotonic seconds); number of failures."""
    failed = 0
    for number, (identifier, work) in enumerate(_missing(split), 1):
        if time.monotonic() > end:
            return failed
        started = time.monotonic()
        try:
            bench.add(FINGERPRINTS, work(), RESULTS)
            words = f"{time.monotonic() - started:.1f} s"
        except (SourceUnavailable, ValueError) as error:
            failed += 1
            words = f"FAILED {error}"
        print(f"{number} {identifier}: {words}", flush=True)
    return failed


def current(row: Row) -> bool:
    """Whether the row's fingerprint is as today's profile defines it."""
    return bool(row["version"] == FINGERPRINT)


def profiled(table: pa.Table) -> ProfileResult:
    """Its profile, read from a file as a user would bring it."""
    with tempfile.TemporaryDirectory(prefix="signatures-") as folder:
        path = Path(folder) / "dataset.parquet"
        pq.write_table(table, path)
        return profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=SEED).result


def _missing(split: Split) -> Iterator[Task]:
    known = bench.read(FINGERPRINTS, RESULTS)
    labels, workshop = bench.read("labels", bench.COMMITTED), CachedWorkshop()
    for candidate in candidates(split):
        label, row = labels.get(candidate.id), known.get(candidate.id)
        if label is None or label["registration"] != digest(candidate.modality):
            continue
        if row is None or not current(row) or row["content"] != label["content"]:
            yield candidate.id, _candidate_work(candidate, label, row, workshop)
    if split == "test":
        return
    for modality in get_args(Name):
        for name in library.NAMES[modality]:
            yield from _missing_draws(modality, name, known)


def _candidate_work(
    candidate: Candidate, label: Row, before: Row | None, workshop: CachedWorkshop
) -> Callable[[], Row]:
    def work() -> Row:
        if candidate.content(workshop) != label["content"]:
            raise ValueError("its label is of other rows than there are today")
        table = candidate.table(workshop)
        profile = profiled(table)
        kept = before if before and before["content"] == label["content"] else None
        found = kept["collapse_type"] if kept else _type(candidate, label, table, profile, workshop)
        about = {"split": candidate.split, "family": candidate.generator, "route": candidate.route}
        about |= {"damage": type_of(label), "label": label["label"], "e1": label["e1"], "collapse_type": found}
        return _row(candidate.id, candidate.modality, candidate.source, profile) | about | {"content": label["content"]}

    return work


def _type(candidate: Candidate, label: Row, table: pa.Table, profile: ProfileResult, workshop: CachedWorkshop) -> str:
    """That of the verdict's dimensions against the reference; empty where nothing collapsed or nothing is learnt."""
    if candidate.split == "test" or label["label"] != "collapsed":
        return ""
    parts = workshop.pools(candidate.source)
    reference = of_source(candidate.source).to_arrow(parts.reference, parts.columns)
    repeated = (profile.duplicate_row_percentage or 0.0) / 100
    return collapse_type(measure_dimensions(table, reference, SEED), duplicated=repeated > REPEATED_BOUND)


def _missing_draws(modality: Name, name: str, known: dict[str, Row]) -> Iterator[Task]:
    """A draw of a candidate's size, and one of up to LARGE rows."""
    own = [row for key, row in known.items() if key.startswith(f"corpus/{modality}/{name}/")]
    if own and len(own) == own[0]["draws"] and all(map(current, own)):
        return
    try:
        draws = [next(draws_of_corpus(modality, name)), _large_draw(modality, name)]
    except SourceUnavailable as error:
        print(f"left out {name}: {error}", flush=True)
        return
    for number, table in enumerate(draws):
        identifier = f"corpus/{modality}/{name}/{number}"
        yield identifier, partial(_draw_row, identifier, modality, name, table, len(draws))


def _draw_row(identifier: str, modality: Name, name: str, table: pa.Table, draws: int) -> Row:
    """Of a real corpus: nobody measured its effect."""
    about: Row = {"split": "corpus", "family": "", "route": "", "damage": "", "label": "real", "e1": None}
    return (
        _row(identifier, modality, name, profiled(table))
        | about
        | {
            "collapse_type": "",
            "content": "",
            "draws": draws,
        }
    )


def _large_draw(modality: Name, name: str) -> pa.Table:
    table = library.load(modality, name)
    order = np.random.default_rng(SEED).permutation(len(table))
    return table.take(pa.array(order[:LARGE], pa.int64()))


def _row(identifier: str, modality: str, source: str, profile: ProfileResult) -> Row:
    fingerprint = {name: float(f"{value:.6g}") for name, value in sorted(fingerprint_of(profile).items())}
    return {
        "id": identifier,
        "modality": modality,
        "profiled_as": profile.modality,
        "source": source,
        "rows": profile.total_rows,
        "version": FINGERPRINT,
        "fingerprint": json.dumps(fingerprint),
        "draws": None,
    }

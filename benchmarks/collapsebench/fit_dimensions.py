"""Fit the scores of the six dimensions on the development split: `python -m benchmarks.collapsebench.fit_dimensions`.

Measures every labelled development candidate, fits, prints what the fit is worth on sources that it has
not seen, and writes the engine's dimensions/calibration.json. The test split is never touched.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from scipy import optimize

from synthos_engine.dimensions import measure_dimensions
from synthos_engine.dimensions.calibration import FILE, Calibration
from synthos_engine.dimensions.names import CORRELATION, DISTRIBUTION, DIVERSITY, RARE, SEMANTIC, TEMPORAL

from . import results
from .candidates import Candidate, candidates
from .modalities import MODALITIES, of_source
from .registration import digest
from .workshop import CachedWorkshop

TARGET: Final = Path(sys.modules[Calibration.__module__].__file__ or "").with_name(FILE)
SEED: Final = 1
BENIGN_SHARE: Final = 0.975
"""Of the benign candidates, that should pass."""
FEWEST: Final = 5
"""Benign and damaged candidates of a dimension without which nothing is fitted."""

DAMAGES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "text": {
        DISTRIBUTION: ("recursive", "misspelt", "short-rows"),
        CORRELATION: ("recursive", "scrambled"),
        DIVERSITY: ("duplicated", "short-rows"),
        RARE: ("duplicated", "short-rows"),
        SEMANTIC: ("recursive",),
    },
    "table": {
        DISTRIBUTION: ("recursive", "noisy", "typical"),
        CORRELATION: ("recursive", "noisy", "uncoupled"),
        DIVERSITY: ("duplicated", "typical"),
        RARE: ("duplicated", "typical"),
        SEMANTIC: ("noisy", "uncoupled"),
    },
    "series": {
        DISTRIBUTION: ("recursive", "noisy", "frozen", "calm"),
        CORRELATION: ("recursive", "shuffled", "calm"),
        DIVERSITY: ("duplicated", "calm"),
        RARE: ("duplicated", "calm"),
        TEMPORAL: ("shuffled", "frozen"),
        SEMANTIC: ("noisy", "shuffled"),
    },
}
"""What routes damage by what they do. Copies and lost strata cost diversity and rare patterns. What chains of
models lose depends on the model, but its distribution and its relations are never quite the real ones; that its
rows make sense is nothing that a model of text this small can promise, while those of tables and series may. The
autocorrelations that stand for time are what an autoregression is fitted to, and copied pieces keep them."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """A measured candidate; `excess` by dimension."""

    source: str
    route: str
    label: str
    excess: Mapping[str, float]


@dataclass(frozen=True)
class Worth:
    """How well a dimension tells damaged from benign candidates, and on sources that its numbers were not fitted on.

    Rates are None where there is one source only.
    """

    benign: int
    damaged: int
    auroc: float
    benign_passed: float | None
    damaged_failed: float | None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, default=results.FOLDER / "labels.parquet", help="measured elsewhere")
    parser.add_argument("--modality", nargs="*", choices=tuple(MODALITIES), default=[], help="leave the others as is")
    arguments = parser.parse_args()
    labels = {row["id"]: row for row in pq.read_table(arguments.labels).to_pylist()}
    content = json.loads(TARGET.read_text("utf-8"))
    for modality in arguments.modality or MODALITIES:
        cases = list(measured(modality, labels))
        fits = {name: fitted(cases, name, routes) for name, routes in DAMAGES[modality].items()}
        content["calibrations"][modality] = {name: asdict(fit[0]) for name, fit in fits.items() if fit}
        content["provenance"][modality] = {
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
            "registration": digest(modality),
            "datasets": len(cases),
            "worth": {name: asdict(fit[1]) for name, fit in fits.items() if fit},
        }
    TARGET.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    return 0


def measured(modality: str, labels: Mapping[str, Mapping[str, Any]]) -> Iterator[Case]:
    """Every development candidate that has a label of today's registration and of the rows it has today."""
    workshop, stale = CachedWorkshop(), 0
    for candidate in candidates("development", [modality]):
        label = labels.get(candidate.id)
        if label is None or label["registration"] != digest(modality):
            continue
        if candidate.content(workshop) != label["content"]:
            stale += 1
            continue
        started = time.monotonic()
        excess = _excess(candidate, workshop)
        print(f"{candidate.id}: {label['label']}, {time.monotonic() - started:.1f} s", file=sys.stderr, flush=True)
        yield Case(candidate.source, candidate.route, label["label"], excess)
    print(f"{modality}: left out {stale} whose label is of other rows", file=sys.stderr, flush=True)


def _excess(candidate: Candidate, workshop: CachedWorkshop) -> dict[str, float]:
    parts = workshop.pools(candidate.source)
    reference = of_source(candidate.source).to_arrow(parts.reference, parts.columns)
    found = measure_dimensions(candidate.table(workshop), reference, SEED)
    return {name: statistic.excess for name, statistic in found.statistics.items()}


def fitted(cases: Sequence[Case], dimension: str, routes: Sequence[str]) -> tuple[Calibration, Worth] | None:
    """On all sources, and what that is worth; None with too few cases, or where even no excess means damage."""
    benign = [case for case in cases if case.label == "benign" and dimension in case.excess]
    damaged = [
        case for case in cases if case.label == "collapsed" and case.route in routes and dimension in case.excess
    ]
    if min(len(benign), len(damaged)) < FEWEST:
        return None
    calibration = fit(_values(benign, dimension), _values(damaged, dimension))
    if calibration.intercept <= 0:
        return None
    worth = _worth(benign, damaged, dimension)
    print(f"{dimension}: {calibration}, threshold {calibration.threshold}, {worth}", flush=True)
    return calibration, worth


def _values(cases: Sequence[Case], dimension: str) -> Floats:
    return np.array([case.excess[dimension] for case in cases])


def fit(benign: Floats, damaged: Floats) -> Calibration:
    """Logistic regression at equal odds of benign and damaged, with Platt's targets against separation (Platt 1999).

    What passes is as healthy as BENIGN_SHARE of the benign candidates, or damaged with a probability of at most a half.
    """
    scale = float(np.mean(np.sqrt(damaged))) or 1.0
    # the probability of damage that each class is fitted to
    classes = [
        (np.sqrt(benign) / scale, 1 / (len(benign) + 2)),
        (np.sqrt(damaged) / scale, (len(damaged) + 1) / (len(damaged) + 2)),
    ]

    def cost(numbers: Floats) -> float:
        intercept, slope = numbers[0], np.exp(numbers[1])
        logits = [(slope * values - intercept, target) for values, target in classes]
        return float(sum(np.mean(np.logaddexp(0, logit) - target * logit) for logit, target in logits))

    found = optimize.minimize(cost, np.array([1.0, 1.0]), method="Nelder-Mead").x
    intercept, slope = float(found[0]), float(np.exp(found[1])) / scale
    even = max(0.0, intercept) / slope  # as likely damaged as not
    quantile = float(np.quantile(benign, BENIGN_SHARE, method="nearest"))
    return Calibration(intercept, slope, max(quantile, even**2))


def _worth(benign: Sequence[Case], damaged: Sequence[Case], dimension: str) -> Worth:
    good, bad = _values(benign, dimension), _values(damaged, dimension)
    above = (bad[:, None] > good).mean() + (bad[:, None] == good).mean() / 2
    passed: list[bool] = []
    failed: list[bool] = []
    for source in sorted({case.source for case in benign}):
        others = [_values([c for c in group if c.source != source], dimension) for group in (benign, damaged)]
        if min(map(len, others)) == 0:
            continue
        calibration = fit(*others)
        own = [_values([c for c in group if c.source == source], dimension) for group in (benign, damaged)]
        passed += [calibration.score(value) >= calibration.threshold for value in own[0]]
        failed += [calibration.score(value) < calibration.threshold for value in own[1]]
    return Worth(len(benign), len(damaged), float(above), _share(passed), _share(failed))


def _share(values: Sequence[bool]) -> float | None:
    return float(np.mean(values)) if values else None


if __name__ == "__main__":
    sys.exit(main())

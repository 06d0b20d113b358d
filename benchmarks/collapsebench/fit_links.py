"""`python -m benchmarks.collapsebench.fit_links`: the links from the first rung's effects to E1.

Maximum likelihood of the model in synthos_engine/verdict/link.py, with a weak pull of the weights towards their
mean. Left out in turn, each source is predicted by the others; where their errors then are wider than the fit
says, floor and spread are widened to match. Other domains (label "shift") are not fitted: there the verdict
does not follow the effect.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

import synthos_engine.verdict
from synthos_engine.verdict.effect import EffectEstimate
from synthos_engine.verdict.link import Link
from synthos_engine.verdict.rule import decide

from . import results
from .detect import unfitted_engine
from .registration import digest

TARGET: Final = Path(synthos_engine.verdict.__file__).parent / "links.json"
DEGREES: Final = 5
"""Of Student's t: the few pairs of readers that disagree most are beyond a normal distribution."""
_PULL: Final = 2.0
_OPTIONS: Final = {"maxiter": 4000, "xatol": 1e-4, "fatol": 1e-4}
FEWEST: Final = 20
"""Candidates to fit a link to."""
LEAST_FLOOR: Final = 0.002
"""Below what two readers were ever seen to agree to."""
Floats = NDArray[np.float64]
Row = dict[str, Any]
"""Of a result."""


@dataclass(frozen=True)
class Cases:
    """Development candidates of one modality."""

    y: Floats
    """(cases,): ln(1 + E1)."""
    x: Floats
    """(cases, effects): ln(1 + effect)."""
    error: Floats
    """(cases, effects): standard errors of x."""
    source: NDArray[np.str_]
    label: NDArray[np.str_]

    def where(self, chosen: NDArray[np.bool_]) -> Cases:
        return Cases(self.y[chosen], self.x[chosen], self.error[chosen], self.source[chosen], self.label[chosen])


def main() -> None:
    found = {}
    for modality in ("text", "table", "series"):
        names, cases = cases_of(modality)
        if len(cases.y) >= FEWEST:
            found[modality] = _document(names, cases) | {"registration": digest(modality)}
            print(modality, found[modality])
            print("  with the source left out:", left_out(names, cases))
    TARGET.write_text(json.dumps({"engine": unfitted_engine(), "links": found}, indent=1) + "\n", "utf-8")


def cases_of(modality: str) -> tuple[list[str], Cases]:
    """Names of the rung's effects, and the candidates that are labelled, not shifted, and have evidence.

    Prints how many it leaves out because what the rung showed of them is not what it would show today.
    """
    pairs, stale = _with_evidence(modality)
    seen = Counter(tuple(json.loads(known["effects"])) for _, known in pairs)
    names = list(seen.most_common(1)[0][0]) if seen else []
    rows: list[tuple[float, list[float], list[float], str, str]] = []
    for label, known in pairs:
        effects: dict[str, tuple[float, float | None]] = json.loads(known["effects"])
        if label["label"] == "shift" or list(effects) != names or any(error is None for _, error in effects.values()):
            continue
        scaled = [(error or 0.0) / (1 + value) for value, error in effects.values()]
        logarithms = [float(np.log1p(value)) for value, _ in effects.values()]
        rows.append((float(np.log1p(label["e1"])), logarithms, scaled, label["source"], label["label"]))
    others = len(pairs) - seen[tuple(names)]
    print(f"{modality}: left out {stale} with evidence of another engine or of other rows, {others} of other effects")
    y, x, error = (np.array([row[i] for row in rows], float) for i in range(3))
    source, kind = (np.array([row[i] for row in rows], str) for i in (3, 4))
    return names, Cases(y, x, error, source, kind)


def _with_evidence(modality: str) -> tuple[list[tuple[Row, Row]], int]:
    """Development labels as registered with the evidence of this engine on the same rows; how many have another."""
    evidence, engine = results.read("evidence"), unfitted_engine()
    pairs, stale = [], 0
    for label in results.read("labels").values():
        known = evidence.get(label["id"])
        if known is None or known["modality_read"] != modality:
            continue
        if label["split"] != "development" or label["registration"] != digest(label["modality"]):
            continue
        if known["engine"] == engine and known["content"] == label["content"]:
            pairs.append((label, known))
        else:
            stale += 1
    return pairs, stale


def _document(names: Sequence[str], cases: Cases) -> dict[str, Any]:
    link = _link(names, cases)
    return {
        "weights": {name: round(weight, 4) for name, weight in link.weights.items()},
        "floor": round(link.floor, 5),
        "spread": round(link.spread, 5),
        "degrees": DEGREES,
        "candidates": len(cases.y),
        "sources": sorted(set(cases.source.tolist())),
    }


def fit(cases: Cases) -> Floats:
    """Weights, then the logarithms of floor and spread."""
    count = cases.x.shape[1]
    starts = [np.array([*([0.8 / count] * count), np.log(floor), np.log(0.2)]) for floor in (0.005, 0.02)]

    def loss(parameters: Any) -> float:
        return _loss(parameters, cases)

    search: Any = optimize.minimize  # its type stubs know no dictionary of options
    runs = [search(loss, start, method="Nelder-Mead", options=_OPTIONS) for start in starts]
    best: Floats = min(runs, key=lambda run: float(run.fun)).x
    return best


def widening(cases: Cases) -> float:
    """How many times wider errors are where the source was left out: a ratio of interquartile ranges, at least 1."""
    sources = np.unique(cases.source)
    if len(sources) < 2:
        return 1.0
    errors = [
        _errors(fit(cases.where(cases.source != source)), cases.where(cases.source == source)) for source in sources
    ]
    expected = stats.t.ppf(0.75, DEGREES)
    return max(1.0, float(np.median(np.abs(np.concatenate(errors)))) / float(expected))


def left_out(names: Sequence[str], cases: Cases) -> dict[str, int]:
    """Labels and what the interval alone would call them, each source predicted by a link fitted to the others."""
    found: Counter[str] = Counter()
    for source in np.unique(cases.source):
        link = _link(names, cases.where(cases.source != source))
        for case in np.flatnonzero(cases.source == source):
            pairs = zip(names, np.expm1(cases.x[case]), cases.error[case], strict=True)
            effects = {name: EffectEstimate(x, error * (1 + x), DEGREES, 1) for name, x, error in pairs}
            estimate = link.predict(effects)
            if estimate is not None:
                found[f"{cases.label[case]}: {decide(estimate.excess, estimate.interval())}"] += 1
    return dict(sorted(found.items()))


def _link(names: Sequence[str], cases: Cases) -> Link:
    weights, floor, spread = _parts(fit(cases), len(names))
    wider = widening(cases)
    by_name = dict(zip(names, weights.tolist(), strict=True))
    return Link(by_name, max(LEAST_FLOOR, floor * wider), spread * wider, DEGREES)


def _parts(parameters: Floats, count: int) -> tuple[Floats, float, float]:
    return parameters[:count], float(np.exp(parameters[count])), float(np.exp(parameters[count + 1]))


def _noise(weights: Floats, floor: float, cases: Cases) -> Floats:
    noise: Floats = np.hypot(cases.error @ np.abs(weights), floor)
    return noise


def _errors(parameters: Floats, cases: Cases) -> Floats:
    """(cases,): in units of their scale."""
    weights, floor, spread = _parts(parameters, cases.x.shape[1])
    c = _noise(weights, floor, cases) / spread
    errors: Floats = (np.arcsinh(cases.y / c) - np.arcsinh(cases.x @ weights / c)) / spread
    return errors


def _loss(parameters: Floats, cases: Cases) -> float:
    """Negative logarithm of the likelihood of y, and the pull."""
    weights, floor, spread = _parts(parameters, cases.x.shape[1])
    noise = _noise(weights, floor, cases)
    density = (
        stats.t.logpdf(_errors(parameters, cases), DEGREES)
        - np.log(noise)
        - 0.5 * np.log1p((cases.y * spread / noise) ** 2)
    )
    return float(-density.sum() + _PULL * ((weights - weights.mean()) ** 2).sum())


if __name__ == "__main__":
    main()

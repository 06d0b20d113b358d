"""`python -m benchmarks.collapsebench.fit_alone`: fit the model of datasets without a reference.

Reads labels of the development split only. Writes synthos_engine/alone/model.json, keeps the fingerprints of the
real corpora in results/real_corpora.json, and prints the figures of docs/verdict.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

import numpy as np

from synthos_engine.alone.model import Signature
from synthos_engine.alone.repetition import NAMES as REPETITION
from synthos_engine.alone.repetition import Features

from .. import results
from ..modalities.modality import Name
from ..registration import digest
from .cases import Case, corpora, labelled
from .figures import Nested, Scores, firm_from, table
from .logistic import BY_MECHANISM, BY_SOURCE, Fit, Group, chosen, fit, inputs, left_out, signatures_of

MODEL = Path(str(files("synthos_engine.alone"))) / "model.json"
CORPORA = results.FOLDER / "real_corpora.json"
FEWEST = 10
"""Collapsed cases, and others, without which nothing is fitted."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modality", choices=get_args(Name), action="append", help="fit this one, keep the others")
    arguments = parser.parse_args()
    library = {name: corpora(name) for name in get_args(Name)}
    CORPORA.write_text(_fingerprints(library), "utf-8")
    repeats = [s for s in signatures_of(library["table"]) if s.feature in REPETITION]
    fitted: dict[str, Any] = json.loads(MODEL.read_text("utf-8"))["modalities"] if MODEL.exists() else {}
    for name in arguments.modality or get_args(Name):
        own = [s for s in signatures_of(library[name]) if s.feature not in REPETITION]
        cases = labelled(name)
        if min(sum(case.collapsed for case in cases), sum(not case.collapsed for case in cases)) < FEWEST:
            print(f"{name}: too few labels yet ({len(cases)})", file=sys.stderr)
            fitted.pop(name, None)
            continue
        # Text and series are read without their repeats: how much real rows repeat, only tables can tell.
        fitted[name] = _fitted(name, [*own, *repeats], cases, library[name])
    MODEL.write_text(json.dumps({"modalities": fitted}, indent=1) + "\n", "utf-8")
    return 0


def _fitted(
    name: Name, possible: Sequence[Signature], cases: Sequence[Case], library: dict[str, list[Features]]
) -> dict[str, Any]:
    """What model.json holds of a modality; prints its figures."""
    real = [features for draws in library.values() for features in draws]
    signatures, final, bound, scores = _model(possible, cases, real)
    nested = {
        f"{words}, also of choice and bound": _nested(possible, cases, real, group)
        for words, group in (("source", BY_SOURCE), ("mechanism", BY_MECHANISM))
    }
    print(f"\n{name}\n\n" + "\n".join(table(scores, nested, cases, bound)), flush=True)
    weighted = [asdict(s) | {"weight": w} for s, w in zip(signatures, final.weights.tolist(), strict=True)]
    collapsed = sum(case.collapsed for case in cases)
    return {
        "provenance": {
            "registration": digest(name),
            "collapsed": collapsed,
            "others": len(cases) - collapsed,
            "sources": sorted({case.source for case in cases}),
            "mechanisms": sorted({case.mechanism for case in cases}),
            "real_corpora": len(library),
        },
        "intercept": round(final.intercept, 4),
        "firm_from": bound,
        "signatures": _rounded([s for s in weighted if s["weight"] > 0]),
    }


def _model(
    possible: Sequence[Signature], cases: Sequence[Case], real: Sequence[Features]
) -> tuple[list[Signature], Fit, float | None, Scores]:
    """Chosen signatures, the fit to all cases, the bound of firm verdicts, and what that was found from."""
    signatures = [possible[i] for i in chosen(possible, cases, real)]
    values = inputs(signatures, [case.features for case in cases])
    collapsed = np.array([case.collapsed for case in cases])
    final = fit(values, collapsed)
    scores = Scores(
        source=left_out(values, cases, BY_SOURCE),
        mechanism=left_out(values, cases, BY_MECHANISM),
        both=left_out(values, cases, BY_SOURCE, BY_MECHANISM),
        corpora=final.probability(inputs(signatures, real)),
    )
    return signatures, final, firm_from(scores, collapsed), scores


def _nested(possible: Sequence[Signature], cases: Sequence[Case], real: Sequence[Features], group: Group) -> Nested:
    probability, firm = np.zeros(len(cases)), np.zeros(len(cases), bool)
    for key in sorted({group(case) for case in cases}):
        own = np.array([group(case) == key for case in cases])
        others = [case for case in cases if group(case) != key]
        signatures, final, bound, _ = _model(possible, others, real)
        probability[own] = final.probability(
            inputs(signatures, [case.features for case in cases if group(case) == key])
        )
        firm[own] = probability[own] >= (bound if bound is not None else np.inf)
    return Nested(probability, firm)


def _fingerprints(library: dict[Name, dict[str, list[Features]]]) -> str:
    """JSON, a corpus on each line: number of draws, and of each feature the mean and standard deviation over them."""
    lines = []
    for modality, found in library.items():
        for name, draws in found.items():
            values = {feature: [f[feature] for f in draws if feature in f] for feature in draws[0]}
            features = {feature: [float(np.mean(v)), float(np.std(v))] for feature, v in values.items()}
            corpus = {"modality": modality, "name": name, "draws": len(draws), "features": _rounded(features)}
            lines.append(json.dumps(corpus))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return round(content, 4)
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    return [_rounded(value) for value in content] if isinstance(content, list) else content


if __name__ == "__main__":
    sys.exit(main())

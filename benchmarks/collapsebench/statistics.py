"""Error rates from labels and verdicts, with their bounds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
LABELS = ("benign", "collapsed", "grey", "shift")
VERDICTS = ("clear", "inconclusive", "collapse")


@dataclass(frozen=True)
class Rate:
    """A share of `count` cases, with one-sided Clopper-Pearson bounds (Clopper and Pearson 1934)."""

    errors: int
    count: int

    @property
    def value(self) -> float | None:
        return self.errors / self.count if self.count else None

    @property
    def upper(self) -> float:
        if self.errors >= self.count:
            return 1.0
        return float(stats.beta.ppf(CONFIDENCE, self.errors + 1, self.count - self.errors))

    @property
    def lower(self) -> float:
        if self.errors == 0:
            return 0.0
        return float(stats.beta.ppf(1 - CONFIDENCE, self.errors, self.count - self.errors + 1))


Case = Mapping[str, Any]


def joined(labels: Mapping[str, Case], detections: Mapping[str, Case]) -> list[dict[str, Any]]:
    """Candidates with a label and a verdict of the same rows."""
    both = [(labels[key], detections[key]) for key in labels if key in detections]
    return [dict(found) | dict(label) for label, found in both if label["content"] == found["content"]]


def confusion(cases: Sequence[Case]) -> dict[tuple[str, str], int]:
    counts = {(label, verdict): 0 for label in LABELS for verdict in VERDICTS}
    for case in cases:
        counts[case["label"], case["verdict"]] += 1
    return counts


def false_positives(cases: Sequence[Case]) -> Rate:
    """Benign datasets called collapse."""
    benign = [case for case in cases if case["label"] == "benign"]
    return Rate(sum(case["verdict"] == "collapse" for case in benign), len(benign))


def false_negatives(cases: Sequence[Case]) -> Rate:
    """Collapsed datasets called clear."""
    collapsed = [case for case in cases if case["label"] == "collapsed"]
    return Rate(sum(case["verdict"] == "clear" for case in collapsed), len(collapsed))


def undecided(cases: Sequence[Case]) -> Rate:
    """Benign and collapsed datasets called inconclusive."""
    decidable = [case for case in cases if case["label"] in ("benign", "collapsed")]
    return Rate(sum(case["verdict"] == "inconclusive" for case in decidable), len(decidable))


def wrong(cases: Sequence[Case]) -> Rate:
    """Firm verdicts that contradict the label, of all firm verdicts on benign and collapsed datasets."""
    right = {"benign": "clear", "collapsed": "collapse"}
    firm = [c for c in cases if c["label"] in right and c["verdict"] != "inconclusive"]
    return Rate(sum(right[case["label"]] != case["verdict"] for case in firm), len(firm))


def clustered_upper(cases: Sequence[Case], rate: Any, rounds: int = 2000, seed: int = 0) -> float | None:
    """95 % upper bound of a rate when whole sources are resampled: cases of one source are not independent.

    None with fewer than two sources. With no error anywhere the bootstrap knows no doubt; the
    Clopper-Pearson bound is then the one to look at.
    """
    sources = sorted({case["source"] for case in cases})
    if len(sources) < 2:
        return None
    by_source = {source: [case for case in cases if case["source"] == source] for source in sources}
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        drawn = [case for source in rng.choice(sources, len(sources)) for case in by_source[source]]
        value = rate(drawn).value
        if value is not None:
            values.append(value)
    return float(np.quantile(values, CONFIDENCE)) if values else None


def area_under_roc(cases: Sequence[Case]) -> float | None:
    """Probability that a collapsed dataset has a larger measured effect than a benign one.

    Without a reference there is no effect, and its probability of collapse is compared.
    """
    found = {label: [_score(c) for c in cases if c["label"] == label] for label in ("benign", "collapsed")}
    scores = {label: [value for value in values if value is not None] for label, values in found.items()}
    if not all(scores.values()):
        return None
    statistic = stats.mannwhitneyu(scores["collapsed"], scores["benign"]).statistic
    return float(statistic / (len(scores["collapsed"]) * len(scores["benign"])))


def _score(case: Case) -> float | None:
    score: float | None = case["collapse_probability" if case.get("mode") == "no_reference" else "excess_loss"]
    return score


def calibration_error(cases: Sequence[Case], bins: int = 10) -> float | None:
    """Expected calibration error of collapse_probability over benign and collapsed datasets (Naeini et al. 2015)."""
    pairs = [
        (case["collapse_probability"], case["label"] == "collapsed")
        for case in cases
        if case["label"] in ("benign", "collapsed") and case["collapse_probability"] is not None
    ]
    if not pairs:
        return None
    probability, outcome = np.array([p for p, _ in pairs]), np.array([o for _, o in pairs], float)
    place = np.minimum((probability * bins).astype(int), bins - 1)
    return float(
        sum(
            abs(probability[place == b].mean() - outcome[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        )
    )

"""Error rates from labels and verdicts, with their bounds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
LABELS = ("benign", "collapsed", "grey", "shift")
VERDICTS = ("clear", "inconclusive", "collapse", "failed")
"""What the detector says; "failed" where it ended without a verdict, which counts as none given."""
FIRM = ("clear", "collapse")
RIGHT = {"benign": "clear", "collapsed": "collapse"}
"""The verdict that each label asks for; grey and shift ask for none."""
MODES = ("with_reference", "no_reference")
NO_REFERENCE_SUFFIX = "@no_reference"


@dataclass(frozen=True)
class Rate:
    """A share of `count` cases, with one-sided Clopper-Pearson bounds (Clopper and Pearson 1934).

    `errors`: the cases that are counted, in most rates errors.
    """

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
    """Verdicts with the label of the same rows; a candidate has at most one for each mode."""
    both = [(labels.get(_candidate_of(found)), found) for found in detections.values()]
    return [dict(found) | dict(label) for label, found in both if label and label["content"] == found["content"]]


def of_other_rows(labels: Mapping[str, Case], detections: Mapping[str, Case]) -> list[Case]:
    """Verdicts that `joined` leaves out although their candidate has a label: it is of other rows."""
    both = [(labels.get(_candidate_of(found)), found) for found in detections.values()]
    return [found for label, found in both if label and label["content"] != found["content"]]


def _candidate_of(detection: Case) -> str:
    """A verdict without a reference may have an id of its own, beside the one with it."""
    return str(detection.get("candidate") or detection["id"].removesuffix(NO_REFERENCE_SUFFIX))


def decidable(cases: Sequence[Case]) -> list[Case]:
    """Those whose label asks for a verdict."""
    return [case for case in cases if case["label"] in RIGHT]


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
    """Benign and collapsed datasets without a firm verdict: called inconclusive, or the detector failed."""
    chosen = decidable(cases)
    return Rate(sum(case["verdict"] not in FIRM for case in chosen), len(chosen))


def wrong(cases: Sequence[Case]) -> Rate:
    """Firm verdicts that contradict the label, of all firm verdicts on benign and collapsed datasets."""
    firm = [case for case in decidable(cases) if case["verdict"] in FIRM]
    return Rate(sum(RIGHT[case["label"]] != case["verdict"] for case in firm), len(firm))


def shift_called_collapse(cases: Sequence[Case]) -> Rate:
    """Real datasets of another domain called collapse."""
    shifted = [case for case in cases if case["label"] == "shift"]
    return Rate(sum(case["verdict"] == "collapse" for case in shifted), len(shifted))


def clustered_upper(cases: Sequence[Case], rate: Any, rounds: int = 2000, seed: int = 0) -> float | None:
    """95 % upper bound of a rate when whole sources are resampled: cases of one source are not independent.

    None with fewer than two sources that have cases for it, and with no error in any: resampling nothing but zeros
    would give a bound of zero, which says nothing of sources that were not drawn (`erring_sources` does).
    """
    by_source = {source: some for source, some in _by_source(cases).items() if rate(some).count}
    sources = list(by_source)
    if len(sources) < 2 or not rate(cases).errors:
        return None
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(rounds):
        drawn = [case for source in rng.choice(sources, len(sources)) for case in by_source[source]]
        value = rate(drawn).value
        if value is not None:
            values.append(value)
    return float(np.quantile(values, CONFIDENCE)) if values else None


def erring_sources(cases: Sequence[Case], rate: Any) -> Rate:
    """Sources with an error, of those that have cases for this rate.

    Its bound is the one that holds when errors come by whole sources, as those of alike cases do.
    """
    rates = [rate(some) for some in _by_source(cases).values()]
    return Rate(sum(one.errors > 0 for one in rates), sum(one.count > 0 for one in rates))


def _by_source(cases: Sequence[Case]) -> dict[str, list[Case]]:
    sources = sorted({case["source"] for case in cases})
    return {source: [case for case in cases if case["source"] == source] for source in sources}


def score(case: Case) -> float | None:
    """What ranks datasets: the measured effect, and without a reference, where there is none, the probability."""
    found = case["excess_loss" if case["mode"] == "with_reference" else "collapse_probability"]
    return None if found is None else float(found)


def area_under_roc(cases: Sequence[Case]) -> float | None:
    """Probability that a collapsed dataset has a larger score than a benign one (of the same mode)."""
    scores = {label: [score(case) for case in cases if case["label"] == label] for label in RIGHT}
    known = {label: [value for value in values if value is not None] for label, values in scores.items()}
    if not all(known.values()):
        return None
    statistic = stats.mannwhitneyu(known["collapsed"], known["benign"]).statistic
    return float(statistic / (len(known["collapsed"]) * len(known["benign"])))


def roc(cases: Sequence[Case]) -> tuple[list[float], list[float]] | None:
    """False and true positive shares when everything from a score on is called collapse, each score once."""
    scored = [(score(case), case["label"] == "collapsed") for case in decidable(cases)]
    pairs = [(value, collapsed) for value, collapsed in scored if value is not None]
    collapsed = sum(outcome for _, outcome in pairs)
    if not 0 < collapsed < len(pairs):
        return None
    false, true = [0.0], [0.0]
    for bound in sorted({value for value, _ in pairs}, reverse=True):
        above = [outcome for value, outcome in pairs if value >= bound]
        true.append(sum(above) / collapsed)
        false.append((len(above) - sum(above)) / (len(pairs) - collapsed))
    return false, true


@dataclass(frozen=True)
class Bin:
    """Datasets of about the same probability: its mean, and the share that is collapsed."""

    probability: float
    collapsed: Rate


def reliability(cases: Sequence[Case], bins: int = 10) -> list[Bin]:
    """Benign and collapsed datasets by their collapse_probability, in bins of equal width; empty ones left out."""
    found: dict[int, list[tuple[float, bool]]] = {}
    for case in decidable(cases):
        probability = case["collapse_probability"]
        if probability is not None:
            place = min(int(probability * bins), bins - 1)
            found.setdefault(place, []).append((probability, case["label"] == "collapsed"))
    return [
        Bin(float(np.mean([p for p, _ in pairs])), Rate(sum(outcome for _, outcome in pairs), len(pairs)))
        for _, pairs in sorted(found.items())
    ]


def without_probability(cases: Sequence[Case]) -> dict[str, int]:
    """Benign and collapsed datasets that no figure of calibration counts."""
    return {
        label: sum(case["label"] == label and case["collapse_probability"] is None for case in cases) for label in RIGHT
    }


def calibration_error(cases: Sequence[Case], bins: int = 10) -> float | None:
    """Expected calibration error of collapse_probability over benign and collapsed datasets (Naeini et al. 2015)."""
    found = reliability(cases, bins)
    total = sum(one.collapsed.count for one in found)
    if not total:
        return None
    return sum(abs(one.probability * one.collapsed.count - one.collapsed.errors) for one in found) / total

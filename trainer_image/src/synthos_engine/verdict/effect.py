"""The effect of training on the candidate, from pairs of models, with its uncertainty.

A pair is a model trained on the candidate and its twin (same seed, initialisation and batch order)
trained on a size-matched draw of the reference; both are scored on the same held-out real windows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from synthos_api.results import ModelResult

CONFIDENCE = 0.95
MANY_DEGREES = 1e6
FEWEST_HOLDOUT_ROWS = 30
"""Different held-out rows below which a standard error over rows is not to be trusted."""


@dataclass(frozen=True)
class EffectEstimate:
    """Relative excess loss (0.05: five percent worse than real data of the same size).

    `degrees` is 0 when there are too few pairs for an interval; `standard_error` is then None.
    """

    excess: float
    standard_error: float | None
    degrees: float
    pairs: int

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
        if self.standard_error is None:
            return None
        half = float(stats.t.ppf(0.5 + confidence / 2, self.degrees)) * self.standard_error
        return self.excess - half, self.excess + half

    def probability_above(self, bound: float) -> float | None:
        """Probability that the effect exceeds `bound`, under the distribution the interval is from."""
        if self.standard_error is None:
            return None
        if self.standard_error == 0:
            return float(self.excess > bound)
        return float(stats.t.sf((bound - self.excess) / self.standard_error, self.degrees))


def estimate_effect(
    models: Sequence[ModelResult], reference_share: Mapping[int, float] | None = None
) -> EffectEstimate | None:
    """Mean excess loss of the last tier's pairs; None without any pair.

    The last tier has the largest models and the most data: it is nearest to what the dataset is for,
    and where the effect grows with size an average over tiers would hide it.

    Variance of the mean: s^2 / n, with s^2 the variance of the pairs around their tier's mean, pooled
    over all tiers (draws and seeds; the trend over sizes is no noise), n the last tier's pairs and
    sum (n_t - 1) degrees of freedom; plus the square of the last tier's mean holdout standard error,
    which its pairs share because they share the rows (many rows, so no loss of degrees:
    Welch-Satterthwaite, Satterthwaite 1946). Where every tier has one pair, the pairs of all tiers
    are treated as one group, which counts the trend as noise. Where that standard error is not known
    (too few different rows are held out), there is none of the effect either.

    `reference_share` f is the share of the reference that one draw takes (0 where it is not given).
    Draws from one pool overlap: their scatter shows only 1 - f of the variance between independent
    draws, and f of that variance does not average out. So 1 / n becomes (f + (1 - f) / n) / (1 - f),
    with the largest f of the tiers, which is the last one's. A smaller tier's draws are parts of a
    larger one's, so the pooled s^2 has fewer degrees of freedom than its terms (`_pooled_degrees`).
    """
    groups: dict[int, list[ModelResult]] = defaultdict(list)
    for model in models:
        if model.paired is not None and model.paired.relative_excess is not None:
            groups[model.tier].append(model)
    if not groups:
        return None
    tiers = [groups[tier] for tier in sorted(groups)]
    if all(len(tier) == 1 for tier in tiers):
        tiers = [[model for tier in tiers for model in tier]]
    values = [np.array([m.paired.relative_excess for m in tier if m.paired is not None]) for tier in tiers]
    last = values[-1]
    excess, pairs = float(last.mean()), sum(len(tier) for tier in tiers)
    degrees = pairs - len(tiers)
    if degrees < 1:
        return EffectEstimate(excess, None, 0, pairs)
    holdout = [m.paired.holdout_standard_error for m in tiers[-1] if m.paired is not None]
    known = [error for error in holdout if error is not None]
    if len(known) < len(holdout):
        return EffectEstimate(excess, None, 0, pairs)
    pooled = sum(float(((group - group.mean()) ** 2).sum()) for group in values) / degrees
    shares = reference_share or {}
    share = max(shares.values(), default=0.0)
    independent = _pooled_degrees([len(group) for group in values], [shares.get(tier[0].tier, 0.0) for tier in tiers])
    training = pooled * (1 / len(last) + share / (1 - share))
    variance = training + float(np.mean(known)) ** 2
    effective = independent * (variance / training) ** 2 if training > 0 else MANY_DEGREES
    return EffectEstimate(excess, float(np.sqrt(variance)), min(effective, MANY_DEGREES), pairs)


def _pooled_degrees(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Degrees of freedom of a variance pooled over tiers whose draws are nested, smallest tier first.

    Sums of squares of jointly normal groups with correlation r have covariance 2 d r^2 (Isserlis 1918),
    so the pooled variance has D^2 / (D + 2 sum_{i<j} min(d_i, d_j) r_ij^2) degrees, D = sum d_i,
    d_i = n_i - 1. r^2 is at most the share that the smaller draw is of the larger one: all of the
    scatter would come from draws then, none from seeds.
    """
    free = [count - 1 for count in counts]
    total = float(sum(free))
    common = 0.0
    for j, large in enumerate(shares):
        for i, small in enumerate(shares[:j]):
            common += min(free[i], free[j]) * (min(1.0, small / large) if large > 0 else 0.0)
    return total**2 / (total + 2 * common)


def ratio_standard_error(candidate: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]) -> float | None:
    """Standard error of sum(candidate) / sum(reference) - 1 over independent units; None where they are too few.

    Of a ratio of sums, by linearisation (Cochran 1977, Sampling Techniques, section 6.4).
    """
    count = len(reference)
    if count < FEWEST_HOLDOUT_ROWS:
        return None
    ratio = candidate.sum() / reference.sum()
    residuals = (candidate - ratio * reference) / reference.mean()
    return float(np.sqrt((residuals**2).sum() / (count - 1) / count))


def mean_excess(models: Sequence[ModelResult], candidate: str, reference: str) -> float | None:
    """Mean relative difference of two of the PairedLosses' fields; None where they were not measured."""
    ratios = []
    for model in models:
        ours = getattr(model.paired, candidate, None)
        theirs = getattr(model.paired, reference, None)
        if ours is not None and theirs:
            ratios.append(ours / theirs - 1)
    return float(np.mean(ratios)) if ratios else None

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

from synthos_api.results import ModelResult, PairedLosses

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


@dataclass(frozen=True)
class FirstRung:
    """What models that cost seconds show: the dataset instead of real data, and added to all there is."""

    modality: str
    effects: Mapping[str, EffectEstimate]
    """Of the dataset instead of a draw of the reference, by models and score; the first is told."""
    added: EffectEstimate
    foreign: float | None = None
    """What models of the reference pay for the dataset's rows rather than for real ones, relative."""
    own: float | None = None
    """What models of the dataset pay for its held-out rows rather than the reference's models do, relative."""
    structure: float | None = None
    """How much less a dataset's cells tell of each other than the reference's do: of a cell's cost by models of
    the same dataset, in multiples of its best constant's, the excess over that of the reference. Tables only."""
    cohesion: float | None = None
    """How many times (ln) nearer the dataset's rows are to each other than to the reference's, beyond what draws of
    the reference are. Cells only."""
    prose: FirstRung | None = None
    """Of a table that says much in prose: what models of text show of those columns alone."""

    @property
    def replaced(self) -> EffectEstimate:
        return next(iter(self.effects.values()))


def estimate_effect(
    models: Sequence[ModelResult], reference_share: Mapping[int, float] | None = None
) -> EffectEstimate | None:
    """Mean excess loss of the last tier's pairs; None without any pair.

    The last tier has the largest models and the most data: it is nearest to what the dataset is for,
    and where the effect grows with size an average over tiers would hide it. Where every tier has one
    pair, the pairs of all tiers are treated as one group, which counts the trend as noise.
    """
    tiers = estimate_tiers(models, reference_share)
    if len(tiers) > 1 and all(tier.pairs == 1 for tier in tiers.values()):
        merged = [model.model_copy(update={"tier": max(tiers)}) for model in models]
        tiers = estimate_tiers(merged, reference_share)
    return tiers[max(tiers)] if tiers else None


def estimate_tiers(
    models: Sequence[ModelResult], reference_share: Mapping[int, float] | None = None
) -> dict[int, EffectEstimate]:
    """Mean excess loss of each tier's pairs, smallest tier first.

    Variance of a mean: s^2 / n, with s^2 the variance of the pairs around their tier's mean, pooled
    over all tiers (draws and seeds; the trend over sizes is no noise), n the tier's pairs; plus the
    square of the tier's mean holdout standard error, which its pairs share because they share the rows
    (many rows, so no loss of degrees: Welch-Satterthwaite, Satterthwaite 1946). Where that standard
    error is not known (too few different rows are held out), there is none of the effect either.

    `reference_share` f is the share of the reference that one draw takes (0 where it is not given).
    Draws from one pool overlap (`of_draws`). A smaller tier's draws are parts of a larger one's, so the
    pooled s^2 has fewer degrees of freedom than its terms (`_pooled_degrees`).
    """
    groups: dict[int, list[PairedLosses]] = defaultdict(list)
    for model in models:
        if model.paired is not None and model.paired.relative_excess is not None:
            groups[model.tier].append(model.paired)
    values = {tier: np.array([pair.relative_excess for pair in groups[tier]], float) for tier in sorted(groups)}
    free = sum(len(group) - 1 for group in values.values())
    pooled = sum(float(((group - group.mean()) ** 2).sum()) for group in values.values()) / max(1, free)
    shares = [(reference_share or {}).get(tier, 0.0) for tier in values]
    degrees = _pooled_degrees([len(group) for group in values.values()], shares)
    estimates = {}
    for (tier, group), share in zip(values.items(), shares, strict=True):
        errors = [pair.holdout_standard_error for pair in groups[tier]]
        known = [error for error in errors if error is not None]
        holdout = float(np.mean(known)) if len(known) == len(errors) and free else None
        training = of_draws(pooled, len(group), share)
        estimates[tier] = _estimate(float(group.mean()), training, degrees, holdout, len(group))
    return estimates


def of_draws(variance: float, draws: int, share: float) -> float:
    """Variance of a mean over draws from one pool, from the variance seen between them.

    Draws that each take a share f of the pool show only 1 - f of the variance between independent
    draws, and f of that variance does not average out: 1 / n becomes (f + (1 - f) / n) / (1 - f).
    """
    return variance * (1 / draws + share / (1 - share))


def _estimate(excess: float, training: float, degrees: float, holdout: float | None, pairs: int) -> EffectEstimate:
    """`training` is a variance with so many degrees of freedom, `holdout` a standard error of many."""
    if holdout is None:
        return EffectEstimate(excess, None, 0, pairs)
    variance = training + holdout**2
    effective = degrees * (variance / training) ** 2 if training > 0 else MANY_DEGREES
    return EffectEstimate(excess, float(np.sqrt(variance)), min(effective, MANY_DEGREES), pairs)


def estimate_from_draws(
    candidate: npt.NDArray[np.float64], draws: npt.NDArray[np.float64], share: float
) -> EffectEstimate:
    """Excess of one model's losses over those of models of reference draws.

    Args:
        candidate: shape (rows,), bits of independent held-out rows.
        draws: shape (models, rows), the same rows by each model of a draw.
        share: of the reference that one draw takes.
    """
    totals = draws.sum(axis=1)
    excess = float(candidate.sum() / totals.mean() - 1)
    scatter = float(totals.var(ddof=1)) / float(totals.mean()) ** 2 * (1 + excess) ** 2
    holdout = ratio_standard_error(candidate, draws.mean(axis=0))
    return _estimate(excess, of_draws(scatter, len(totals), share), len(totals) - 1, holdout, len(totals))


def estimate_from_holdout(candidate: npt.NDArray[np.float64], reference: npt.NDArray[np.float64]) -> EffectEstimate:
    """Excess of one model's losses over another's, both of all there is: uncertain is the holdout alone."""
    error = ratio_standard_error(candidate, reference)
    excess = float(candidate.sum() / reference.sum() - 1)
    return EffectEstimate(excess, error, MANY_DEGREES if error is not None else 0, 1)


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
    return total**2 / (total + 2 * common) if total else 0.0


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

"""From the measured effect to clear, collapse or inconclusive (docs/adr/0003, docs/verdict.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthos_api.results import (
    SIX_DIMENSIONS,
    CollapseType,
    DimensionScore,
    Effect,
    Judgement,
    ModelResult,
    Rung,
    Severity,
    VerdictName,
)

from .effect import FEWEST_HOLDOUT_ROWS, EffectEstimate, FirstRung, estimate_effect, estimate_tiers
from .mechanism import REPEATED_BOUND, LossPattern, loss_pattern, mechanism_of
from .novelty import Novelty

BENIGN_BOUND = 0.02
COLLAPSE_BOUND = 0.05
MODERATE_FROM = 0.15
SEVERE_FROM = 0.40

NOT_COMPUTED = [DimensionScore(dimension=name) for name in SIX_DIMENSIONS]


def judge(
    models: Sequence[ModelResult],
    *,
    with_reference: bool,
    reference_share: Mapping[int, float] | None = None,
    repeated: float | None = None,
    unseen_repetition: float = 0.0,
    novelty: Novelty | None = None,
    first_rung: FirstRung | None = None,
    dimensions: Sequence[DimensionScore] = NOT_COMPUTED,
    collapse_type: CollapseType = "",
) -> Judgement:
    """The judgement of a cascade; what this version does not compute is null or empty in it.

    `reference_share`: effect.py. `repeated`, `novelty`: mechanism.py; None where not measured.
    `unseen_repetition`: how much more of the whole dataset's rows are repeats than of the sample's
    that models were trained on, where the sample shows that rows repeat more than the reference's.
    `first_rung`: what n-gram models show; told beside the effect, which is the cascade's.
    `dimensions`: told beside the verdict, in which they take no part; `collapse_type` is what they make of a
    collapse, and told of nothing else.
    """
    if not with_reference:
        return _without_reference()
    estimate = estimate_effect(models, reference_share)
    if estimate is None:
        raise ValueError("a judgement with a reference needs at least one pair of models")
    pattern = loss_pattern(models, repeated, novelty)
    verdict, reason = _decide(estimate, pattern, sum(model.paired is not None for model in models))
    if verdict == "clear" and unseen_repetition > REPEATED_BOUND:
        verdict, reason = "inconclusive", _repetition_reason(unseen_repetition)
    probability = estimate.probability_above(COLLAPSE_BOUND)
    if pattern.looks_foreign and verdict == "inconclusive":
        probability = None  # of what is not known to be the same domain, the effect says nothing
    worse = verdict != "clear" and (verdict == "collapse" or pattern.looks_foreign)
    return Judgement(
        verdict=verdict,
        collapse_probability=probability,
        risk_score=None if probability is None else round(100 * probability),
        severity=severity_of(estimate.excess) if verdict == "collapse" else "none",
        mode="with_reference",
        collapse_type=collapse_type if verdict == "collapse" else "",
        mechanism=mechanism_of(pattern) if worse else "none",
        reason=reason,
        effect=_effect(estimate, estimate_tiers(models, reference_share), first_rung),
        dimensions=list(dimensions),
    )


def severity_of(excess: float) -> Severity:
    """Of a collapse, by the excess loss: mild below 15 %, moderate below 40 %, else severe."""
    if excess >= SEVERE_FROM:
        return "severe"
    return "moderate" if excess >= MODERATE_FROM else "mild"


def _effect(estimate: EffectEstimate, tiers: Mapping[int, EffectEstimate], first: FirstRung | None) -> Effect:
    ladder = {} if first is None else {first.model: first.replaced}
    ladder |= {f"tier {number}": tier for number, tier in tiers.items()}
    return Effect(
        excess_loss=estimate.excess,
        interval=estimate.interval(),
        rungs=[Rung(model=name, excess_loss=e.excess, interval=e.interval()) for name, e in ladder.items()],
        added_excess_loss=first.added.excess if first else None,
        added_interval=first.added.interval() if first else None,
    )


def _decide(estimate: EffectEstimate, pattern: LossPattern, pairs: int) -> tuple[VerdictName, str]:
    interval = estimate.interval()
    if interval is None and pairs > 1:
        return "inconclusive", (
            f"Fewer than {FEWEST_HOLDOUT_ROWS} different rows of the reference could be held out, too few for an "
            "interval; a reference of more rows (long documents cut into paragraphs) would settle it."
        )
    if interval is None:
        return "inconclusive", (
            f"One pair of models gives {estimate.excess:+.1%} without an interval; "
            "train at least two variants to settle it."
        )
    low, high = interval
    measured = f"{estimate.excess:+.1%} loss on held-out real rows, 95 % interval {low:+.1%} to {high:+.1%}"
    if high < COLLAPSE_BOUND and low <= BENIGN_BOUND:
        return "clear", f"Models trained on it are as good as on real data of the same size: {measured}."
    if pattern.looks_foreign:
        return "inconclusive", _shift_reason(pattern)
    if low > BENIGN_BOUND and estimate.excess >= COLLAPSE_BOUND:
        return "collapse", f"Models trained on it are worse than on real data of the same size: {measured}."
    if low > BENIGN_BOUND:
        return "inconclusive", (
            f"Between the bounds of {BENIGN_BOUND:.0%} and {COLLAPSE_BOUND:.0%}: {measured}; "
            "a larger cascade shows whether the effect grows."
        )
    return "inconclusive", f"The interval holds both: {measured}; more variants or a larger reference would settle it."


def _repetition_reason(unseen: float) -> str:
    return (
        f"Many more of the dataset's rows repeat others than of the sample that was trained on ({unseen:.0%} of them "
        "more, and the sample's already repeat more than the reference's): training on all of it is not shown; "
        "tiers with more trainingRows, or the dataset without its repeated rows, would settle it."
    )


def _shift_reason(pattern: LossPattern) -> str:
    settle = "a reference of the same domain would settle it."
    novelty = pattern.novelty
    if pattern.words_recur and novelty is not None:
        return (
            f"{novelty.novel:.0%} of its words are new ({novelty.null_novel:.0%} between draws of the reference) and "
            f"they recur from row to row, as those of another domain do; {settle}"
        )
    return (
        f"The reference's models pay {pattern.foreign:+.0%} for this dataset over real rows: it may be another "
        f"domain or noise, which this measurement cannot tell apart; {settle}"
    )


def _without_reference() -> Judgement:
    return Judgement(
        verdict="inconclusive",
        mode="no_reference",
        reason="No reference was given, and without trusted data of the same domain the effect cannot be measured; "
        "give a reference to settle it.",
        dimensions=NOT_COMPUTED,
    )

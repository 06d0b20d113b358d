"""From the measured effect to clear, collapse or inconclusive (docs/adr/0003, docs/verdict.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

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
from .link import LinkedEffect, links
from .mechanism import REPEATED_BOUND, LossPattern, loss_pattern, mechanism_of
from .novelty import NewValues, Novelty
from .suspicion import Suspicion

BENIGN_BOUND = 0.02
COLLAPSE_BOUND = 0.05
MODERATE_FROM = 0.15
SEVERE_FROM = 0.40
LARGEST_LINKED = 1_200_000
"""Parameters up to which a cascade has no part in the verdict where the first rung has a link.

Not measured to add anything, and the link of larger ones was never measured (docs/adr/0008)."""
EVEN_ODDS = 0.5

NOT_COMPUTED = [DimensionScore(dimension=name) for name in SIX_DIMENSIONS]


def judge(
    models: Sequence[ModelResult],
    *,
    with_reference: bool,
    reference_share: Mapping[int, float] | None = None,
    repeated: float | None = None,
    unseen_repetition: float = 0.0,
    novelty: Novelty | None = None,
    new_values: NewValues | None = None,
    hanging: float | None = None,
    first_rung: FirstRung | None = None,
    suspicion: Suspicion | None = None,
    dimensions: Sequence[DimensionScore] = NOT_COMPUTED,
    collapse_type: CollapseType = "",
) -> Judgement:
    """The judgement of a cascade; what this version does not compute is null or empty in it.

    `reference_share`: effect.py. `repeated`, `novelty`, `hanging`: mechanism.py; None where not measured.
    `unseen_repetition`: how much more of the whole dataset's rows are repeats than of the sample's
    that models were trained on, where the sample shows that rows repeat more than the reference's.
    `new_values`: of the column with most of them. `first_rung`: what models that cost seconds show; up to
    LARGEST_LINKED parameters it decides, by its link to another reader's effect (link.py), above the cascade.
    `suspicion`: what the dataset shows by itself; counts only without a reference.
    `dimensions`: told beside the verdict, in which they take no part; `collapse_type` is what they make of a
    collapse, and told of nothing else.
    Raises ValueError where there is neither a pair of models nor a first rung.
    """
    if not with_reference:
        return _without_reference(suspicion or Suspicion())
    worse_part = _worse(first_rung)
    estimate = _estimate(models, reference_share, worse_part)
    pattern = loss_pattern(models, worse_part, repeated, novelty, new_values, hanging)
    verdict, reason = _decide(estimate, pattern, sum(model.paired is not None for model in models))
    if verdict == "clear" and unseen_repetition > REPEATED_BOUND:
        verdict, reason = "inconclusive", _unseen_reason(unseen_repetition)
    elif verdict == "clear" and isinstance(estimate, LinkedEffect) and (repeated or 0.0) > REPEATED_BOUND:
        verdict, reason = "inconclusive", _repetition_reason(repeated or 0.0)
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


def settled(largest_model: int, first_rung: FirstRung | None, **evidence: Any) -> bool:
    """Whether models of up to so many parameters would not change what the first rung says.

    Those that are not larger than LARGEST_LINKED have no part in the verdict; larger ones do while the first rung
    is not firm. Another domain is settled as well: larger models would not tell more of it.
    `evidence`: as for `judge`.
    """
    worse_part = _worse(first_rung)
    if worse_part is None or _linked(worse_part) is None:
        return False
    if largest_model <= LARGEST_LINKED:
        return True
    judgement = judge([], with_reference=True, first_rung=first_rung, **evidence)
    return judgement.verdict != "inconclusive" or judgement.mechanism == "shift"


def firm(first_rung: FirstRung) -> bool:
    """Whether more models of the first rung would hardly change the verdict: it is firm, or there is no interval."""
    linked = _linked(first_rung)
    return linked is None or decide(linked.excess, linked.interval()) != "inconclusive"


def _linked(first_rung: FirstRung) -> LinkedEffect | None:
    """None where no link was measured to what the rung was read with."""
    link = links().get(first_rung.modality)
    known = link is not None and link.weights.keys() <= first_rung.effects.keys()
    return link.predict(first_rung.effects) if link is not None and known else None


def _worse(first_rung: FirstRung | None) -> FirstRung | None:
    """Of a table with much prose, that of its cells or that of its prose: where it hurts more, it hurts."""
    if first_rung is None or first_rung.prose is None:
        return first_rung
    cells, prose = _linked(first_rung), _linked(first_rung.prose)
    return first_rung.prose if prose is not None and (cells is None or prose.y > cells.y) else first_rung


def _estimate(
    models: Sequence[ModelResult], reference_share: Mapping[int, float] | None, first_rung: FirstRung | None
) -> EffectEstimate | LinkedEffect:
    cascade = estimate_effect(models, reference_share)
    linked = _linked(first_rung) if first_rung is not None else None
    large = max((model.model_size for model in models), default=0) > LARGEST_LINKED
    if cascade is not None and (linked is None or (large and cascade.interval() is not None)):
        return cascade
    if linked is not None:
        return linked
    if first_rung is not None:
        return first_rung.replaced
    raise ValueError("a judgement with a reference needs a pair of models or a first rung")


def severity_of(excess: float) -> Severity:
    """Of a collapse, by the excess loss: mild below 15 %, moderate below 40 %, else severe."""
    if excess >= SEVERE_FROM:
        return "severe"
    return "moderate" if excess >= MODERATE_FROM else "mild"


def _effect(
    estimate: EffectEstimate | LinkedEffect, tiers: Mapping[int, EffectEstimate], first: FirstRung | None
) -> Effect:
    ladder: dict[str, EffectEstimate] = {}
    if first is not None:
        ladder |= {**first.effects, **(first.prose.effects if first.prose is not None else {})}
    ladder |= {f"tier {number}": tier for number, tier in tiers.items()}
    return Effect(
        excess_loss=estimate.excess,
        interval=estimate.interval(),
        rungs=[Rung(model=name, excess_loss=e.excess, interval=e.interval()) for name, e in ladder.items()],
        added_excess_loss=first.added.excess if first else None,
        added_interval=first.added.interval() if first else None,
    )


def decide(excess: float, interval: tuple[float, float]) -> VerdictName:
    """By the effect alone, of data that are not another domain."""
    low, high = interval
    if high < COLLAPSE_BOUND and low <= BENIGN_BOUND:
        return "clear"
    return "collapse" if low > BENIGN_BOUND and excess >= COLLAPSE_BOUND else "inconclusive"


def _decide(estimate: EffectEstimate | LinkedEffect, pattern: LossPattern, pairs: int) -> tuple[VerdictName, str]:
    interval = estimate.interval()
    if interval is None and pairs != 1:
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
    by_effect = decide(estimate.excess, (low, high))
    if by_effect == "clear":
        return "clear", f"Models trained on it are as good as on real data of the same size: {measured}."
    if pattern.looks_foreign:
        return "inconclusive", _shift_reason(pattern)
    if by_effect == "collapse":
        return "collapse", f"Models trained on it are worse than on real data of the same size: {measured}."
    if low > BENIGN_BOUND:
        return "inconclusive", (
            f"Between the bounds of {BENIGN_BOUND:.0%} and {COLLAPSE_BOUND:.0%}: {measured}; "
            "a larger cascade shows whether the effect grows."
        )
    return "inconclusive", f"The interval holds both: {measured}; more variants or a larger reference would settle it."


def _repetition_reason(repeated: float) -> str:
    return (
        f"Small models do not suffer from it, but {repeated:.0%} more of its rows repeat others than of the "
        "reference's, and what repetition does grows with training; a larger cascade, or the dataset without its "
        "repeated rows, would settle it."
    )


def _unseen_reason(unseen: float) -> str:
    return (
        f"Many more of the dataset's rows repeat others than of the sample that was trained on ({unseen:.0%} of them "
        "more, and the sample's already repeat more than the reference's): training on all of it is not shown; "
        "tiers with more trainingRows, or the dataset without its repeated rows, would settle it."
    )


def _shift_reason(pattern: LossPattern) -> str:
    settle = "a reference of the same domain would settle it."
    novelty, new = pattern.novelty, pattern.new_values
    if new is not None and pattern.has_new_values:
        return (
            f"{new.share:.0%} of its values of {new.column!r} are none that the reference knows: the same ones again "
            f"and again, or beyond its range, as in another domain; {settle}"
        )
    if pattern.words_recur and novelty is not None:
        return (
            f"{novelty.novel:.0%} of its words are new ({novelty.null_novel:.0%} between draws of the reference) and "
            f"they recur from row to row, as those of another domain do; {settle}"
        )
    if pattern.is_far and pattern.cohesion is not None:
        return (
            f"Its windows lie {math.exp(pattern.cohesion):.1f} times nearer to each other than to the reference's, "
            "beyond what draws of the reference do, as those of another place or quantity: it may be another domain; "
            f"{settle}"
        )
    return (
        f"The reference's models pay {pattern.foreign:+.0%} for this dataset over real rows: it may be another "
        f"domain or noise, which this measurement cannot tell apart; {settle}"
    )


def _without_reference(suspicion: Suspicion) -> Judgement:
    """Never clear: what collapsed data do not show is no proof that they are none."""
    signs, probability = "; ".join(suspicion.signs), suspicion.probability
    if probability is None:
        reason = (
            "No reference was given, and without trusted data of the same domain the effect cannot be measured; "
            "of the dataset by itself there is too little to tell. Give a reference to settle it."
        )
    elif suspicion.firm:
        reason = f"No reference was given, but the dataset is unlike any real data by itself: {signs}."
    elif probability >= EVEN_ODDS:
        reason = f"Signs of collapse, which real data can show, too: {signs}; a reference would settle it."
    else:
        found = f", though not all is usual ({signs})" if signs else ""
        reason = (
            f"No sign of collapse: by itself the dataset looks like real data{found}. Much that collapses does; "
            "a reference would settle it."
        )
    return Judgement(
        verdict="collapse" if suspicion.firm else "inconclusive",
        collapse_probability=probability,
        risk_score=None if probability is None else round(100 * probability),
        mode="no_reference",
        mechanism=suspicion.mechanism if suspicion.firm else "none",
        reason=reason,
        dimensions=NOT_COMPUTED,
    )

"""The rule on made-up losses: what each pattern must and must not be called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from synthos_api.results import DimensionScore, ModelResult, PairedLosses
from synthos_engine.verdict import judge
from synthos_engine.verdict.effect import EffectEstimate, FirstRung, estimate_effect
from synthos_engine.verdict.novelty import NewValues, Novelty
from synthos_engine.verdict.rule import settled
from synthos_engine.verdict.suspicion import Suspicion

REAL = 2.0


def pair(tier: int, variant: int, excess: float, *, foreign: float = 0.0, own: float = 0.0) -> ModelResult:
    """A pair with the given relative losses; holdout standard error 0.3 %."""
    on_candidate = REAL * (1 + foreign)
    return ModelResult(
        tier=tier,
        variant=variant,
        model_size=30_000,
        paired=PairedLosses(
            candidate_on_real=REAL * (1 + excess),
            reference_on_real=REAL,
            candidate_on_candidate=on_candidate * (1 + own),
            reference_on_candidate=on_candidate,
            relative_excess=excess,
            holdout_standard_error=0.003,
        ),
    )


def cascade(excess: float, spread: float = 0.004, **losses: float) -> list[ModelResult]:
    signs = {1: (1, -1, 1, -1), 2: (1, -1), 3: (1, -1)}
    return [
        pair(tier, i + 1, excess + sign * spread, **losses) for tier, row in signs.items() for i, sign in enumerate(row)
    ]


@pytest.mark.parametrize(
    ("models", "verdict", "mechanism"),
    [
        pytest.param(cascade(0.00), "clear", "none", id="as good as real data"),
        pytest.param(cascade(-0.04), "clear", "none", id="better than real data"),
        pytest.param(cascade(0.03, spread=0.002), "inconclusive", "none", id="between the bounds"),
        pytest.param(cascade(0.04, spread=0.05), "inconclusive", "none", id="too noisy to say"),
        pytest.param(cascade(0.20, foreign=-0.2, own=-0.3), "collapse", "narrowed", id="the reference finds it easy"),
        pytest.param(cascade(0.20, foreign=0.02, own=-0.3), "collapse", "narrowed", id="only its own model does"),
        pytest.param(cascade(0.20, foreign=0.02), "collapse", "other", id="worse, and nothing tells why"),
        pytest.param(cascade(0.80, foreign=0.90), "inconclusive", "shift", id="another domain, however bad"),
        pytest.param(cascade(0.00, foreign=0.20), "clear", "none", id="foreign to read, but as good to train on"),
    ],
)
def test_verdict_and_mechanism(models: list[ModelResult], verdict: str, mechanism: str) -> None:
    judgement = judge(models, with_reference=True)
    assert (judgement.verdict, judgement.mechanism) == (verdict, mechanism), judgement.reason
    assert judgement.reason


def test_only_a_collapse_has_a_type_and_dimensions_take_no_part_in_the_verdict() -> None:
    failed = [DimensionScore(dimension="diversity retention", score=0, threshold=50, passed=False)]
    worse, good = (
        judge(cascade(excess), with_reference=True, dimensions=failed, collapse_type="Type C") for excess in (0.2, 0.0)
    )
    assert (worse.verdict, worse.collapse_type, worse.dimensions) == ("collapse", "Type C", failed)
    assert (good.verdict, good.collapse_type, good.dimensions) == ("clear", "", failed)


RECURRING = Novelty(novel=0.12, recurring=0.4, null_novel=0.06, null_recurring=0.2)
SCATTERED = Novelty(novel=0.40, recurring=0.2, null_novel=0.06, null_recurring=0.2)
SECTION = Novelty(novel=0.061, recurring=0.28, null_novel=0.06, null_recurring=0.2)


@pytest.mark.parametrize(
    ("foreign", "novelty", "verdict", "mechanism"),
    [
        pytest.param(0.30, SCATTERED, "collapse", "noisy", id="hard to read, new words do not recur: noise"),
        pytest.param(0.30, RECURRING, "inconclusive", "shift", id="hard to read, new words recur: another domain"),
        pytest.param(
            0.30, SECTION, "inconclusive", "shift", id="hard to read, no surplus of new words, but they recur"
        ),
        pytest.param(0.30, None, "inconclusive", "shift", id="hard to read, no words at all"),
        pytest.param(0.05, RECURRING, "inconclusive", "shift", id="not very hard to read, but new words recur"),
        pytest.param(0.05, SCATTERED, "collapse", "other", id="not hard to read, new words do not recur"),
        pytest.param(-0.10, RECURRING, "collapse", "narrowed", id="easy to read: the new words are a generator's"),
    ],
)
def test_new_words_tell_noise_from_another_domain(
    foreign: float, novelty: Novelty | None, verdict: str, mechanism: str
) -> None:
    judgement = judge(cascade(0.2, foreign=foreign), with_reference=True, novelty=novelty)
    assert (judgement.verdict, judgement.mechanism) == (verdict, mechanism), judgement.reason


def test_repeated_rows_are_duplication_and_other_rows_are_not() -> None:
    assert judge(cascade(0.2), with_reference=True, repeated=0.8).mechanism == "duplicated"
    assert judge(cascade(0.2, foreign=-0.2), with_reference=True, repeated=0.1).mechanism == "narrowed"
    assert judge(cascade(0.0), with_reference=True, repeated=0.8).verdict == "clear"


def test_nothing_but_copies_is_collapse_in_any_domain() -> None:
    assert judge(cascade(0.5, foreign=0.4), with_reference=True, repeated=0.5).verdict == "inconclusive"
    judgement = judge(cascade(0.5, foreign=0.4), with_reference=True, repeated=0.995)
    assert (judgement.verdict, judgement.mechanism) == ("collapse", "duplicated")


@pytest.mark.parametrize(
    ("suspicion", "verdict", "words"),
    [
        pytest.param(None, "inconclusive", "too little to tell", id="nothing measured"),
        pytest.param(Suspicion(0.01), "inconclusive", "No sign of collapse", id="looks like real data"),
        pytest.param(Suspicion(0.3, signs=["odd"]), "inconclusive", "(odd)", id="a little odd"),
        pytest.param(
            Suspicion(0.7, signs=["odd"]), "inconclusive", "Signs of collapse", id="signs that real data show"
        ),
        pytest.param(Suspicion(0.99, True, ["copies"], "duplicated"), "collapse", "copies", id="unlike real data"),
    ],
)
def test_without_a_reference_it_is_never_clear(suspicion: Suspicion | None, verdict: str, words: str) -> None:
    judgement = judge([ModelResult(tier=1, variant=1, model_size=1)], with_reference=False, suspicion=suspicion)
    assert (judgement.verdict, judgement.mode) == (verdict, "no_reference")
    assert words in judgement.reason
    assert judgement.collapse_probability == (suspicion.probability if suspicion else None)
    assert judgement.mechanism == ("duplicated" if verdict == "collapse" else "none")
    assert judgement.effect.excess_loss is None


def test_one_pair_alone_gives_no_interval_and_no_verdict() -> None:
    judgement = judge([pair(1, 1, 0.5)], with_reference=True)
    assert judgement.verdict == "inconclusive"
    assert judgement.effect.interval is None
    assert judgement.risk_score is None


def test_risk_is_high_for_collapse_and_low_for_clear() -> None:
    worse = judge(cascade(0.2, foreign=-0.2), with_reference=True)
    healthy = judge(cascade(0.0), with_reference=True)
    assert worse.risk_score is not None
    assert healthy.risk_score is not None
    assert healthy.risk_score < 5 < 95 < worse.risk_score
    assert worse.collapse_probability == pytest.approx(worse.risk_score / 100, abs=0.005)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Simulated cascades, the effect growing with the tiers: draws and seeds 1 %, shared holdout error 0.3 %."""
    rng = np.random.default_rng(0)
    covered, rounds = 0, 2000
    for _ in range(rounds):
        interval = _simulated(rng, 0.01)
        covered += interval[0] <= 0.05 <= interval[1]
    assert 0.935 <= covered / rounds <= 0.975


def test_the_interval_covers_the_truth_when_draws_share_a_pool() -> None:
    """Half of each draw's deviation is the pool's own, which all pairs have in common; tiers' draws are nested."""
    rng = np.random.default_rng(1)
    covered, rounds = 0, 2000
    for _ in range(rounds):
        pool = rng.normal(0, 0.01 * 0.5**0.5)
        interval = _simulated(rng, 0.01 * 0.5**0.5, common=pool, shares={1: 0.25, 2: 0.375, 3: 0.5})
        covered += interval[0] <= 0.05 <= interval[1]
    assert 0.935 <= covered / rounds <= 0.98


def test_nested_draws_have_fewer_degrees_of_freedom_than_pairs() -> None:
    models = [pair(tier, i + 1, 0.01 * i) for tier in (1, 2, 3) for i in range(3)]
    without, nested, same = (
        estimate_effect(models, s) for s in (None, {1: 0.1, 2: 0.2, 3: 0.4}, {1: 0.4, 2: 0.4, 3: 0.4})
    )
    assert without is not None
    assert nested is not None
    assert same is not None
    assert without.degrees > 1.5 * nested.degrees > 1.5 * same.degrees


@pytest.mark.parametrize("missing", [0, 1])
def test_too_few_held_out_rows_give_no_interval_and_no_verdict(missing: int) -> None:
    models = cascade(0.5)
    last = models[-1 - missing]
    assert last.paired is not None
    unknown = last.paired.model_copy(update={"holdout_standard_error": None})
    models[-1 - missing] = last.model_copy(update={"paired": unknown})
    judgement = judge(models, with_reference=True)
    assert (judgement.verdict, judgement.effect.interval) == ("inconclusive", None)
    assert "different rows of the reference" in judgement.reason


def test_a_sample_that_hides_repetition_is_not_called_clear() -> None:
    judgement = judge(cascade(0.0), with_reference=True, repeated=0.9, unseen_repetition=0.7)
    assert judgement.verdict == "inconclusive"
    assert "trainingRows" in judgement.reason
    assert judge(cascade(0.2), with_reference=True, repeated=0.9, unseen_repetition=0.7).verdict == "collapse"


def _simulated(
    rng: np.random.Generator, deviation: float, common: float = 0.0, shares: dict[int, float] | None = None
) -> tuple[float, float]:
    trend = {1: 0.01, 2: 0.03, 3: 0.05}
    shared = rng.normal(0, 0.003)
    models = [
        pair(tier, variant, trend[tier] + shared + common + deviation * own)
        for variant in (1, 2, 3)
        for tier, own in zip(trend, _deviations(rng, shares), strict=True)
    ]
    estimate = estimate_effect(models, shares)
    assert estimate is not None
    interval = estimate.interval()
    assert interval is not None
    return interval


def _deviations(rng: np.random.Generator, shares: dict[int, float] | None) -> list[float]:
    """Of one variant's tiers, standard normal: independent, or of means over nested draws."""
    if shares is None:
        return list(rng.normal(size=3))
    sizes = np.array(list(shares.values()))
    steps = rng.normal(0, np.sqrt(np.diff(sizes, prepend=0)))
    return list(np.cumsum(steps) / np.sqrt(sizes))


def test_the_last_tier_is_what_counts() -> None:
    estimate = estimate_effect([*cascade(0.0)[:6], pair(3, 1, 0.10), pair(3, 2, 0.12)])
    assert estimate is not None
    assert estimate.excess == pytest.approx(0.11)


def test_one_pair_per_tier_counts_the_trend_as_noise() -> None:
    estimate = estimate_effect([pair(1, 1, 0.01), pair(2, 1, 0.02), pair(3, 1, 0.03)])
    assert estimate is not None
    assert estimate.pairs == 3
    assert estimate.degrees < 4
    assert estimate.excess == pytest.approx(0.02)


def first_rung(excess: float, **more: Any) -> FirstRung:
    effects = {name: EffectEstimate(excess, 0.004, 9, 10) for name in ("byte 5-gram", "nano-300k networks")}
    return FirstRung("text", effects, EffectEstimate(-0.02, 0.01, 1e6, 1), **more)


@pytest.mark.parametrize(("excess", "firm"), [(0.0, True), (0.6, True), (0.04, False)])
def test_large_models_are_asked_where_the_first_rung_is_not_firm(excess: float, firm: bool) -> None:
    assert settled(76_000_000, first_rung(excess)) is firm
    assert settled(300_000, first_rung(excess)), "small models have no part in the verdict"
    assert not settled(300_000, None)


def test_the_first_rung_decides_over_small_models_and_large_ones_over_it() -> None:
    small = judge(cascade(0.2), with_reference=True, first_rung=first_rung(0.0))
    assert (small.verdict, small.effect.rungs[0].model) == ("clear", "byte 5-gram")
    large = [model.model_copy(update={"model_size": 76_000_000}) for model in cascade(0.2)]
    assert judge(large, with_reference=True, first_rung=first_rung(0.0)).verdict == "collapse"
    assert judge(large[:1], with_reference=True, first_rung=first_rung(0.0)).verdict == "clear", "one pair is no effect"


def test_cells_tell_noise_from_another_population_by_their_structure() -> None:
    noise = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=0.5, structure=0.4))
    other = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=0.5, structure=0.05))
    assert (noise.verdict, noise.mechanism) == ("collapse", "noisy")
    assert (other.verdict, other.mechanism, other.risk_score) == ("inconclusive", "shift", None)


def test_cells_tell_noise_from_another_population_by_what_its_rows_have_in_common() -> None:
    scattered = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=0.5, cohesion=0.05))
    together = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=0.5, cohesion=0.4))
    assert (scattered.verdict, scattered.mechanism) == ("collapse", "noisy")
    assert (together.verdict, together.mechanism) == ("inconclusive", "shift")
    either = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=0.5, structure=0.4, cohesion=0.4))
    assert either.mechanism == "noisy", "narrowed by a model that lost relations"


def test_windows_that_lie_apart_from_the_references_are_another_domain_unless_they_hang() -> None:
    """The measured effect is the same in all: windows of another place read as easily as those of a broken sensor."""
    apart = first_rung(0.6, foreign=-0.1, cohesion=0.8)
    other = judge([], with_reference=True, first_rung=apart, hanging=0.0)
    assert (other.verdict, other.mechanism, other.collapse_probability) == ("inconclusive", "shift", None)
    assert "2.2 times nearer" in other.reason
    hangs = judge([], with_reference=True, first_rung=apart, hanging=0.9)
    assert hangs.verdict == "collapse"
    foreign = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=0.2, cohesion=0.8), hanging=0.9)
    assert foreign.verdict == "collapse", "hangs, and reads foreign for it"
    beyond = judge([], with_reference=True, first_rung=apart, hanging=0.9, new_values=NewValues("x", 0.9))
    assert beyond.mechanism == "shift", "of another range"
    written = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=-0.1, cohesion=0.4), hanging=0.0)
    assert written.verdict == "collapse"


@pytest.mark.parametrize("structure", [0.0, None])
def test_of_tables_what_reads_easily_is_no_other_population(structure: float | None) -> None:
    """None: few different rows, none held out."""
    table = first_rung(0.6, foreign=-0.1, structure=structure, cohesion=0.8)
    assert judge([], with_reference=True, first_rung=table).verdict == "collapse"


def test_values_that_the_reference_lacks_are_another_population() -> None:
    found = judge([], with_reference=True, first_rung=first_rung(0.6), new_values=NewValues("year", 0.9))
    assert (found.verdict, found.mechanism) == ("inconclusive", "shift")
    assert "'year'" in found.reason
    few = judge([], with_reference=True, first_rung=first_rung(0.6), new_values=NewValues("year", 0.01))
    assert few.verdict == "collapse"


def test_without_models_and_without_a_rung_there_is_no_judgement() -> None:
    with pytest.raises(ValueError, match="pair of models or a first rung"):
        judge([], with_reference=True)


def test_what_repeats_itself_so_much_that_nothing_can_be_held_out_is_narrowed_all_the_same() -> None:
    found = judge([], with_reference=True, first_rung=first_rung(0.6, foreign=-0.4))
    assert (found.verdict, found.mechanism) == ("collapse", "narrowed")


@pytest.mark.parametrize(
    ("cells", "prose", "verdict"), [(0.0, 0.0, "clear"), (0.0, 0.6, "collapse"), (0.6, 0.0, "collapse")]
)
def test_of_a_table_with_prose_the_worse_part_decides(cells: float, prose: float, verdict: str) -> None:
    scores = ("cell networks, ranked", "cell networks, bits")
    effects = {name: EffectEstimate(cells, 0.004, 7, 8) for name in scores}
    rung = FirstRung("table", effects, EffectEstimate(-0.02, 0.01, 1e6, 1), prose=first_rung(prose))
    found = judge([], with_reference=True, first_rung=rung)
    assert found.verdict == verdict
    assert [one.model for one in found.effect.rungs] == [*scores, *first_rung(0).effects]
    assert settled(300_000, rung)


def test_what_no_link_was_measured_to_has_its_own_interval_and_is_not_settled() -> None:
    unlinked = replace(first_rung(0.06), modality="table")
    assert judge([], with_reference=True, first_rung=unlinked).effect.excess_loss == 0.06
    assert not settled(300_000, unlinked)


def test_what_repeats_itself_is_not_clear_though_small_models_do_not_mind() -> None:
    found = judge([], with_reference=True, first_rung=first_rung(0.0), repeated=0.5)
    assert found.verdict == "inconclusive"
    assert "50% more of its rows repeat others" in found.reason
    assert judge([], with_reference=True, first_rung=first_rung(0.0), repeated=0.1).verdict == "clear"

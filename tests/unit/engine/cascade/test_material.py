from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from synthos_api.errors import CorruptData, DatasetTooSmall, SchemaMismatch
from synthos_api.phases import SAMPLE
from synthos_engine.cascade.material import Material, draw, load_samples, load_table, plan_tier, split
from synthos_engine.verdict.effect import FEWEST_HOLDOUT_ROWS
from tests.unit.engine.cascade.samples import CONTEXT, config, put, sentences, store_with, tier

TIERS = [tier(1, rows=250), tier(2, rows=500), tier(3, rows=1000)]


def material(candidate: list[str], reference: list[str] | None, seed: int = 0) -> Material:
    settings = config(TIERS, reference=reference is not None, seed=seed)
    return split(*load_samples(store_with(candidate, reference), settings), settings, CONTEXT)


def rows_of(data: np.ndarray) -> set[bytes]:
    return set(data.tobytes().split(b"\n")[:-1])


def test_no_row_is_both_trained_on_and_held_out() -> None:
    """A dataset against itself: the hardest case."""
    texts = sentences(500, 1) * 2
    made = material(texts, texts)
    assert made.reference is not None
    assert made.real_holdout is not None
    assert made.held_out
    held_out = rows_of(made.real_holdout.corpus.data) | rows_of(made.candidate_holdout.corpus.data)
    trained = {text.strip() for rows in (made.candidate, made.reference) for text in rows.texts}
    assert held_out
    assert not held_out & trained
    assert len(trained) + len(held_out) == len(set(texts))


def test_row_numbers_are_those_of_the_dataset() -> None:
    texts = sentences(500, 1)
    made = material(texts, None)
    for text, number in zip(made.candidate.texts, made.candidate.numbers, strict=True):
        assert text == texts[number].encode() + b"\n"


def test_another_seed_holds_out_other_rows() -> None:
    texts = sentences(500, 1)
    first, same, other = (set(material(texts, None, seed).candidate.texts) for seed in (0, 0, 1))
    assert first == same
    assert first != other


def test_tiers_are_nested_and_size_matched() -> None:
    made = material(sentences(600, 1), sentences(2000, 2))
    plans = [plan_tier(made, config(TIERS), t) for t in TIERS]
    sizes = [plan.training_bytes for plan in plans]
    assert sizes == [int(made.candidate.size * share) for share in (0.25, 0.5, 1.0)]
    assert made.reference is not None
    for rows in (made.candidate, made.reference):
        draws = [draw(rows, size, (0, 1, 2)) for size in sizes]
        assert [len(corpus) for corpus in draws] == sizes
        for small, large in itertools.pairwise(draws):
            assert (large.data[: len(small)] == small.data).all()
            assert set(small.rows) <= set(large.rows)
    assert draw(made.reference, sizes[0], (0, 2, 2)).data.tobytes() != draws[0].data.tobytes()


def test_a_draw_takes_at_most_half_of_the_reference() -> None:
    made = material(sentences(600, 1), sentences(600, 2))
    assert plan_tier(made, config(TIERS), TIERS[2]).reference_share == pytest.approx(0.5, abs=0.01)


def test_more_rows_than_the_largest_tier_asks_for_are_not_used() -> None:
    made = material(sentences(3000, 1), None)
    plan = plan_tier(made, config(TIERS, reference=False), TIERS[2])
    assert plan.training_bytes == pytest.approx(1000 / len(made.candidate.texts) * made.candidate.size, abs=1)
    assert plan.reference_share == 0


def test_too_little_data_says_how_much_is_needed() -> None:
    with pytest.raises(DatasetTooSmall, match=r"/data/candidate.parquet: .* are needed") as caught:
        material(sentences(10, 1), None)
    assert caught.value.code == 1008
    with pytest.raises(DatasetTooSmall, match=r"/data/reference.parquet: .* are needed"):
        material(sentences(1000, 1), sentences(10, 2))
    made = material(sentences(100, 1), sentences(1000, 2))
    with pytest.raises(DatasetTooSmall, match=r"tier 1 would train on \d+ bytes of text, 4096 are needed: about"):
        plan_tier(made, config(TIERS), TIERS[0])


def test_the_amount_said_to_be_needed_is_enough() -> None:
    made = material(sentences(100, 1), sentences(1000, 2))
    with pytest.raises(DatasetTooSmall) as caught:
        plan_tier(made, config(TIERS), TIERS[0])
    needed = int(str(caught.value).split("about ")[1].split()[0])
    enough: list[str] = []
    for text in sentences(2000, 1):
        if sum(map(len, enough)) < needed:
            enough.append(text)
    plan_tier(material(enough, sentences(1000, 2)), config(TIERS), TIERS[0])


def test_all_rows_equal_cannot_be_held_out() -> None:
    with pytest.raises(DatasetTooSmall, match="different rows"):
        material(["the same row"] * 5000, None)


@pytest.mark.parametrize("seed", range(8))
def test_few_different_rows_are_trained_on_against_a_reference(seed: int) -> None:
    """The most collapsed candidates there are: the hash holds out all of them or none."""
    few = [f"the same row, number {i}, again and again" for i in range(5)]
    made = material(few * 1000, sentences(1000, 2), seed)
    assert not made.held_out
    assert len(made.candidate.texts) == 5000
    assert len(made.candidate_holdout.corpus) > 8 * CONTEXT


def test_rows_of_the_real_holdout_are_never_trained_on_whatever_the_candidate() -> None:
    real = sentences(1000, 2)
    for seed in range(8):
        made = material(real[:8] * 700, real, seed)
        assert not made.held_out
        assert made.real_holdout is not None
        assert not set(made.candidate.texts) & rows_with_ends(made.real_holdout.corpus.data)


def rows_with_ends(data: np.ndarray) -> set[bytes]:
    return {row + b"\n" for row in rows_of(data)}


def test_a_long_document_does_not_fill_the_holdout() -> None:
    words = [" ".join(sentences(300, i)) for i in range(30)]
    for seed in range(6):
        made = material(sentences(1000, 1), [f"{i} {words[i % 30]}" for i in range(400)], seed)
        assert made.real_holdout is not None
        assert len(made.real_holdout.corpus.rows) >= FEWEST_HOLDOUT_ROWS


def test_what_is_scored_of_a_long_row_is_nobodys_to_train_on() -> None:
    """Candidates that begin as the real documents do and go on in their own way."""
    real = [f"{i} " + " ".join(sentences(60, i)) for i in range(400)]
    for seed in range(3):
        made = material([text[:3500] + " and so on" * 50 for text in real], real, seed)
        assert made.real_holdout is not None
        corpus = made.real_holdout.corpus
        scored = [corpus.data[a:b].tobytes() for a, b in zip(corpus.starts(), corpus.ends, strict=True)][:-1]
        assert scored
        for rows in (made.candidate, made.reference):
            assert rows is not None
            assert not any(text.startswith(part) for part in scored for text in rows.texts)


def test_plain_texts_need_no_common_name() -> None:
    store = store_with(sentences(100, 1), sentences(100, 2))
    put(store, SAMPLE, sentences(100, 1), column="body")
    candidate, reference = load_samples(store, config(TIERS))
    assert reference is not None
    assert len(candidate.texts) == len(reference.texts) == 100


def test_other_columns_than_the_reference() -> None:
    store = store_with(sentences(100, 1), sentences(100, 2))
    put(store, SAMPLE, sentences(100, 1), column="body", id=range(100))
    with pytest.raises(SchemaMismatch, match=r"/data/reference.parquet: .*other columns"):
        load_samples(store, config(TIERS))


def test_over_represented_rows_are_given_up() -> None:
    """Half of the sample is a tenth of the dataset; texts, tables and row numbers tell the same."""
    texts = sentences(2000, 1)
    store = store_with(texts, sentences(100, 2))
    weights = [9.0] * 1000 + [1.0] * 1000
    more: dict[str, Any] = {"__weight__": weights, "__rank__": range(2000), "__stratum__": [0] * 1000 + [1] * 1000}
    put(store, SAMPLE, texts, **more)
    candidate, _ = load_samples(store, config(TIERS))
    table = load_table(store, SAMPLE)
    assert table.column_names == ["text", "__row__"]
    assert candidate.numbers.tolist() == table["__row__"].to_pylist()
    assert candidate.texts == [f"{text}\n".encode() for text in table["text"].to_pylist()]
    assert candidate.numbers[:1000].tolist() == list(range(1000))
    assert 80 < len(candidate.texts) - 1000 < 145
    put(store, SAMPLE, texts, **more | {"__weight__": [4.5] * 2000})
    assert len(load_samples(store, config(TIERS))[0].texts) == load_table(store, SAMPLE).num_rows == 2000


def test_a_damaged_sample() -> None:
    store = store_with(sentences(100, 1), sentences(100, 2))
    store.content[SAMPLE] = store.content[SAMPLE][:100]
    with pytest.raises(CorruptData, match=r"profile/sample.parquet"):
        load_samples(store, config(TIERS))


def test_repeated_rows() -> None:
    made = material([*sentences(500, 1), *sentences(250, 1)], None)
    assert made.candidate.repeated_share() == pytest.approx(1 / 3, abs=0.05)
    assert made.candidate.repeated_share(100) < 0.2, "few of them meet in a small part"

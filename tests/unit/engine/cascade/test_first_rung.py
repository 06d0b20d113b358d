"""The first rung: nothing for real draws, something for what is worse, the sign of what is added."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import DatasetTooSmall
from synthos_api.phases import REFERENCE_SAMPLE, SAMPLE
from synthos_engine.cascade.first_rung import climb
from synthos_engine.cascade.material import load_samples, load_table, plan_tier, split
from synthos_engine.data.columns import ROW_COLUMN
from synthos_engine.verdict.effect import FirstRung, estimate_from_draws
from tests.unit.engine.cascade.samples import CONTEXT, collapsed, config, put, sentences, store_with, tier
from tests.unit.engine.stores import MemoryStore

REFERENCE = sentences(3000, 2)


def climbed(candidate: list[str], seed: int = 0) -> FirstRung:
    return climbed_from(store_with(candidate, REFERENCE), seed)


def climbed_from(store: MemoryStore, seed: int = 0, rows: int = 1000) -> FirstRung:
    settings = config([tier(1, rows=rows)], seed=seed)
    material = split(*load_samples(store, settings), settings, CONTEXT)
    samples = load_table(store, SAMPLE), load_table(store, REFERENCE_SAMPLE)
    found = climb(material, samples, plan_tier(material, settings, settings.tiers[0]).training_bytes, seed)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_real_draw_costs_nothing_and_helps_when_added(seed: int) -> None:
    found = climbed(sentences(1000, 10 + seed), seed)
    low, high = found.replaced.interval() or (1.0, 1.0)
    assert low < 0.01
    assert high > -0.01
    assert found.added.excess < 0


def test_what_is_worse_is_worse_and_the_same_again() -> None:
    found = climbed(collapsed(1000))
    low, _ = found.replaced.interval() or (0.0, 0.0)
    assert low > 0.1
    assert found == climbed(collapsed(1000))
    assert found.replaced.excess > found.added.excess, "beside real data there is less harm"


def test_without_a_reference_there_is_nothing_to_climb() -> None:
    settings = config([tier(1)], reference=False)
    store = store_with(REFERENCE, None)
    material = split(*load_samples(store, settings), settings, CONTEXT)
    sample = load_table(store, SAMPLE)
    assert climb(material, (sample, sample), 10_000, 0) is None


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Losses of rows vary, draws vary by 1 %; half of the pool is in each draw, so half of that is common."""
    rng = np.random.default_rng(3)
    covered, rounds, rows, draws = 0, 1000, 300, 10
    for _ in range(rounds):
        real = rng.gamma(4, 100, rows)
        common = rng.normal(0, 0.01 * 0.5**0.5)
        scale = 1 + common + rng.normal(0, 0.01 * 0.5**0.5, (draws, 1))
        candidate = 1.05 * real * rng.normal(1, 0.05, rows)
        interval = estimate_from_draws(candidate, real * scale, share=0.5).interval()
        assert interval is not None
        covered += interval[0] <= 0.05 <= interval[1]
    assert 0.93 <= covered / rounds <= 0.98


def with_columns(candidate: list[str], *columns: str) -> FirstRung:
    """Climbed from tables with a number of the row and such columns of letters beside the texts."""
    store = MemoryStore()
    for name, texts in ((SAMPLE, candidate), (REFERENCE_SAMPLE, REFERENCE)):
        rng = np.random.default_rng(len(texts))
        letters = {column: rng.integers(0, 5, len(texts)).tolist() for column in columns}
        start = 0 if name == REFERENCE_SAMPLE else len(REFERENCE)
        put(store, name, texts, "answer", id=range(start, start + len(texts)), **letters)
    return climbed_from(store)


def test_prose_beside_a_number_is_read_as_text() -> None:
    found, real = with_columns(collapsed(1000)), with_columns(sentences(1000, 10))
    assert (found.modality, found.prose) == ("text", None)
    assert found.replaced.excess > 0.1
    assert real.replaced.excess < 0.02, "that the numbers go on is nothing to learn from"


def test_prose_beside_other_columns_is_read_for_itself() -> None:
    found = with_columns(collapsed(1000), "a", "b")
    assert found.modality == "table"
    assert found.replaced.excess < 0.02
    assert found.prose is not None
    assert found.prose.replaced.excess > 0.1


def test_numbers_without_relation_are_read_as_they_are_written() -> None:
    store = MemoryStore()
    rng = np.random.default_rng(0)
    for name, count in ((SAMPLE, 3000), (REFERENCE_SAMPLE, 8000)):
        table = pa.table({"x": pa.array(np.round(rng.normal(size=count), 3)), ROW_COLUMN: pa.array(range(count))})
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        store.content[name] = buffer.getvalue()
    found = climbed_from(store, rows=3000)
    assert (found.modality, found.prose) == ("table", None)
    assert "byte 5-gram" in found.effects


def test_cells_take_less_than_models_of_text() -> None:
    store = MemoryStore()
    rng = np.random.default_rng(0)
    for name, count in ((SAMPLE, 400), (REFERENCE_SAMPLE, 900)):
        put(
            store,
            name,
            [""] * count,
            "empty",
            x=rng.integers(0, 9, count).tolist(),
            y=rng.integers(0, 9, count).tolist(),
        )
    settings = config([tier(1)]).model_copy(update={"stop_when_certain": True})
    material = split(*load_samples(store, settings), settings, CONTEXT)
    samples = load_table(store, SAMPLE), load_table(store, REFERENCE_SAMPLE)
    found = climb(material, samples, plan_tier(material, settings, settings.tiers[0], trained=False).training_bytes, 0)
    assert found is not None
    assert found.modality == "table"
    lone = [table.select(["x", ROW_COLUMN]) for table in samples]
    with pytest.raises(DatasetTooSmall, match=r"\d+ bytes of it as text, 16000 are needed"):
        climb(material, (lone[0], lone[1]), 5000, 0)

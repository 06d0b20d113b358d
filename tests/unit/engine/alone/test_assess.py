"""What a dataset shows by itself: copies and hanging series are seen, real data are not accused, nothing raises.

Error rates are no matter of tests: they are CollapseBench's (benchmarks/collapsebench/fit_alone).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import pyarrow as pa
import pytest

from hack.demo_data import real_rows
from synthos_engine.alone import assess
from synthos_engine.alone.features import features_of
from synthos_engine.alone.model import FARTHEST, Model, Signature
from synthos_engine.alone.wording import WORDS, in_words
from synthos_engine.data.modality import modality_of
from synthos_engine.data.serialize import rows_to_text


def numbered(table: pa.Table) -> pa.Table:
    return table.append_column("__row__", pa.array(np.arange(len(table))))


def text(rows: list[str]) -> pa.Table:
    return numbered(pa.table({"text": pa.array(rows, pa.string())}))


@pytest.fixture(scope="module")
def documentation() -> list[str]:
    """Real paragraphs; networkx and sympy are no development source by themselves."""
    rows = real_rows(("networkx", "sympy"))
    order = np.random.default_rng(0).permutation(len(rows))
    return [rows[i] for i in order][:600]


def people(count: int, seed: int = 0) -> pa.Table:
    """A table whose columns depend on each other, in a straight line and beyond."""
    rng = np.random.default_rng(seed)
    age = rng.gamma(9, 5, count).round().astype(int) + 15
    trade = rng.choice(["clerk", "smith", "nurse", "judge"], count, p=[0.5, 0.3, 0.15, 0.05])
    level = np.where(trade == "judge", 3.0, 1.0)
    income = (level * 900 * np.exp(-(((age - 50) / 25) ** 2)) * rng.lognormal(0, 0.2, count)).round(1)
    children = rng.poisson(np.minimum(age / 25, 2))
    columns = {"age": age, "trade": trade, "income": income, "children": children}
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def series(count: int, *, frozen: bool = False, dead: bool = False) -> pa.Table:
    rng = np.random.default_rng(0)
    windows = np.cumsum(rng.standard_t(4, (count, 24)), axis=1).round(2)
    if frozen:
        windows[:, 8:] = windows[:, 7:8]
    if dead:
        windows[:, 8:] = 0.0
    return pa.table({"value": pa.array(windows.tolist(), pa.list_(pa.float64()))})


def test_real_text_is_not_accused(documentation: list[str]) -> None:
    found = assess(text(documentation), seed=1)
    assert not found.firm
    assert found.probability is not None
    assert found.probability < 0.5, found.signs


def test_a_row_many_times_over_is_a_firm_sign(documentation: list[str]) -> None:
    found = assess(text(documentation[:40] * 15), seed=1)
    assert found.firm
    assert found.mechanism == "duplicated"
    assert any("row" in sign for sign in found.signs)


def test_copies_of_a_table_are_a_firm_sign_and_the_table_is_none() -> None:
    table = people(1500)
    assert not assess(numbered(table), seed=1).firm
    few = table.slice(0, 400)
    found = assess(numbered(pa.concat_tables([few] * 5)), seed=1)
    assert found.firm
    assert found.mechanism == "duplicated"


def test_few_possible_rows_repeat_by_themselves() -> None:
    rng = np.random.default_rng(0)
    flags = pa.table({name: pa.array(rng.random(1500) < 0.3) for name in "abcd"})
    assert not assess(numbered(flags), seed=1).firm


def test_series_that_hang_are_a_firm_sign_and_moving_ones_are_none() -> None:
    assert not assess(numbered(series(300)), seed=1).firm
    for found in (assess(numbered(series(300, frozen=True)), seed=1), assess(numbered(series(300, dead=True)), seed=1)):
        assert found.firm
        assert found.mechanism == "other"


def test_series_that_rest_at_one_value_do_not_hang() -> None:
    rng = np.random.default_rng(1)
    wet = np.repeat(np.arange(2000) % 2 == 0, rng.integers(1, 20, 2000))[: 400 * 24]
    showers = np.where(wet, rng.gamma(1, 4, wet.shape).round(1), 0.0).reshape(400, 24)
    rain = pa.table({"millimetres": pa.array(showers.tolist(), pa.list_(pa.float64()))})
    found = assess(numbered(rain), seed=1)
    assert not found.firm
    assert not any("stand still" in sign for sign in found.signs), found.signs


def test_the_same_sample_and_seed_give_the_same_answer(documentation: list[str]) -> None:
    for table in (text(documentation), numbered(people(800)), numbered(series(200))):
        assert assess(table, seed=3) == assess(table, seed=3)


def test_neither_order_nor_wrapping_matters_much(documentation: list[str]) -> None:
    wrapped = [row.replace(". ", ".\n") for row in documentation]
    one, other, turned = (assess(text(rows), seed=1) for rows in (documentation, wrapped, documentation[::-1]))
    assert one.probability == other.probability
    assert one.probability is not None
    assert turned.probability == pytest.approx(one.probability, abs=0.2)


NESTED = pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))])
ODD: dict[str, Callable[[], pa.Table]] = {
    "no row": lambda: text([]),
    "one row": lambda: text(["one row"]),
    "empty strings": lambda: text([""] * 500),
    "missing text": lambda: numbered(pa.table({"text": pa.nulls(500, pa.string())})),
    "not Latin": lambda: text(["числа и слова без конца"] * 3 + ["数据"] * 3),
    "one long row": lambda: text(["word " * 50_000]),
    "rows without words": lambda: text([f"{i * 7919 % 10007} + {i}" for i in range(20_000)]),
    "no content": lambda: numbered(pa.table({})),
    "nulls only": lambda: numbered(pa.table({"a": pa.nulls(500), "b": pa.nulls(500, pa.float64())})),
    "constants": lambda: numbered(pa.table({"a": [1] * 500, "b": ["x"] * 500, "c": list(range(500))})),
    "not a number": lambda: numbered(
        pa.table({"a": [float("nan"), float("inf")] * 300, "b": pa.array(np.arange(600.0))})
    ),
    "nested": lambda: numbered(pa.table({"a": pa.array([{"a": i, "b": [str(i)]} for i in range(400)], NESTED)})),
    "one number, all else missing": lambda: numbered(
        pa.table({"a": pa.array([1.5] + [None] * 599, pa.float64()), "b": pa.array(np.arange(600))})
    ),
    "words": lambda: numbered(pa.table({"a": pa.array(["x", "y", None] * 200).dictionary_encode(), "b": range(600)})),
    "missing windows": lambda: numbered(pa.table({"v": pa.array([None, []] * 200, pa.list_(pa.float64()))})),
    "constant windows": lambda: numbered(pa.table({"v": [[1.0] * 12] * 300})),
    "windows of all lengths": lambda: numbered(pa.table({"v": [[float(i)] * (i % 20) for i in range(400)]})),
    "windows with gaps": lambda: numbered(
        pa.table({"v": pa.array([[None, float(i), *[1.0, 2.0] * 5] for i in range(200)], pa.list_(pa.float64()))})
    ),
}


@pytest.mark.parametrize("make", ODD.values(), ids=ODD.keys())
@pytest.mark.filterwarnings("error")
def test_odd_data_are_no_error(make: Callable[[], pa.Table]) -> None:
    found = assess(make(), seed=1)
    assert found.probability is None or 0 <= found.probability <= 1


def test_too_little_is_no_sign_in_either_direction() -> None:
    found = assess(text([f"a short row, number {i}" for i in range(20)]), seed=1)
    assert (found.probability, found.firm) == (None, False)


def test_modality_is_told_by_the_schema() -> None:
    assert modality_of(text(["a"]).schema) == "text"
    assert modality_of(series(3).schema) == "series"
    assert modality_of(people(3).schema) == "table"
    assert modality_of(pa.schema([("a", pa.list_(pa.float64())), ("b", pa.int64())])) == "table"
    assert modality_of(pa.schema([("a", pa.list_(pa.string()))])) == "table"


def test_every_feature_has_words(documentation: list[str]) -> None:
    measured: set[str] = set()
    for table in (text(documentation), numbered(people(800)), numbered(series(200))):
        texts = [row for batch in table.combine_chunks().to_batches() for row in rows_to_text(batch)]
        measured |= set(features_of(table, texts, 1)[1])
    assert measured == set(WORDS)
    model = json.loads(files("synthos_engine.alone").joinpath("model.json").read_text("utf-8"))
    for one in model["modalities"].values():
        assert {signature["feature"] for signature in one["signatures"]} <= measured


def test_a_signature_counts_on_its_side_only_and_to_a_limit() -> None:
    low = Signature("topics", -1, start=2.0, scale=0.5, weight=1.0)
    model = Model(-2.0, (low,), firm_from=0.9)
    assert [low.outside({"topics": value}) for value in (3.0, 2.0, 1.0, -99.0)] == [0, 0, 2, FARTHEST]
    assert low.outside({}) == low.outside({"topics": float("nan")}) == 0
    assert model.probability({"topics": 3.0}) < 0.2 < 0.45 < model.probability({"topics": 1.0})
    assert model.strongest({"topics": 3.0}) == []
    assert in_words(low, 1.0) == "recurrence of rarer words within a row 1 (most real corpora at least 2)"

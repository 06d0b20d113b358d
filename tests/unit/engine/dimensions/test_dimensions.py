"""Each damage lowers its dimension; real data pass; odd data have no score and never raise.

The fit itself is the benchmark's (benchmarks/collapsebench/fit_dimensions.py).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from synthos_api.results import SIX_DIMENSIONS
from synthos_engine.dimensions import Dimensions, Measurement, collapse_type, measure_dimensions
from synthos_engine.dimensions.calibration import calibrations
from synthos_engine.dimensions.names import CORRELATION, DISTRIBUTION, DIVERSITY, RARE, SEMANTIC, TEMPORAL, TYPES

from .sources import series, table, text, windows, with_rows

SOURCES: dict[str, Callable[[int], pa.Table]] = {"text": text, "table": table, "series": series}
Damage = Callable[[pa.Table, np.random.Generator], pa.Table]


def log_odds(found: Dimensions) -> dict[str, float]:
    """Of damage, by dimension."""
    known = calibrations(found.modality)
    return {name: known[name].log_odds(m.excess) for name, m in found.statistics.items() if name in known}


def rows_of(real: pa.Table) -> list[str]:
    return [str(row) for row in real["text"].to_pylist()]


def in_order(order: np.ndarray) -> pa.Array[Any]:
    return pa.array(order, pa.int64())


def duplicated(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    return real.take(in_order(np.tile(rng.permutation(len(real))[: len(real) // 8], 8)))


def scrambled(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    return with_rows({"text": [" ".join(rng.permutation(row.split())) for row in rows_of(real)]})


def misspelt(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    def spoilt(row: str) -> str:
        letters = np.array(list(row))
        hit = (rng.random(len(letters)) < 0.1) & (letters != " ")
        letters[hit] = rng.choice(list("qxzw"), int(hit.sum()))
        return "".join(letters)

    return with_rows({"text": [spoilt(row) for row in rows_of(real)]})


def of_mixed_topics(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Every few words from another row: locally right, about nothing."""
    rows = [row.split() for row in rows_of(real)]
    pieces = [" ".join(row[i : i + 6]) for row in rows for i in range(0, len(row), 6)]
    order = iter(rng.permutation(len(pieces)))
    return with_rows({"text": [" ".join(pieces[next(order)] for _ in range(0, len(row), 6)) for row in rows]})


def uncoupled(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    columns = real.column_names[:-1]
    return with_rows({name: real[name].take(in_order(rng.permutation(len(real)))) for name in columns})


def scaled(real: pa.Table, _rng: np.random.Generator) -> pa.Table:
    """A number far from what it was, and everything else as it was."""
    return real.set_column(2, "age", pa.array(np.asarray(real["age"]) // 2 + 40))


def shuffled_in_time(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    values = [np.array(real[name].to_pylist()) for name in ("v0", "v1")]
    order = np.argsort(rng.random(values[0].shape), axis=1)
    return windows(*(np.take_along_axis(v, order, axis=1) for v in values))


def frozen(real: pa.Table, _rng: np.random.Generator) -> pa.Table:
    values = [np.array(real[name].to_pylist()) for name in ("v0", "v1")]
    return windows(*(np.where(np.arange(v.shape[1]) < 6, v, v[:, 5:6]) for v in values))


def apart(real: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Each variable's windows are real, but not of the same time."""
    order = in_order(rng.permutation(len(real)))
    return real.set_column(1, "v1", real["v1"].take(order))


DAMAGES: list[tuple[str, Damage, set[str]]] = [
    ("text", duplicated, {DIVERSITY, RARE}),
    ("text", misspelt, {DISTRIBUTION, CORRELATION}),  # misspelt words are no neighbours
    ("text", scrambled, {CORRELATION}),
    ("text", of_mixed_topics, {SEMANTIC}),
    ("table", duplicated, {DIVERSITY, RARE}),
    ("table", scaled, {DISTRIBUTION}),
    ("table", uncoupled, {CORRELATION}),
    ("series", duplicated, {DIVERSITY, RARE}),
    ("series", apart, {CORRELATION}),
    ("series", shuffled_in_time, {TEMPORAL}),
    ("series", frozen, {TEMPORAL, DISTRIBUTION}),
]


@pytest.mark.parametrize(
    ("modality", "damage", "dimensions"), DAMAGES, ids=lambda value: getattr(value, "__name__", "")
)
def test_each_damage_shows_in_its_dimension_and_decides_the_type(
    modality: str, damage: Damage, dimensions: set[str]
) -> None:
    real = SOURCES[modality](2)
    found = measure_dimensions(damage(real, np.random.default_rng(0)), SOURCES[modality](1), 0)
    odds = log_odds(found)
    assert not all(score.passed for score in found.scores if score.dimension in dimensions)
    if damage is not duplicated:
        assert max(odds, key=odds.__getitem__) in dimensions, odds
    assert collapse_type(found, duplicated=damage is duplicated) in {TYPES[name] for name in dimensions}


@pytest.mark.parametrize("modality", SOURCES)
@pytest.mark.parametrize("seed", range(3))
def test_another_draw_of_the_source_passes(modality: str, seed: int) -> None:
    found = measure_dimensions(SOURCES[modality](10 + seed), SOURCES[modality](1), seed)
    failed = [(s.dimension, found.statistics[s.dimension]) for s in found.scores if s.passed is False]
    assert failed == []
    assert collapse_type(found, duplicated=False) == ""


@pytest.mark.parametrize("modality", SOURCES)
def test_the_reference_itself_passes(modality: str) -> None:
    reference = SOURCES[modality](1)
    assert {s.passed for s in measure_dimensions(reference, reference, 0).scores} <= {True, None}


def test_scores_stand_in_the_specification_s_order_and_are_null_where_they_do_not_apply() -> None:
    null = {
        "text": {TEMPORAL},
        "table": {TEMPORAL},
        "series": set(),
    }
    for modality, source in SOURCES.items():
        scores = measure_dimensions(source(2), source(1), 0).scores
        assert tuple(score.dimension for score in scores) == SIX_DIMENSIONS
        empty = {s.dimension for s in scores if s.score is None}
        assert empty == null[modality] | (set(SIX_DIMENSIONS) - set(calibrations(modality)))
        assert all((s.score is None) == (s.threshold is None) == (s.passed is None) for s in scores)


def test_one_variable_has_no_correlation_to_preserve() -> None:
    found = measure_dimensions(series(2).drop_columns(["v1"]), series(1).drop_columns(["v1"]), 0)
    assert CORRELATION not in found.statistics
    assert TEMPORAL in found.statistics


@pytest.mark.parametrize("rows", [60, 200, 2000])
def test_a_small_dataset_does_not_fail_for_its_size(rows: int) -> None:
    found = measure_dimensions(table(3, rows), table(1), 0)
    assert {score.passed for score in found.scores} == {True, None}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda kind: pa.float32() if pa.types.is_float64(kind) else kind, id="singles"),
        pytest.param(lambda kind: pa.dictionary(pa.int32(), kind) if pa.types.is_string(kind) else kind, id="codes"),
        pytest.param(lambda kind: pa.int32() if pa.types.is_int64(kind) else kind, id="short integers"),
    ],
)
def test_other_types_for_the_same_values_are_no_difference(change: Callable[[Any], Any]) -> None:
    real = table(2)
    stored = real.cast(pa.schema([(field.name, change(field.type)) for field in real.schema]))
    expected = measure_dimensions(real, table(1), 0).statistics
    found = measure_dimensions(stored, table(1), 0).statistics
    assert {name: m.value for name, m in found.items()} == pytest.approx({n: m.value for n, m in expected.items()})


def test_the_same_seed_gives_the_same_numbers() -> None:
    assert measure_dimensions(table(2), table(1), 5) == measure_dimensions(table(2), table(1), 5)
    assert measure_dimensions(table(2), table(1), 5) != measure_dimensions(table(2), table(1), 6)


def test_what_scatters_is_no_excess() -> None:
    assert Measurement(0.3, 0.1, 0.1, "").excess == 0
    assert Measurement(0.1, 0.3, 0.0, "").excess == 0
    assert Measurement(0.3, 0.1, 0.0, "").excess == pytest.approx(0.2)
    assert 0 < Measurement(0.4, 0.1, 0.1, "").excess < 0.3


ODD: dict[str, dict[str, Any]] = {
    "no rows": {"a": pa.array([], pa.int64())},
    "no rows of text": {"a": pa.array([], pa.string())},
    "no windows": {"a": pa.array([], pa.list_(pa.float64()))},
    "one row": {"a": [1], "b": ["x"]},
    "constant": {"a": [1] * 100, "b": ["x"] * 100},
    "nothing but missing": {"a": pa.nulls(100), "b": pa.array([None] * 100, pa.float64())},
    "missing text": {"a": pa.array([None, ""] * 50, pa.string())},
    "no words": {"a": ["... !"] * 100},
    "one word": {"a": ["word"] * 100},
    "one row far longer than all others": {"a": ["word " * 50_000, *["a b c"] * 99]},
    "huge integers": {"a": pa.array([2**64 - 1 - i for i in range(100)], pa.uint64())},
    "huge decimals": {"a": pa.array([Decimal(10) ** 60 + i for i in range(100)], pa.decimal256(70, 2))},
    "no numbers": {"a": [float("nan"), float("inf"), -0.0, 1e308, -1e308] * 20},
    "halves": {"a": pa.array(np.arange(100).astype(np.float16))},
    "nested": {"a": [{"x": i % 3, "y": [i]} for i in range(100)], "b": [[i % 4, None] for i in range(100)]},
    "maps": {"a": pa.array([[("k", i % 3)] for i in range(100)], pa.map_(pa.string(), pa.int64()))},
    "bytes": {"a": [bytes([i % 7, 255]) for i in range(100)], "b": pa.array([b"xy"] * 100, pa.binary(2))},
    "times": {"a": pa.array(range(2**62, 2**62 + 100), pa.timestamp("s")), "b": [datetime.time(1)] * 100},
    "intervals": {"a": pa.nulls(100, pa.month_day_nano_interval())},
    "views": {"a": pa.array(["x", None] * 50, pa.string_view()), "b": [1, 2] * 50},
    "empty windows": {"a": pa.array([[]] * 100, pa.list_(pa.float64()))},
    "missing windows": {"a": pa.array([None, [1.0, None, 3.0, 4.0]] * 50)},
    "constant windows": {"a": [[1.0] * 8] * 100},
    "windows of huge numbers": {"a": [[1e308, -1e308, 1e308, 3.0, float(i)] for i in range(100)]},
    "windows of any length": {"a": [list(range(i % 30)) for i in range(100)]},
    "windows of no length": {"a": pa.array([[]] * 100, pa.list_(pa.float64(), 0))},
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ODD)
def test_odd_data_never_raise_and_do_not_differ_from_themselves(name: str) -> None:
    odd = with_rows(ODD[name])
    assert {score.passed for score in measure_dimensions(odd, odd, 0).scores} <= {True, None}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("apart", [1, 5, 11])
def test_any_candidate_against_another_reference(apart: int) -> None:
    columns = list(ODD.values())
    for one, other in zip(columns, columns[apart:] + columns[:apart], strict=True):
        found = measure_dimensions(with_rows(one), with_rows(other), 0)
        assert len(found.scores) == 6
        collapse_type(found, duplicated=True)

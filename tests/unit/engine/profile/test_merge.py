"""Any split of the rows, merged in any order, is the sketch of all of them."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_engine.profile import columns, counts, order, sketch
from synthos_engine.profile.counts import ValueCounts
from synthos_engine.profile.distinct import DistinctSketch
from synthos_engine.profile.quantiles import QuantileSketch
from synthos_engine.profile.reservoir import RowReservoir, row_bytes
from synthos_engine.profile.sketch import DatasetSketch
from synthos_engine.sample.priority import mixed

ROWS = 300


def table() -> pa.RecordBatch:
    rng = np.random.default_rng(1)
    some: Any = rng.random(ROWS) < 0.1
    arrays: dict[str, Any] = {
        "n": pa.array(rng.lognormal(3, 4, ROWS) * rng.choice([-1, 1, 0], ROWS), mask=some),
        "i": rng.integers(0, 40, ROWS),
        "t": pa.array([("word " * int(k)) + "é" for k in rng.integers(0, 60, ROWS)], mask=some),
        "c": pa.array(rng.choice(["a", "b", "c"], ROWS)).dictionary_encode(),
        "w": [rng.normal(size=k).tolist() for k in rng.integers(0, 5, ROWS)],
        "d": pa.array(np.arange(ROWS) * 60, pa.timestamp("s")),
    }
    return pa.record_batch(arrays)


TABLE = table()


def plain(value: Any) -> Any:
    """What a sketch holds, as values that compare."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in sorted(value.items())}
    return [value.__class__.__name__, plain(vars(value))] if hasattr(value, "__dict__") else value


def exact_state(whole: DatasetSketch) -> Any:
    """Of everything but moments; sketches are settled by asking them."""
    held = []
    for column in whole.columns:
        held.append([column.count, column.missing, column._values.distinct, plain(column._values)])
        held.append([plain(column._quantiles), plain(column.texts)])
    rows = whole.reservoir.rows().to_pylist(), whole.texts.rows().to_pylist()
    bounds = whole.reservoir._bound, whole.texts._bound
    return held, whole.rows.distinct, plain(whole.rows), rows, bounds, plain(whole.stretches.stretches())


def small(patch: pytest.MonkeyPatch) -> None:
    """Bounds so low that every sketch runs over."""
    patch.setattr(columns, "ValueCounts", lambda: ValueCounts(20))
    patch.setattr(sketch, "ROW_CAPACITY", 16)
    patch.setattr(sketch, "TEXT_ROWS", 100)
    patch.setattr(sketch, "TEXT_BYTES", 9000)
    patch.setattr(order, "STEPS", 16)
    patch.setattr(order, "STRETCHES", 5)
    patch.setattr(
        sketch, "RowReservoir", lambda seed, rows=90, size=20_000, chars=40: RowReservoir(seed, rows, size, chars)
    )


def sketched(first: int, last: int) -> DatasetSketch:
    part = DatasetSketch(TABLE.schema, 7)
    part.add(TABLE.slice(first, last - first), first)
    return part


@settings(deadline=None, max_examples=25)
@given(st.data())
def test_any_split_and_any_order_of_merging_give_the_same_sketch(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, ROWS - 1), max_size=9)))
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        whole = sketched(0, ROWS)
        parts = [sketched(a, b) for a, b in zip([0, *cuts], [*cuts, ROWS], strict=True)]
        while len(parts) > 1:
            left = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
            right = parts.pop(data.draw(st.integers(0, len(parts) - 1)))
            left.merge(pickle.loads(pickle.dumps(right)))
            parts.append(left)
        assert exact_state(parts[0]) == exact_state(whole)
        for mine, theirs in zip(parts[0].columns, whole.columns, strict=True):
            for name in ("mean", "standard_deviation", "skewness", "excess_kurtosis", "minimum", "maximum"):
                own, other = getattr(mine.moments, name), getattr(theirs.moments, name)
                assert own == other or own == pytest.approx(other, rel=1e-9)
        assert parts[0].comoments.correlations() == pytest.approx(whole.comoments.correlations(), rel=1e-9, nan_ok=True)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(1, ROWS - 1), max_size=6, unique=True))
def test_chunks_of_one_stream_are_the_same_as_all_at_once(cuts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        small(patch)
        stream = DatasetSketch(TABLE.schema, 7)
        for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), ROWS], strict=True):
            stream.add(TABLE.slice(a, b - a), a)
        assert exact_state(stream) == exact_state(sketched(0, ROWS))


def test_values_are_counted_exactly_and_then_nearly() -> None:
    rng = np.random.default_rng(3)
    values = np.minimum(rng.zipf(1.15, 200_000), 10**9).astype(np.uint64)
    found = ValueCounts()
    for part in np.split(mixed(values), 20):
        found.add(part)
    different, times = np.unique(values, return_counts=True)
    assert not found.exact
    assert found.distinct == pytest.approx(len(different), rel=0.03)
    frequent = np.argsort(-times)[:10]
    estimated = found.of(mixed(different[frequent]))
    assert (estimated >= times[frequent]).all()
    assert (estimated <= times[frequent] + len(values) * math.e / counts.WIDTH).all()


@pytest.mark.parametrize("different", [1, 100, 5000, 40_000, 1_000_000])
def test_hyperloglog_is_close_over_its_whole_range(different: int) -> None:
    found = counts.HyperLogLog()
    found.add(mixed(np.arange(different, dtype=np.uint64)))
    # Standard error 0.8 %; the hash is fixed, so this cannot flicker.
    assert found.distinct == pytest.approx(different, rel=0.025)


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50), st.floats(0, 1))
def test_a_quantile_lies_between_the_bounds_and_they_are_close(values: list[float], q: float) -> None:
    found = QuantileSketch()
    for value in values:
        part = QuantileSketch()
        part.add(np.array([value]))
        found.merge(part)
    low, high = found.bounds(q)
    ordered = np.sort(values)
    rank = q * (len(values) - 1)
    least, most = ordered[int(np.floor(rank))], ordered[int(np.ceil(rank))]
    assert low <= least
    assert most <= high
    assert least - low <= abs(least) / 64 + 1e-300
    assert high - most <= abs(most) / 64 + 1e-300


def test_distinct_rows_merge_in_any_order() -> None:
    parts = [mixed(np.arange(i * 700, i * 700 + 2000, dtype=np.uint64)) for i in range(5)]
    found = []
    for order_of_parts in ((0, 1, 2, 3, 4), (4, 2, 0, 3, 1)):
        whole = DistinctSketch(300)
        for i in order_of_parts:
            part = DistinctSketch(300)
            part.add(parts[i])
            whole.merge(part)
        found.append((whole.distinct, whole.repeated_share, whole.exact))
    assert found[0] == found[1]


def test_bytes_of_rows_do_not_depend_on_the_batch() -> None:
    arrays: dict[str, Any] = {
        "s": [{"a": [[1], []], "b": "x" * i} for i in range(20)],
        "t": ["é" * i for i in range(20)],
    }
    nested = pa.record_batch(arrays)
    for batch in (TABLE, nested):
        whole = row_bytes(batch)
        parts = [row_bytes(batch.slice(i, 7)) for i in range(0, batch.num_rows, 7)]
        assert np.concatenate(parts).tolist() == whole.tolist()
        assert (whole > 0).all()

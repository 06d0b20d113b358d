"""Streaming summaries against exact ones, and merged against unmerged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthos_engine.profile.distinct import DistinctSketch
from synthos_engine.profile.moments import Comoments, Moments
from synthos_engine.profile.reservoir import RowReservoir
from synthos_engine.profile.values import row_hashes, value_hashes
from synthos_engine.sample.priority import mixed


def hashes(values: range | list[int]) -> Any:
    return mixed(np.asarray(values, np.uint64))


def test_distinct_is_exact_below_its_capacity_and_close_above() -> None:
    small = DistinctSketch(1000)
    small.add(hashes([i % 700 for i in range(5000)]))
    assert (small.distinct, small.exact) == (700, True)
    assert small.repeated_share == 1 - 700 / 5000
    large = DistinctSketch(4096)
    for first in range(0, 300_000, 10_000):
        large.add(hashes([i % 200_000 for i in range(first, first + 10_000)]))
    # sqrt(2 / 4096) = 2.2 % standard error; the hash is fixed, so this cannot flicker.
    assert large.distinct == pytest.approx(200_000, rel=0.09)
    assert large.repeated_share == pytest.approx(1 / 3, abs=0.05)
    assert not large.exact


def test_distinct_merges() -> None:
    whole, left, right = DistinctSketch(500), DistinctSketch(500), DistinctSketch(500)
    whole.add(hashes(range(3000)))
    left.add(hashes(range(2000)))
    right.add(hashes(range(1000, 3000)))
    left.merge(right)
    assert left.distinct == whole.distinct
    assert DistinctSketch(5).repeated_share is None


FLOATS = st.lists(st.floats(-1e6, 1e6), max_size=30)


@settings(deadline=None)
@given(FLOATS, FLOATS)
def test_moments_merge_to_those_of_all_values(a: list[float], b: list[float]) -> None:
    left, right, whole = Moments(np.array(a)), Moments(np.array(b)), Moments()
    whole.add(np.array(a + b))
    left.merge(right)
    values = np.array(a + b)
    assert left.count == len(values)
    if len(values) > 1:
        spread = float(np.ptp(values)) + 1e-9
        assert left.mean == pytest.approx(values.mean(), abs=1e-9 * max(1, np.abs(values).max()))
        assert left.standard_deviation == pytest.approx(
            values.std(ddof=1), abs=1e-6 * spread + 1e-12 * np.abs(values).max()
        )
        assert (left.minimum, left.maximum) == (values.min(), values.max())
        if values.std() > 1e-3 * spread and left.skewness is not None:
            z = (values - values.mean()) / values.std()
            assert left.skewness == pytest.approx((z**3).mean(), abs=1e-5)
            assert left.excess_kurtosis == pytest.approx((z**4).mean() - 3, abs=1e-4)


def test_constant_values_have_no_shape() -> None:
    moments = Moments(np.full(10, 3.0))
    assert (moments.standard_deviation, moments.skewness, moments.excess_kurtosis) == (0.0, None, None)
    assert Moments(np.array([1.0])).standard_deviation is None


def test_correlations_in_parts_with_missing_values() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    x[:, 1] = 1e9 + 2 * x[:, 0] + 0.1 * x[:, 1]
    x[:, 3] = 0.1
    x[rng.random((500, 4)) < 0.2] = np.nan
    x[7, 0] = np.inf
    parts, other = Comoments(4), Comoments(4)
    parts.add(x[:100])
    other.add(x[100:300])
    other.add(x[300:])
    parts.merge(other)
    r = parts.correlations()
    for i, j in ((0, 1), (0, 2), (1, 2)):
        both = np.isfinite(x[:, i]) & np.isfinite(x[:, j])
        assert r[i, j] == pytest.approx(np.corrcoef(x[both, i], x[both, j])[0, 1], abs=1e-6)
    assert np.isnan(r[3]).all()


def test_the_reservoir_is_the_same_whatever_the_chunks_and_halves_when_large() -> None:
    columns: dict[str, Any] = {"i": range(5000), "t": [f"{i} " * 400 for i in range(5000)]}
    table = pa.record_batch(columns)
    kept = []
    for chunk in (77, 5000):
        reservoir = RowReservoir(seed=3, max_rows=300)
        for first in range(0, 5000, chunk):
            reservoir.add(table.slice(first, chunk), first)
        kept.append(reservoir.rows())
    assert kept[0].equals(kept[1])
    assert kept[0].num_rows == 300
    assert max(len(text or "") for text in kept[0].column("t").to_pylist()) == 512
    small = RowReservoir(seed=3, max_rows=300, max_bytes=60_000)
    small.add(table, 0)
    rows = small.rows()
    assert 64 <= rows.num_rows < 150
    assert rows.column("i").to_pylist() == kept[0].column("i").to_pylist()[: rows.num_rows]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, 2, None, 1]),
        pa.array([2**63 - 1, -1, None, 2**63 - 1]),
        pa.array([2**64 - 1, 0, None, 2**64 - 1], pa.uint64()),
        pa.array([0.5, float("nan"), None, 0.5]),
        pa.array(["a", "", None, "a"]),
        pa.array(["a", "", None, "a"], pa.string_view()),
        pa.array(["a", "", None, "a"]).dictionary_encode(),
        pa.array([b"\xff", b"", None, b"\xff"]),
        pa.array([True, False, None, True]),
        pa.array([1, 2, None, 1], pa.timestamp("ns", "UTC")),
        pa.array([1, 2, None, 1], pa.date32()),
        pa.array([{"a": [1]}, {"a": []}, None, {"a": [1]}]),
        pa.array(["1.10", "2", None, "1.10"]).cast(pa.decimal128(9, 2)),
    ],
    ids=lambda a: str(a.type),
)
def test_equal_values_have_equal_hashes_and_only_they(array: Any) -> None:
    values = value_hashes(array)
    assert values[0] == values[3]
    assert len(set(values.tolist())) == 3


def test_row_hashes_know_the_column() -> None:
    a, b = hashes([1, 2]), hashes([2, 1])
    rows = row_hashes([a, b], 2)
    assert rows[0] != rows[1]
    assert row_hashes([a, b], 2).tolist() == rows.tolist()
    minus = value_hashes(pa.array([0.0, -0.0]))
    assert minus[0] == minus[1]

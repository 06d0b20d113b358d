"""Measures of text, series and pairs of columns, against numbers worked out by hand or by brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synthos_engine.profile.association import associations
from synthos_engine.profile.characters import TextSums
from synthos_engine.profile.hashing import bytes_hashes, column_hashes, contents
from synthos_engine.profile.near import SIMILAR, jaccard, near_duplicates, shingles
from synthos_engine.profile.series import of_windows, window_measures
from synthos_engine.profile.texts import text_measures
from synthos_engine.sample.priority import mixed


def texts(rows: list[str]) -> Any:
    return pa.array(rows, pa.large_string())


def test_near_duplicates_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(4)
    base = [rng.integers(0, 5000, 60) for _ in range(40)]
    rows = []
    for words in base:
        for changes in (0, 1, 3, 8):
            other = words.copy()
            other[rng.choice(60, changes, replace=False)] = rng.integers(0, 5000, changes)
            rows.append(other)
    rows += [rng.integers(0, 5000, 60) for _ in range(100)] + [rows[0], np.empty(0, np.int64), np.empty(0, np.int64)]
    sets = [shingles(mixed(row.astype(np.uint64))) for row in rows]
    brute = [
        any(i != j and len(a) and len(b) and jaccard(a, b) >= SIMILAR for j, b in enumerate(sets))
        for i, a in enumerate(sets)
    ]
    assert near_duplicates(sets).tolist() == brute
    assert 0.1 < np.mean(brute) < 0.9


def test_text_worked_out_by_hand() -> None:
    found = text_measures(texts(["ab cd ab cd\nxy zz"] * 20 + [""]))
    assert found is not None
    values = found.values
    assert (found.blocks, found.block_bytes) == (1, 20 * 17)
    # 20 rows of two lines, each the same; of 6 words in a row, 4 are different and 5 pairs, of them 4.
    assert values["line_repetition"] == pytest.approx(1 - 2 / 40)
    assert values["distinct_1"] == pytest.approx(4 / 120)
    assert values["distinct_2"] == pytest.approx(4 / 100)
    # Of 14 runs of four bytes in a row 'ab c', 'b cd', ' cd ' … occur twice: 12 are different.
    row = "ab cd ab cd\nxy zz"
    for n in (4, 8, 16):
        runs = [row[i : i + n] for i in range(len(row) - n + 1)]
        assert values[f"ngram_repetition_{n}"] == pytest.approx(1 - len(set(runs)) / (20 * len(runs)))
    assert "ngram_repetition_32" not in values
    assert values["near_duplicate_share"] == pytest.approx(20 / 21)
    assert text_measures(texts(["", ""])) is None


def test_sentences_and_lines_are_told_apart() -> None:
    rows = [f"The end. Number {i} goes on.\nSecond line {i}" for i in range(30)]
    found = text_measures(texts(rows))
    assert found is not None
    assert found.values["line_repetition"] == 0.0
    assert found.values["sentence_repetition"] == pytest.approx(1 - 61 / 90)


def test_series_that_are_known() -> None:
    rng = np.random.default_rng(0)
    noise = [window_measures(rng.normal(size=512)) for _ in range(40)]
    assert np.mean([one["autocorrelation"] for one in noise]) == pytest.approx(0, abs=0.03)
    assert np.mean([one["spectral_flatness"] for one in noise]) == pytest.approx(np.exp(-np.euler_gamma), abs=0.02)
    wave = window_measures(np.sin(2 * np.pi * np.arange(480) / 24) + np.arange(480) / 100)
    assert wave["seasonality"] > 0.95
    assert wave["spectral_flatness"] < 0.05
    walk = window_measures(np.cumsum(rng.normal(size=512)))
    assert walk["autocorrelation"] > 0.9
    still = window_measures(np.concatenate([np.full(30, 2.0), rng.normal(size=70)]))
    assert still["frozen_share"] == pytest.approx(0.3)
    assert window_measures(np.full(20, 5.0)) == {"frozen_share": 1.0}
    assert window_measures(np.arange(5.0)) == {}
    huge = window_measures(np.array([1e308, -1e308] * 10))
    assert huge["autocorrelation"] == pytest.approx(-0.95)


def test_windows_are_averaged_over_variables() -> None:
    rng = np.random.default_rng(0)
    table = pa.table({"a": [[0.0] * 20, None, [1.0] * 20], "b": rng.normal(size=(3, 20)).tolist()})
    found = of_windows([table.column("a"), table.column("b")])
    assert found["frozen_share"] == pytest.approx(0.5)
    assert of_windows([table.column("a").slice(1, 1)]) == {}


def test_associations_of_every_kind() -> None:
    rng = np.random.default_rng(0)
    n = 2000
    x = rng.normal(size=n)
    kind = rng.integers(0, 3, n)
    arrays: dict[str, Any] = {
        "x": x,
        "cube": x**3,
        "kind": np.array(["a", "b", "c"])[kind],
        "same": np.array(["p", "q", "r"])[kind],
        "free": rng.choice(["u", "v"], n),
        "by_kind": kind * 10 + rng.normal(size=n),
        "one": ["constant"] * n,
        "id": [f"row {i}" for i in range(n)],
    }
    found = {(a.column_a, a.column_b): a for a in associations(pa.record_batch(arrays))}
    assert found["x", "cube"].value == pytest.approx(1.0)
    assert found["x", "by_kind"].value == pytest.approx(stats.spearmanr(x, arrays["by_kind"])[0], abs=1e-9)
    assert found["kind", "same"].value == pytest.approx(1.0)
    assert found["kind", "free"].value < 0.06
    assert found["kind", "by_kind"].value > 0.9
    assert found["x", "kind"].value < 0.08
    assert found["kind", "by_kind"].method == "correlation_ratio"
    assert not any({"one", "id"} & set(pair) for pair in found)


@settings(deadline=None)
@given(st.lists(st.text(max_size=30) | st.text("xy", min_size=500, max_size=540), max_size=12))
def test_hashes_of_texts_are_equal_for_equal_texts_only(rows: list[str]) -> None:
    found = bytes_hashes(*contents(texts(rows)))
    assert len(set(found.tolist())) == len(set(rows))
    turned = bytes_hashes(*contents(texts(rows[::-1])))
    assert turned.tolist() == found.tolist()[::-1]


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["a", "", None, "a"]),
        pa.array([b"\xff", b"", None, b"\xff"]),
        pa.array([[1, 2], [], None, [1, 2]]),
        pa.array([[1.5, None], [None, 1.5], None, [1.5, None]]),
        pa.array([[1, 2], [2, 1], None, [1, 2]], pa.list_(pa.int32(), 2)),
        pa.array([1, 2, None, 1], pa.timestamp("ns", "UTC")),
        pa.array([1, 2, None, 1], pa.date32()),
        pa.array([1, 2, None, 1], pa.time64("us")),
        pa.array([{"a": 1}, {"a": 2}, None, {"a": 1}]),
    ],
    ids=lambda a: str(a.type),
)
def test_fast_hashes_tell_values_apart(array: Any) -> None:
    found = column_hashes(array)
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 3
    assert column_hashes(array.slice(1)).tolist() == found[1:].tolist()


def test_lengths_and_classes_of_characters() -> None:
    sums = TextSums()
    sums.add(pa.array(["Ab 1", None, "é!"]))
    sums.add(pa.array(["xyz"]), np.array([2]))
    assert (sums.count, sums.minimum, sums.maximum, sums.mean) == (4, 2, 4, 3.0)
    assert sums.standard_deviation == pytest.approx(np.std([4, 2, 3, 3], ddof=1))
    shares = {name: round(share * 13) for name, share in sums.classes.items()}
    expected = {"upper": 1, "lower": 7, "digit": 1, "space": 1, "punctuation": 1, "beyond_ascii": 2, "control": 0}
    assert shares == expected

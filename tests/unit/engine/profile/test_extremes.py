"""Values at the ends of what their types hold, and encodings that must make no difference."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import EmptyDataset
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import profile_dataset
from synthos_engine.profile.pictures import distributions
from synthos_engine.report.profile_plots import distributions as drawn

from .sources import profile_of

DAY = 86_400 * 10**9
COUNTING: Any = np.arange(100, dtype=np.int64)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(10**18 + COUNTING),
        pa.array([10**18] * 100),
        pa.array(1_700_000_000 * 10**9 + COUNTING, pa.timestamp("ns")),
        pa.array(5e-324 * COUNTING),
        pa.array([1.7e308, -1.7e308] * 50),
        pa.array([1e308, 0.9e308] * 50),
        pa.array([-8e307, 8e307] * 50),
        pa.array([float("nan"), float("inf"), 1e308, -1e308] * 25),
        pa.array([1e308, -1e308] + [None] * 98),
    ],
)
def test_ranges_that_doubles_cannot_cut_into_bins(column: Any) -> None:
    table = pa.table({"a": column, "b": COUNTING})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures = profile_of(table).details["pictures"]["distributions"]
        assert "<svg" in drawn(pictures)
    assert [picture["column"] for picture in pictures] in (["b"], ["a", "b"])


def test_bins_of_close_times_have_a_width() -> None:
    times = pa.array(1_700_000_000 * 10**9 + COUNTING * (DAY // 100), pa.timestamp("ns"))
    found = distributions(pa.table({"t": times}).to_batches()[0])
    assert sum(found[0]["counts"]) == 100
    assert (np.diff(found[0]["edges"]) > 0).all()
    assert "<svg" in drawn(found)


@pytest.mark.parametrize("size", [1e77, 1e80, 1e110, 1e200])
def test_squares_of_large_numbers_overflow_quietly(size: float) -> None:
    numeric = profile_of(pa.table({"a": pa.array(size * COUNTING)})).columns[0].numeric
    assert numeric is not None
    assert numeric.mean == pytest.approx(49.5 * size)


@pytest.mark.parametrize(
    ("column", "shown"),
    [
        (pa.array([2**31 - 1] * 4, pa.date32()), str(2**31 - 1)),
        (pa.array([2**60] * 4, pa.timestamp("us")), str(2**60)),
        (pa.array([2**60] * 4, pa.duration("ms")), str(2**60)),
    ],
    ids=lambda x: x if isinstance(x, str) else str(x.type),
)
def test_times_beyond_those_of_python_are_shown_as_their_number(column: Any, shown: str) -> None:
    hitters = profile_of(pa.table({"t": column})).columns[0].heavy_hitters
    assert [hitter.value for hitter in hitters] == [shown]


def test_a_dataset_of_nothing_but_a_samples_columns_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"__row__": [1, 2], "__weight__": [1.0, 1.0]}), path)
    with pytest.raises(EmptyDataset, match="no column of its own") as raised:
        profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=0)
    assert raised.value.file == str(path)


def test_nulls_inside_a_dictionary_are_missing() -> None:
    column = pa.DictionaryArray.from_arrays(pa.array([0, 1, 1, None], pa.int32()), pa.array([None, "x"]))
    profile = profile_of(pa.table({"a": column})).columns[0]
    assert (profile.count, profile.missing, profile.distinct) == (4, 2, 1)


def test_long_texts_are_the_same_with_and_without_a_dictionary() -> None:
    """Many differ only behind the place where the row sample cuts them."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i:03}" for i in range(500)])
    prefaces, ends = words[rng.integers(0, 500, (1000, 110))], words[rng.integers(0, 500, (3000, 30))]
    texts = pa.array([" ".join([*prefaces[i % 1000], *end]) for i, end in enumerate(ends)])
    columns: Any = {"text": texts, "n": rng.normal(size=3000)}
    plain = pa.table(columns)
    encoded = plain.set_column(0, "text", texts.dictionary_encode())
    ours, theirs = profile_of(plain), profile_of(encoded)
    assert ours.result.modality == theirs.result.modality
    assert ours.result.fingerprint == theirs.result.fingerprint
    assert ours.result.clusters == theirs.result.clusters

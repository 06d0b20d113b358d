"""Data that stopped a profile once, or changed it where it should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import EmptyDataset
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import Profile, profile_dataset
from synthos_engine.profile.quantiles import QuantileSketch


def profiled(folder: Path, table: pa.Table) -> Profile:
    path = folder / "t.parquet"
    pq.write_table(table, path)
    return profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "column",
    [
        pa.array([10**18 + i for i in range(300)]),
        pa.array([1_700_000_000_000_000_000 + i for i in range(300)], pa.timestamp("ns")),
        pa.array([2**64 - 1 - i for i in range(300)], pa.uint64()),
        pa.array([1.7e308, -1.7e308] * 150),
        pa.array([2**31 - 1] * 300, pa.int32()).cast(pa.date32()),
        pa.array([2**60] * 300, pa.timestamp("us")),
        pa.array([2**60] * 300, pa.duration("ms")),
    ],
    ids=["identifiers", "nanoseconds", "unsigned", "extremes", "dates", "times", "durations"],
)
def test_values_beyond_the_usual(tmp_path: Path, column: Any) -> None:
    result = profiled(tmp_path, pa.table({"a": column, "b": list(range(300))})).result
    assert (result.total_rows, result.columns) == (300, 2)


def test_only_columns_of_a_sample(tmp_path: Path) -> None:
    with pytest.raises(EmptyDataset, match="no column of its own"):
        profiled(tmp_path, pa.table({"__row__": [1, 2], "__weight__": [1.0, 1.0]}))


def test_a_missing_word_of_a_dictionary_is_missing(tmp_path: Path) -> None:
    words = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 20), pa.array([None, "x"]))
    with (
        pa.OSFile(str(tmp_path / "t.arrow"), "wb") as file,
        pa.ipc.new_file(file, pa.schema([("a", words.type)])) as out,
    ):
        out.write_batch(pa.record_batch([words], names=["a"]))
    profile = profile_dataset(DatasetLoader(), DatasetRef(uri=str(tmp_path / "t.arrow")), seed=0)
    assert profile.columns[0].missing == 20


def test_long_texts_profile_alike_plain_and_dictionary_encoded(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = rng.choice([f"word{i}" for i in range(500)], (3000, 110))
    texts = pa.array([" ".join(row) for row in words])
    numbers = pa.array(rng.normal(size=3000))
    plain = profiled(tmp_path, pa.table({"t": texts, "n": numbers})).result
    encoded = profiled(tmp_path, pa.table({"t": texts.dictionary_encode(), "n": numbers})).result
    assert plain.modality == encoded.modality == "mixed"
    assert plain.fingerprint == encoded.fingerprint


def test_quantiles_of_both_signs_take_little_room() -> None:
    sketch = QuantileSketch()
    values = np.concatenate([np.random.default_rng(0).normal(size=2000), np.zeros(100)])
    sketch.add(values)
    assert sketch.count == 2100
    held = len(sketch._negative.counts) + len(sketch._positive.counts)
    assert held < 4000
    for q in (0.0, 0.2, 0.48, 0.5, 0.7, 1.0):
        low, high = sketch.bounds(q)
        assert low <= np.quantile(values, q) <= high


def test_moments_of_numbers_whose_squares_overflow(tmp_path: Path) -> None:
    column = profiled(tmp_path, pa.table({"a": [1e110, -1e110, 3e100] * 50, "b": list(range(150))})).columns[0]
    assert column.numeric is not None
    assert column.numeric.maximum == 1e110

"""Whole datasets: what is planted is found, and the same data give the same profile."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.errors import SchemaMismatch
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.data.columns import JSON_MARK
from synthos_engine.profile import Profile, prescreen, profile_dataset
from synthos_engine.profile.embedding import embed, fit_scales
from synthos_engine.profile.schemas import common_schemas

SUBJECTS = {
    "sea": "harbour ship sail anchor tide captain mast crew wave storm",
    "kitchen": "flour butter oven sugar bake dough salt pan stir recipe",
    "law": "court judge appeal statute clause verdict counsel plea trial oath",
}


def columns_of(**columns: Any) -> pa.Table:
    return pa.table(columns)


def types(**columns: Any) -> pa.Schema:
    return pa.schema(columns)


def text_table(rows: int, seed: int = 0) -> pa.Table:
    """Rows of words of three subjects, 60, 30 and 10 percent."""
    rng = np.random.default_rng(seed)
    names = rng.choice(list(SUBJECTS), rows, p=[0.6, 0.3, 0.1])
    texts = [" ".join(rng.choice(SUBJECTS[name].split(), 12)) for name in names]
    return columns_of(text=texts, subject=names)


def profiled(path: Path, table: pa.Table, seed: int = 0) -> Profile:
    pq.write_table(table, path)
    return profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=seed)


def test_clusters_are_the_subjects(tmp_path: Path) -> None:
    table = text_table(4000)
    profile = profiled(tmp_path / "t.parquet", table.select(["text"]))
    labels = profile.strata.of(table.select(["text"]).to_batches()[0])
    for label in range(profile.strata.count):
        inside = set(np.asarray(table.column("subject"))[labels == label])
        assert len(inside) == 1, "a cluster mixes subjects"
    sizes = [cluster.size for cluster in profile.result.clusters]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 4000
    assert profile.result.metrics.cluster_count == len(sizes) >= 3


def test_what_is_planted_is_measured(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=3000)
    table = columns_of(
        x=x,
        y=3 * x + 1,
        n=pa.array([None if i % 4 == 0 else i % 10 for i in range(3000)]),
        t=[f"row {i % 50}" for i in range(3000)],
        empty=pa.nulls(3000),
    )
    table = pa.concat_tables([table, table.slice(0, 1000)])
    profile = profiled(tmp_path / "t.parquet", table)
    by_name = {column.name: column for column in profile.columns}
    assert profile.result.duplicate_row_percentage == pytest.approx(25.0)
    assert profile.result.metrics.correlations[0].correlation == pytest.approx(1.0)
    assert (by_name["n"].missing, by_name["n"].distinct, by_name["t"].distinct) == (1000, 10, 50)
    assert (by_name["empty"].missing, by_name["empty"].distinct) == (4000, 0)
    numeric = by_name["x"].numeric
    assert numeric is not None
    values = np.asarray(table.column("x"))
    assert numeric.mean == pytest.approx(values.mean())
    assert numeric.quantiles["0.5"] == pytest.approx(np.median(values))
    text = by_name["t"].text
    assert text is not None
    assert (text.minimum_length, text.maximum_length) == (5, 6)


def test_identical_rows_need_no_cascade(tmp_path: Path) -> None:
    table = pa.table({"a": ["same"] * 500, "b": [1.5] * 500})
    result = profiled(tmp_path / "t.parquet", table).result
    assert (result.metrics.cluster_count, result.metrics.entropy) == (1, 0.0)
    screened = prescreen(result)
    assert (screened.should_proceed, screened.pre_risk_score) == (False, 100)
    pair = profiled(tmp_path / "t.parquet", pa.table({"a": ["same"] * 499 + ["other"]})).result
    assert prescreen(pair).should_proceed


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": [1]}),
        pa.table({"a": [None]}),
        pa.table({"a": [""]}),
        pa.table({"a": [float("nan"), float("inf"), 1e308, -1e308]}),
        pa.table({"a": [[1, 2], None, []], "b": [b"\xff", None, b""]}),
        pa.table({"a": [True, None, False]}),
        pa.table({f"c{i}": [i, i + 1] for i in range(600)}),
        pa.table({"a": ["x", "y"]}).cast(types(a=pa.dictionary(pa.int32(), pa.string()))),
        pa.table({"t": pa.array([1, None, 5], pa.timestamp("us")), "d": pa.array([1, 2, None], pa.date32())}),
        pa.table({"t": pa.array([1, None, 5], pa.time32("s")), "d": pa.array([1, 2, None], pa.duration("ms"))}),
    ],
    ids=lambda t: str(t.schema.types[0]) + str(t.num_rows),
)
def test_odd_tables_profile(tmp_path: Path, table: pa.Table) -> None:
    profile = profiled(tmp_path / "t.parquet", table)
    result = profile.result
    assert json.dumps([asdict(column) for column in profile.columns], allow_nan=False)
    assert result.total_rows == table.num_rows
    assert sum(cluster.size for cluster in result.clusters) == table.num_rows


def test_same_data_and_seed_same_profile_whatever_the_format(tmp_path: Path) -> None:
    table = text_table(800)
    one, two = (profiled(tmp_path / "t.parquet", table).result for _ in range(2))
    assert one == two
    (tmp_path / "t.csv").write_text(
        "text,subject\n" + "".join(f"{r['text']},{r['subject']}\n" for r in table.to_pylist())
    )
    three = profile_dataset(DatasetLoader(), DatasetRef(uri=str(tmp_path / "t.csv")), seed=0).result
    assert three.metrics == one.metrics
    assert three.clusters == one.clusters


def test_row_numbers_are_no_content(tmp_path: Path) -> None:
    table = pa.table({"__row__": range(100), "a": ["same"] * 100})
    result = profiled(tmp_path / "t.parquet", table).result
    assert (result.columns, result.duplicate_row_percentage) == (1, 99.0)


def test_embedding_does_not_depend_on_the_batch(tmp_path: Path) -> None:
    batch = text_table(300).combine_chunks().to_batches()[0]
    scales = fit_scales(batch)
    whole = embed(batch, scales).dense(0, 300)
    parts = np.concatenate([embed(batch.slice(i, 100), scales).dense(0, 100) for i in (0, 100, 200)])
    assert np.allclose(whole, parts)
    assert np.allclose(np.linalg.norm(whole, axis=1), 1.0, atol=0.3)


def test_types_that_meet_and_types_that_do_not() -> None:
    marked: Any = pa.field("b", pa.string(), metadata=JSON_MARK)
    candidate = types(a=pa.int64(), b=pa.string(), c=pa.null())
    reference = types(b=pa.string(), __row__=pa.int64(), a=pa.float64(), c=pa.bool_())
    ours, theirs = common_schemas(candidate, reference, "ref")
    assert ours == theirs == types(a=pa.float64(), b=pa.string(), c=pa.bool_())
    assert common_schemas(types(x=pa.string()), types(y=pa.string()), "ref")[1].names == ["y"]
    for other, words in (
        (types(a=pa.int64(), b=pa.string()), "lacks 'c'"),
        (types(a=pa.string(), b=pa.string(), c=pa.null()), "column 'a' is string"),
        (types(a=pa.int64(), c=pa.null()).append(marked), "'b'"),
    ):
        with pytest.raises(SchemaMismatch, match=words) as raised:
            common_schemas(candidate, other, "ref.csv")
        assert raised.value.file == "ref.csv"


def test_categories_are_the_words_they_stand_for() -> None:
    words = pa.schema([pa.field("health", pa.string())])
    categories = pa.schema([pa.field("health", pa.dictionary(pa.int32(), pa.string()))])
    for ours, theirs in ((words, categories), (categories, words)):
        assert {schema.field("health").type for schema in common_schemas(ours, theirs, "reference")} == {pa.string()}

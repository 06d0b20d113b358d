"""The dataset's section and page: drawn from a real profile, escaped, self-contained."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import Profile, prescreen, profile_dataset
from synthos_engine.profile.extract import draw_sample
from synthos_engine.report import render
from synthos_engine.report.profile_section import section_of
from synthos_engine.report.render import render_profile
from tests.unit.engine.verdict.test_rule import cascade

from .test_render import Checker, document

NASTY = '<b>$x_1$ & "y"\n' + "long " * 40


def dataset(path: Path, rows: int = 3000) -> DatasetRef:
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "<script>"], rows)
    columns = {
        NASTY: pa.array(rng.normal(size=rows)),
        "twice": pa.array(rng.integers(0, 9, rows)),
        "label": pa.array(labels),
        "text": pa.array([f"word {i} of {i % 97}" for i in range(rows)]),
        "never": pa.nulls(rows),
        "same": pa.array([1.0] * rows),
        "odd": pa.array(np.where(rng.random(rows) < 0.5, np.nan, np.inf)),
        "list": pa.array([[1, 2]] * rows),
    }
    pq.write_table(pa.table(columns), path)
    return DatasetRef(uri=str(path))


def profiled(ref: DatasetRef) -> Profile:
    return profile_dataset(DatasetLoader(), ref, seed=0)


def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert not checker.open
    assert not checker.fetched
    assert "script" not in checker.seen
    return checker


def test_the_page_of_a_profile(tmp_path: Path) -> None:
    profile = profiled(dataset(tmp_path / "t.parquet"))
    extra = json.loads(json.dumps({"details": profile.details}, allow_nan=False))
    page = render_profile("<i>x</i>", profile.result, prescreen(profile.result), extra)
    checked(page)
    assert "<i>x</i>" not in page
    assert page.count("<svg") == 3
    for words in ("Distributions", "How columns hang together", "Clusters", "duplicate share"):
        assert words in page


def test_the_section_of_a_report_shows_how_strata_are_covered(tmp_path: Path) -> None:
    ref = dataset(tmp_path / "t.parquet")
    profile = profiled(ref)
    drawn = draw_sample(DatasetLoader(), ref, profile, rows=500, seed=0, path=tmp_path / "s.parquet")
    extra = {"details": profile.details, "strata_table": [asdict(row) for row in drawn.table]}
    section = section_of(extra)
    assert section is not None
    assert all(picture.startswith("<svg") for picture in (section.distributions, section.clusters, section.coverage))
    models = cascade(0.0)
    page = render(document(models), models, extra)
    checked(page)
    assert "Strata" in page
    assert "The dataset" not in render(document(models), models)


def test_little_and_odd_data_have_a_section_too(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.nulls(1), "b": pa.array(["x"])}), tmp_path / "t.parquet")
    profile = profiled(DatasetRef(uri=str(tmp_path / "t.parquet")))
    section = section_of({"details": profile.details})
    assert section is not None
    assert section.association == ""

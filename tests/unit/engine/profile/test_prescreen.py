"""Phase 3 on real rows: the repository's own documentation, whole and planted with damage."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synthos_api.results import PreScreenResult
from synthos_api.v1alpha1 import DatasetRef
from synthos_engine.data import DatasetLoader
from synthos_engine.profile import prescreen, profile_dataset

DOCS = Path(__file__).parents[4] / "docs"


@pytest.fixture(scope="module")
def rows() -> list[str]:
    """Sentences and table cells of a few documents, each once."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(DOCS.glob("*.md"))[:12])
    lines = dict.fromkeys(line.strip() for line in text.replace(". ", ".\n").splitlines())
    found = [line for line in lines if len(line) > 60][:600]
    assert len(found) > 300
    return found


def screened(rows: list[str], folder: Path) -> PreScreenResult:
    path = folder / "rows.parquet"
    pq.write_table(pa.table({"text": rows}), path)
    return prescreen(profile_dataset(DatasetLoader(), DatasetRef(uri=str(path)), seed=1).result)


def test_copies_of_real_rows_score_higher_than_the_rows(rows: list[str], tmp_path: Path) -> None:
    half = rows[: len(rows) // 2]
    clean, copied = screened(half, tmp_path), screened(random.Random(0).sample(half[::5] * 5, len(half)), tmp_path)
    assert clean.pre_risk_score is not None
    assert copied.pre_risk_score is not None
    assert copied.pre_risk_score > clean.pre_risk_score
    likeness = {match.signature_id: match.similarity for match in copied.matches}
    assert likeness["text-duplicated-01"] > 0.5
    assert all(match.similarity < 0.5 for match in clean.matches if match.signature_id == "text-duplicated-01")
    assert clean.should_proceed
    assert copied.should_proceed


def test_the_order_of_rows_changes_nothing(rows: list[str], tmp_path: Path) -> None:
    shuffled = random.Random(1).sample(rows, len(rows))
    first, second = screened(rows, tmp_path), screened(shuffled, tmp_path)
    assert first.pre_risk_score is not None
    assert second.pre_risk_score is not None
    assert abs(first.pre_risk_score - second.pre_risk_score) <= 5


def test_one_row_again_and_again_stops(rows: list[str], tmp_path: Path) -> None:
    result = screened(rows[:1] * 50, tmp_path)
    assert not result.should_proceed
    assert result.matches[0].signature_id == "constant-data"

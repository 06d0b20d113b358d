"""What a dataset is taken for, and what is then measured of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from synthos_api.errors import UsageError
from synthos_engine.profile.modality import modality_named

from .sources import profile_of, prose, sensor, shop

RNG = np.random.default_rng(0)
N = 600
WORDS = ["the ship sailed far beyond the harbour while storms rose and fell in turn number " + str(i) for i in range(N)]


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize(
    ("data", "modality"),
    [
        (table(text=WORDS), "text"),
        (table(text=["short"] * N), "text"),
        (table(question=WORDS, answer=WORDS[::-1]), "text"),
        (table(text=WORDS, stars=RNG.integers(1, 6, N)), "mixed"),
        (table(w=RNG.normal(size=(N, 12)).tolist()), "series"),
        (table(w=RNG.normal(size=(N, 12)).tolist(), label=RNG.integers(0, 2, N)), "mixed"),
        (shop(N, 0), "table"),
        (sensor(N, 0), "series"),
        (table(id=range(N), a=RNG.normal(size=N)), "table"),
        (table(at=pa.array(range(N), pa.timestamp("s")), a=RNG.normal(size=N)), "series"),
        (table(at=pa.array(RNG.permutation(N), pa.timestamp("s")), a=RNG.normal(size=N)), "table"),
        (table(url=[f"https://example.org/{'x' * 70}/{i}" for i in range(N)], n=RNG.normal(size=N)), "table"),
        (table(a=[1.0]), "table"),
    ],
)
def test_what_a_dataset_is_taken_for(data: pa.Table, modality: str) -> None:
    assert profile_of(data).result.modality == modality


def test_what_does_not_apply_is_absent() -> None:
    text = profile_of(prose(300, 0)).result.fingerprint
    assert "compressibility" in text
    assert not {"mean_association", "autocorrelation"} & set(text)
    plain = profile_of(shop(300, 0)).result.fingerprint
    assert "mean_association" in plain
    assert not {"compressibility", "autocorrelation"} & set(plain)
    windows = profile_of(table(w=RNG.normal(size=(N, 12)).tolist())).result.fingerprint
    assert "autocorrelation" in windows
    assert not {"mean_association", "compressibility"} & set(windows)
    mixed = profile_of(table(text=WORDS, stars=RNG.integers(1, 6, N), w=RNG.normal(size=(N, 12)).tolist()))
    assert {"compressibility", "autocorrelation"} <= set(mixed.result.fingerprint)
    assert mixed.details["text_columns"] == ["text"]


def test_a_given_modality_is_taken() -> None:
    rows = shop(600, 0)
    as_series = profile_of(rows, modality=modality_named("series")).result
    assert as_series.modality == "series"
    assert "autocorrelation" in as_series.fingerprint
    as_text = profile_of(rows, modality="text").result
    assert as_text.measured_text_bytes is not None
    with pytest.raises(UsageError, match="text, table, series, mixed"):
        modality_named("image")

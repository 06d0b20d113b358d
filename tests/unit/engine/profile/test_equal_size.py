"""The fingerprint says the same of 2,000 and of 200,000 rows of one source, within docs/profile.md's tolerances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pyarrow as pa
import pytest

from .sources import profile_of, prose, sensor, shop

TOLERANCES: Final = {
    "entropy": 0.4,
    "gini_coefficient": 0.15,
    "cluster_count": 6,
    "rare_pattern_percentage": 1.0,
    "outlier_percentage": 1.5,
    "mean_association": 0.1,
    "largest_association": 0.1,
    "seasonality": 0.1,
}
OTHERS: Final = 0.05


@pytest.mark.parametrize(("source", "modality"), [(prose, "text"), (shop, "table"), (sensor, "series")])
def test_size_does_not_matter(source: Callable[[int, int], pa.Table], modality: str) -> None:
    large = profile_of(source(200_000, 1)).result
    small = profile_of(source(2000, 2)).result
    assert large.modality == small.modality == modality
    assert large.measured_rows == small.measured_rows == 2000
    assert large.fingerprint.keys() == small.fingerprint.keys()
    for name, value in large.fingerprint.items():
        assert small.fingerprint[name] == pytest.approx(value, abs=TOLERANCES.get(name, OTHERS)), name


def test_a_smaller_dataset_is_measured_at_its_own_size() -> None:
    result = profile_of(prose(150, 1)).result
    assert result.measured_rows == 150
    assert result.measured_text_bytes is not None
    assert 0 < result.measured_text_bytes < 131_072
    assert profile_of(shop(150, 1)).result.measured_text_bytes is None


def test_degenerate_text_has_another_fingerprint() -> None:
    healthy = prose(4000, 1)
    copied = healthy.slice(0, 40)
    repeated = profile_of(pa.concat_tables([copied] * 100)).result.fingerprint
    sound = profile_of(healthy).result.fingerprint
    for name, apart in (("duplicate_share", 0.9), ("near_duplicate_share", 0.9), ("ngram_repetition_32", 0.8)):
        assert repeated[name] > sound[name] + apart
    assert repeated["distinct_2"] < 0.2 < sound["distinct_2"]
    assert repeated["compressibility"] > sound["compressibility"] + 0.2

"""Names of runs: valid for Kubernetes, the same every time, different for different identifiers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_operator.facade.names import profile_run_name, validation_run_name

DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
IDS = st.text(min_size=1, max_size=253)


@given(IDS)
def test_any_id_gives_a_dns_label(validation_id: str) -> None:
    assert DNS_LABEL.fullmatch(validation_run_name(validation_id))


@given(IDS, IDS, st.sampled_from(["", "CSV", "PARQUET"]), st.integers(1, 1000))
def test_any_dataset_gives_a_dns_label(dataset_id: str, uri: str, data_format: str, repeat: int) -> None:
    assert DNS_LABEL.fullmatch(profile_run_name(dataset_id, uri, data_format, repeat))


@given(IDS, IDS)
def test_different_ids_give_different_names(one: str, other: str) -> None:
    assert (validation_run_name(one) == validation_run_name(other)) == (one == other)


@pytest.mark.parametrize("validation_id", ["val-1", "a", "x" * 63, "abc-0-def"])
def test_an_id_that_fits_is_the_name(validation_id: str) -> None:
    assert validation_run_name(validation_id) == validation_id


@pytest.mark.parametrize(
    ("validation_id", "begins"),
    [("val_test456", "val-test456-"), ("Val", "val-"), ("3fa85f64-5717", "r-3fa85f64-5717-"), ("äöü", "r-")],
)
def test_another_id_keeps_a_readable_part(validation_id: str, begins: str) -> None:
    assert validation_run_name(validation_id).startswith(begins)


def test_names_are_frozen() -> None:
    """A changed name would lose every run that exists: these may never change."""
    assert validation_run_name("val_test456") == "val-test456-d4b793ecad"
    assert profile_run_name("ds_test123", "s3://bucket/x.csv", "CSV") == "ds-test123-profile-3de66faf2a"


def test_dataset_path_and_format_are_kept_apart() -> None:
    names = {
        profile_run_name("a", "bc", ""),
        profile_run_name("ab", "c", ""),
        profile_run_name("a", "b", "c"),
        profile_run_name("a", "bc", "", 2),
    }
    assert len(names) == 4

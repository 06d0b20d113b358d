from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthos_operator.specs import labels, names

DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
# Names the API allows for a custom resource: DNS subdomains.
RUN_NAMES = st.from_regex(
    r"[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?){0,3}", fullmatch=True
)


@given(run=RUN_NAMES, attempt=st.integers(1, 9999), step=st.sampled_from(["profile", "tier-1", "tier-3", "verdict"]))
def test_job_names_are_dns_labels_with_room_for_a_pods_index(run: str, attempt: int, step: str) -> None:
    name = names.job_name(run=run, run_uid="u", step=step, attempt=attempt)
    assert DNS_LABEL.fullmatch(name)
    assert len(f"{name}-63") <= 63


@given(run=RUN_NAMES)
def test_labels_are_valid_for_every_run_name(run: str) -> None:
    marks = labels.job_labels(run=run, run_uid="u", phase="Cascade", step="tier-1", tier=1, attempt=1)
    assert all(LABEL_VALUE.fullmatch(value) and len(value) <= 63 for value in marks.values())


@given(run=RUN_NAMES)
def test_event_names_are_valid(run: str) -> None:
    name = names.event_name(run=run, run_uid="u", reason="TierStarted", subject="tier-1", attempt="1", order=205)
    assert DNS_LABEL.fullmatch(name)
    assert len(name) <= 253


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"run_uid": "a"}, {"run_uid": "b"}),
        ({"attempt": 1}, {"attempt": 2}),
        ({"attempt": 11, "step": "tier-1"}, {"attempt": 1, "step": "tier-11"}),
        ({"run": "x" * 100 + "a", "run_uid": "a"}, {"run": "x" * 100 + "b", "run_uid": "b"}),
    ],
)
def test_different_attempts_never_share_a_name(one: dict[str, object], other: dict[str, object]) -> None:
    base: dict[str, object] = {"run": "demo", "run_uid": "u", "step": "profile", "attempt": 1}
    assert names.job_name(**{**base, **one}) != names.job_name(**{**base, **other})  # type: ignore[arg-type]


def test_names_are_the_same_every_time() -> None:
    """Frozen: another name would make a second Job after an upgrade of the operator."""
    assert names.job_name(run="demo", run_uid="u", step="tier-2", attempt=3) == "demo-tier-2-3-9ad76ef5"
    assert names.tier_name(run="demo", run_uid="u", tier=2) == "demo-tier-2-fc8d5851"
    assert names.artifacts_uri(base="s3://b/p/", namespace="ns", run="demo", run_uid="u") == "s3://b/p/ns/demo-0bfe935e"

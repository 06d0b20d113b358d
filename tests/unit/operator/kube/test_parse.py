"""Objects of the API, as they may come, into views."""

from __future__ import annotations

from typing import Any

from synthos_operator.kube import parse


def pod(**status: Any) -> dict[str, Any]:
    meta = {"name": "p", "namespace": "ns", "uid": "u", "creationTimestamp": "2025-11-01T12:00:00Z"}
    return {"metadata": meta, "spec": {"nodeName": "n"}, "status": status}


def test_an_empty_object_is_no_reason_to_fail() -> None:
    view = parse.pod({"metadata": {"name": "p"}})
    assert (view.phase, view.running, view.termination, view.scheduled_at) == ("Pending", False, None, None)
    assert parse.job({"metadata": {"name": "j"}}) is None
    assert parse.tier({"metadata": {"name": "t"}}) is None


def test_only_the_trainers_container_counts() -> None:
    sidecar = {"name": "istio-proxy", "state": {"terminated": {"exitCode": 1}}}
    trainer = {"name": "trainer", "state": {"running": {"startedAt": "2025-11-01T12:00:05Z"}}}
    view = parse.pod(pod(phase="Running", containerStatuses=[sidecar, trainer]))
    assert view.running
    assert view.termination is None


def test_a_status_that_does_not_fit_counts_as_lost() -> None:
    raw = {"metadata": {"name": "r"}, "spec": {"dataset": {"uri": "s3://bkt/x"}}, "status": {"phase": "Nonsense"}}
    view = parse.run(raw)
    assert view.status.phase == "Pending"
    assert view.spec is not None


def test_a_specification_that_does_not_fit_is_told() -> None:
    view = parse.run({"metadata": {"name": "r"}, "spec": {"dataset": {"uri": "ftp://x"}}})
    assert view.spec is None
    assert "dataset.uri" in view.spec_error


def test_a_jobs_end_is_its_condition() -> None:
    marks = {"synthos.dev/step": "tier-1", "synthos.dev/attempt": "2"}
    failed = {"type": "Failed", "status": "True", "reason": "PodFailurePolicy", "message": "m"}
    target = {"type": "FailureTarget", "status": "True", "reason": "PodFailurePolicy"}
    meta = {"name": "j", "labels": marks}
    ending = parse.job({"metadata": meta, "status": {"conditions": [target]}})
    assert ending is not None
    assert not ending.ended
    ended = parse.job({"metadata": meta, "status": {"conditions": [target, failed]}})
    assert ended is not None
    assert ended.failed
    assert (ended.step, ended.attempt, ended.reason) == ("tier-1", 2, "PodFailurePolicy")

"""Errors, retries, interruptions, and what is left of an attempt when status or Jobs are lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthos_api.errors import (
    POD_EXIT_DATA,
    POD_EXIT_MODEL,
    POD_EXIT_PREEMPTED,
    POD_EXIT_RESOURCE,
    ErrorInfo,
)
from synthos_api.phases import PhaseOutcome, encode_outcome
from synthos_api.v1alpha1 import CascadeTierStatus, ValidationRunStatus
from synthos_operator.reconcile.observed import ForeignObject, RefusedObject
from synthos_operator.reconcile.plan import CreateJob
from synthos_operator.reconcile.reconcile import reconcile

from .world import CONFIG, World

DATA_ERROR = ErrorInfo(code=1005, message="s3://data/set.csv, row 17: 3 fields instead of 2")
DIVERGED = ErrorInfo(code=2001, message="tier 1 variant 2: loss is not finite at step 40", retryable=True)
STORAGE = ErrorInfo(code=3002, message="s3://artifacts: connection refused", retryable=True)
MEMORY = ErrorInfo(code=3001, message="tier 1 variant 1: out of GPU memory", retryable=True)


def test_a_data_error_fails_the_run_at_once_and_names_code_file_and_place() -> None:
    world = World().through()
    world.fail("profile", DATA_ERROR, POD_EXIT_DATA)
    assert world.settle() == []
    failed = world.condition("Failed")
    assert failed is not None
    assert (failed.status, failed.reason) == ("True", "DataError")
    assert "1005" in failed.message
    assert "s3://data/set.csv, row 17" in failed.message
    assert world.run.status.error == DATA_ERROR
    assert world.run.status.phase == "Failed"
    assert world.events[-2:] == ["ProfileFailed", "Failed"]


def test_a_retryable_error_is_retried_after_a_pause_that_doubles() -> None:
    world = World().through("profile")
    for attempt, pause in ((1, 10), (2, 20)):
        error = DIVERGED.model_copy(update={"message": f"step {attempt}"})
        world.fail("tier-1", error, POD_EXIT_MODEL)
        assert world.settle() == []
        assert world.plan().requeue_after == pause
        world.tick(pause - 1)
        assert world.settle() == []
        world.tick(1)
        assert world.settle() == [f"CreateJob tier-1 {attempt + 1}"]
    running = world.condition("Running", tier=1)
    assert running is not None
    assert running.status == "False"
    world.succeed("tier-1")
    assert world.settle() == ["CreateJob tier-2 1"]
    assert world.tier(1).status.attempt.failures == 2
    assert world.tier(1).status.error is None


@pytest.mark.parametrize("retry", [{"baseSeconds": 0}, {"baseSeconds": 0.5}, {"maxSeconds": 0}])
def test_a_failure_is_written_before_the_next_attempt_is_made(retry: dict[str, float]) -> None:
    """Killed in between, the operator would find the second Job and know nothing of the smaller micro-batch."""
    world = World(config=CONFIG.model_validate({**CONFIG.model_dump(), "retry": retry})).through("profile")
    world.fail("tier-1", MEMORY, POD_EXIT_RESOURCE)
    assert world.step() == []
    assert world.tier(1).status.attempt.micro_batch_divisor == 2
    world.tick(1)
    assert world.settle() == ["CreateJob tier-1 2"]


def test_attempts_are_bounded() -> None:
    world = World(spec={"maxAttempts": 2}).through("profile")
    world.fail("tier-1", STORAGE, POD_EXIT_RESOURCE)
    world.settle()
    world.tick(60)
    world.settle()
    world.fail("tier-1", STORAGE.model_copy(update={"message": "another"}), POD_EXIT_RESOURCE)
    assert world.settle() == []
    failed = world.condition("Failed")
    assert failed is not None
    assert failed.reason == "ResourceError"
    assert [tier.phase for tier in world.run.status.tiers] == ["Failed", "Cancelled"]
    tier_failed = world.condition("Failed", tier=1)
    assert tier_failed is not None
    assert tier_failed.status == "True"


def test_the_same_error_twice_at_the_same_place_is_not_tried_a_third_time() -> None:
    world = World(spec={"maxAttempts": 10}).through("profile")
    world.fail("tier-1", DIVERGED, POD_EXIT_MODEL)
    world.settle()
    world.tick(60)
    world.settle()
    world.fail("tier-1", DIVERGED, POD_EXIT_MODEL)
    assert world.settle() == []
    assert world.run.status.phase == "Failed"
    assert world.run.status.error is not None
    assert "the same error in two attempts" in world.run.status.error.details


def test_out_of_memory_is_tried_once_more_with_half_the_micro_batch() -> None:
    world = World(spec={"maxAttempts": 10}).through("profile")
    assert world.config_of("tier-1").micro_batch_divisor == 1
    world.fail("tier-1", MEMORY, POD_EXIT_RESOURCE)
    world.settle()
    world.tick(60)
    assert world.settle() == ["CreateJob tier-1 2"]
    assert world.config_of("tier-1").micro_batch_divisor == 2
    world.fail("tier-1", MEMORY.model_copy(update={"message": "another place"}), POD_EXIT_RESOURCE)
    assert world.settle() == []
    assert world.run.status.phase == "Failed"
    assert world.run.status.error is not None
    assert world.run.status.error.code == 3001
    assert "half the micro-batch" in world.run.status.error.details


@pytest.mark.parametrize(("code", "reason"), [(137, "OOMKilled"), (1, "OOMKilled")])
def test_a_pod_killed_for_its_memory_counts_as_out_of_memory(code: int, reason: str) -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.end("tier-1", code, "", reason)
    world.settle()
    attempt = world.tier(1).status.attempt
    assert attempt.error is not None
    assert attempt.error.code == 3001
    assert attempt.micro_batch_divisor == 2
    assert attempt.retry_at is not None


EVICTED = {"reason": "Evicted", "message": 'Usage of EmptyDir volume "tmp" exceeds the limit "10Gi". '}


@pytest.mark.parametrize(
    ("code", "kubelet"),
    [(137, {}), (137, EVICTED), (143, EVICTED), (137, {"reason": "NodeLost", "message": "the node is gone"})],
)
def test_a_pod_killed_for_anything_else_keeps_its_micro_batch(code: int, kubelet: dict[str, str]) -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.change_pod("tier-1", **kubelet)
    world.end("tier-1", code)
    world.settle()
    attempt = world.tier(1).status.attempt
    assert attempt.error is not None
    assert (attempt.error.code, attempt.error.retryable) == (3000, True)
    assert all(word.strip() in attempt.error.message for word in kubelet.values())
    assert attempt.micro_batch_divisor == 1
    assert attempt.retry_at is not None


@pytest.mark.parametrize(("code", "reason"), [(POD_EXIT_MODEL, ""), (137, "Error")])
def test_pods_that_leave_no_message_fail_with_the_same_error_and_are_named_in_the_details(
    code: int, reason: str
) -> None:
    world = World(spec={"maxAttempts": 10}).through("profile")
    for _ in range(2):
        world.start("tier-1")
        world.end("tier-1", code, "", reason)
        assert world.settle() == []
        name = world.pod("tier-1").meta.name
        error = world.tier(1).status.attempt.error
        assert error is not None
        assert name not in error.message
        assert name in error.details
        world.tick(60)
        world.settle()
    assert world.run.status.phase == "Failed"
    assert world.run.status.error is not None
    assert "the same error in two attempts" in world.run.status.error.details


def test_preemption_is_no_failure_and_the_next_attempt_starts_at_once() -> None:
    world = World(spec={"maxAttempts": 1}).through("profile")
    world.start("tier-1")
    world.end("tier-1", POD_EXIT_PREEMPTED)
    assert world.settle() == ["CreateJob tier-1 2"]
    attempt = world.tier(1).status.attempt
    assert (attempt.failures, attempt.interruptions) == (0, 1)


def test_endless_preemption_ends_in_a_failure() -> None:
    world = World().through("profile")
    limit = world.config.retry.max_interruptions
    for number in range(1, limit + 1):
        world.start("tier-1")
        world.end("tier-1", POD_EXIT_PREEMPTED)
        assert world.settle() == [f"CreateJob tier-1 {number + 1}"]
    world.start("tier-1")
    world.end("tier-1", POD_EXIT_PREEMPTED)
    assert world.settle() == []
    assert world.run.status.error is not None
    assert f"interrupted {limit + 1} times" in world.run.status.error.message


def test_a_deleted_job_is_followed_by_a_new_attempt_with_the_next_number() -> None:
    world = World().through("profile")
    world.delete_job("tier-1")
    assert world.settle() == ["CreateJob tier-1 2"]


def test_no_new_attempt_while_a_pod_of_a_deleted_job_still_runs() -> None:
    """`kubectl delete job` takes the Job at once and leaves the pod its grace period."""
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    world.tick(100)
    world.delete_job("tier-1")
    assert world.settle() == []
    assert world.tier(1).status.attempt.state == "Stopped"
    world.tick(30)
    assert world.settle() == []
    assert world.run.status.cost.gpu_seconds == 2 * 130
    world.let_pods_end()
    assert world.settle() == ["CreateJob tier-1 2"]


def test_the_result_of_a_pod_whose_job_is_gone_is_not_taken() -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    pod = world.pod("tier-1")
    world.succeed("tier-1")
    world.pods[pod.meta.name] = replace(world.pods[pod.meta.name], job_uid="")  # kubectl delete --cascade=orphan
    del world.jobs[world.job("tier-1").meta.name]
    assert world.settle() == ["CreateJob tier-1 2"]


def test_no_new_attempt_while_a_pod_of_the_last_one_still_runs() -> None:
    world = World().through("profile")
    world.start("tier-1")
    job, pod = world.job("tier-1"), world.pod("tier-1")
    world.settle()
    dying = replace(job, meta=replace(job.meta, deleting=True))
    world.jobs[job.meta.name] = dying
    assert world.settle() == []
    assert world.plan().requeue_after is not None
    world.change_pod("tier-1", phase="Failed")
    assert world.settle() == []  # the Job itself is still there
    del world.jobs[job.meta.name], world.pods[pod.meta.name]
    assert world.settle() == ["CreateJob tier-1 2"]


def test_the_pod_of_a_finished_job_may_be_gone_and_the_step_is_repeated() -> None:
    world = World().through("profile")
    world.succeed("tier-1")
    world.pods.clear()
    assert world.settle() == ["CreateJob tier-1 2"]
    assert world.tier(1).status.attempt.failures == 0


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("", "unreadable termination message"),
        ("no json", "unreadable termination message"),
        ('{"z":"AAAA"}', "unreadable termination message"),
        ('{"result_uri":"s3://a/b"}', "left no result"),
        ('{"verdict": 3}', "unreadable termination message"),
    ],
)
def test_a_pod_that_ends_well_without_a_readable_result_is_an_internal_error(message: str, words: str) -> None:
    world = World().through()
    world.start("profile")
    world.end("profile", 0, message)
    assert world.settle() == []
    assert world.run.status.error is not None
    assert world.run.status.error.code == 5000
    assert words in world.run.status.error.message
    failed = world.condition("Failed")
    assert failed is not None
    assert failed.reason == "InternalError"


def test_a_result_of_another_tier_is_not_taken() -> None:
    from .world import result_of

    world = World().through("profile")
    world.start("tier-1")
    world.end("tier-1", 0, encode_outcome(PhaseOutcome(**result_of("tier-2"))))
    world.settle()
    assert world.run.status.phase == "Failed"


def test_a_bare_exit_code_tells_the_category() -> None:
    world = World().through()
    world.start("profile")
    world.end("profile", POD_EXIT_DATA)
    world.settle()
    assert world.run.status.error is not None
    assert world.run.status.error.code == 1000
    assert "exited with code 11" in world.run.status.error.message


def test_a_lost_run_status_is_found_again_and_no_attempt_is_made_twice() -> None:
    world = World().through("profile", "tier-1")
    world.run = replace(world.run, status=ValidationRunStatus())
    assert world.settle() == []
    assert world.run.status.phase == "Training"
    assert world.run.status.profile is not None
    assert world.run.status.profile_attempt.attempt == 1


def test_a_lost_tier_status_is_found_again() -> None:
    world = World().through("profile")
    world.fail("tier-1", DIVERGED, POD_EXIT_MODEL)
    world.settle()
    world.tick(60)
    world.settle()
    tier = world.tier(1)
    world.tiers[tier.meta.name] = replace(tier, status=CascadeTierStatus())
    assert world.settle() == []
    attempt = world.tier(1).status.attempt
    assert (attempt.attempt, attempt.failures) == (2, 1)


def test_a_crash_between_creating_the_job_and_writing_status_makes_no_second_job() -> None:
    world = World()
    plan = world.plan()
    for action in plan.actions:
        world._do(action)
    assert world.settle() == []
    assert world.run.status.profile_attempt.attempt == 1


def test_a_foreign_object_of_our_name_fails_the_run_and_is_not_touched() -> None:
    world = World()
    foreign = (ForeignObject("Job", "demo-profile-1-x", "Deployment web (UID 9)"),)
    plan = reconcile(replace(world.observed(), foreign=foreign), world.now)
    assert plan.actions == ()
    assert plan.run_status is not None
    assert plan.run_status.phase == "Failed"
    assert plan.run_status.error is not None
    assert plan.run_status.error.code == 5001
    assert "Deployment web" in plan.run_status.error.message


def test_a_refused_job_is_explained_and_tried_again_later() -> None:
    world = World()
    refused = (RefusedObject("Job", "demo-profile-1-x", "exceeded quota: jobs"),)
    plan = reconcile(replace(world.observed(), refused=refused), world.now)
    assert plan.actions == ()
    assert plan.run_status is not None
    assert plan.run_status.profile_attempt.attempt == 0
    running = next(c for c in plan.run_status.conditions if c.type == "Running")
    assert "exceeded quota: jobs" in running.message
    assert plan.requeue_after == 30


def test_a_job_left_over_by_a_crash_is_deleted() -> None:
    world = World().through("profile")
    stopped = world.tier(1).status.attempt.model_copy(update={"state": "Stopped"})
    tier = world.tier(1)
    world.tiers[tier.meta.name] = replace(tier, status=tier.status.model_copy(update={"attempt": stopped}))
    plan = world.plan()
    assert [world.words(action) for action in plan.actions] == ["DeleteJob tier-1-1"]
    assert not any(isinstance(action, CreateJob) for action in plan.actions)


def test_an_end_is_an_end() -> None:
    world = World().through()
    world.fail("profile", DATA_ERROR, POD_EXIT_DATA)
    world.settle()
    before = world.run.status
    world.jobs.clear()
    world.pods.clear()
    world.tick(10**6)
    assert world.settle() == []
    assert world.run.status == before

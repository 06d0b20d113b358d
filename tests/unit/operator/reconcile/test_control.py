"""Suspend, cancel, deadlines and the budget: what the specification asks for while a run is under way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthos_api.errors import POD_EXIT_PREEMPTED

from .world import ALL_STEPS, World


def test_suspend_deletes_the_running_job_and_starts_nothing() -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    world.change_spec(suspend=True)
    assert world.settle() == ["DeleteJob tier-1-1"]
    suspended, running = world.condition("Suspended"), world.condition("Running")
    assert suspended is not None
    assert suspended.status == "True"
    assert running is not None
    assert running.status == "False"
    assert world.run.status.phase == "Suspended"
    assert world.tier(1).status.phase == "Suspended"


def test_resume_continues_with_the_next_attempt_and_counts_no_failure() -> None:
    world = World(spec={"maxAttempts": 1}).through("profile")
    world.start("tier-1")
    world.settle()
    world.change_spec(suspend=True)
    world.settle()
    world.let_pods_end()
    world.change_spec(suspend=False)
    assert world.settle() == ["CreateJob tier-1 2"]
    attempt = world.tier(1).status.attempt
    assert (attempt.failures, attempt.interruptions) == (0, 0)
    suspended = world.condition("Suspended")
    assert suspended is not None
    assert suspended.status == "False"
    assert world.events[-3:] == ["Suspended", "Resumed", "TierStarted"]


def test_a_resumed_run_waits_for_the_pod_that_still_saves_its_state() -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    world.change_spec(suspend=True)
    world.settle()
    world.change_spec(suspend=False)
    assert world.settle() == []
    running = world.condition("Running", tier=1)
    assert running is not None
    assert (running.status, running.reason) == ("False", "PodsEnding")
    assert world.pod("tier-1").meta.name in running.message
    assert world.plan().requeue_after == 5
    world.let_pods_end()
    assert world.settle() == ["CreateJob tier-1 2"]


def test_gpu_time_of_the_grace_period_is_counted_while_suspended() -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    world.tick(100)
    world.change_spec(suspend=True)
    world.settle()
    world.tick(60)
    world.settle()
    assert world.run.status.cost.gpu_seconds == 2 * 160
    world.let_pods_end()
    world.tick(1000)
    world.settle()
    assert world.run.status.cost.gpu_seconds == 2 * 160


def test_a_run_created_suspended_starts_nothing() -> None:
    world = World(spec={"suspend": True})
    assert world.settle() == []
    assert world.run.status.phase == "Suspended"
    world.change_spec(suspend=False)
    assert world.settle() == ["CreateJob profile 1"]


def test_a_result_that_arrives_while_suspending_is_kept() -> None:
    world = World().through("profile")
    world.succeed("tier-1")
    world.change_spec(suspend=True)
    assert world.settle() == []
    assert world.tier(1).status.phase == "Complete"
    world.change_spec(suspend=False)
    assert world.settle() == ["CreateJob tier-2 1"]


def test_suspension_does_not_eat_the_deadline() -> None:
    world = World(spec={"deadlineSeconds": 100, "through": "Profile"}).through()
    world.tick(50)
    world.change_spec(suspend=True)
    world.settle()
    world.tick(10_000)
    assert world.settle() == []
    world.change_spec(suspend=False)
    assert world.settle() == ["CreateJob profile 2"]
    assert world.run.status.suspended_seconds == 10_000
    world.tick(49)
    assert world.settle() == []
    world.tick(1)
    assert world.settle() == ["DeleteJob profile-2"]
    assert world.run.status.error is not None
    assert world.run.status.error.code == 4001


def test_cancel_is_final_and_stops_everything() -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    world.change_spec(cancel=True)
    assert world.settle() == ["DeleteJob tier-1-1"]
    cancelled = world.condition("Cancelled")
    assert cancelled is not None
    assert cancelled.status == "True"
    assert world.run.status.phase == "Cancelled"
    assert world.run.status.finished_at is not None
    assert [tier.phase for tier in world.run.status.tiers] == ["Cancelled", "Cancelled"]
    assert world.run.status.error is None
    complete = world.condition("Complete")
    assert complete is None or complete.status == "False"


def test_cancelling_a_complete_run_changes_nothing() -> None:
    world = World().through(*ALL_STEPS)
    world.change_spec(cancel=True)
    assert world.settle() == []
    assert world.run.status.phase == "Complete"


def test_cancel_wins_over_suspend() -> None:
    world = World(spec={"suspend": True}).through()
    world.change_spec(cancel=True)
    world.settle()
    assert world.run.status.phase == "Cancelled"
    suspended = world.condition("Suspended")
    assert suspended is not None
    assert suspended.status == "False"


def test_the_deadline_fails_the_run_and_stops_its_pods() -> None:
    world = World(spec={"deadlineSeconds": 300}).through("profile")
    world.start("tier-1")
    world.settle()
    assert world.plan().requeue_after is not None
    world.tick(300)
    assert world.settle() == ["DeleteJob tier-1-1"]
    failed = world.condition("Failed")
    assert failed is not None
    assert failed.reason == "TimeoutError"
    assert "4001 in tier 1" in failed.message


def job_deadline_exceeded(world: World, step: str) -> None:
    """The Job controller stops the pod, which is asked to end and saves its state."""
    world.end(step, POD_EXIT_PREEMPTED)
    job = world.job(step)
    world.jobs[job.meta.name] = replace(job, reason="DeadlineExceeded")


def test_a_deadline_raised_while_a_step_runs_outlives_the_jobs_own() -> None:
    world = World(spec={"deadlineSeconds": 300, "maxAttempts": 1}).through("profile")
    world.start("tier-1")
    world.settle()
    world.change_spec(deadlineSeconds=1000)
    world.tick(361)
    job_deadline_exceeded(world, "tier-1")
    assert world.settle() == ["CreateJob tier-1 2"]
    attempt = world.tier(1).status.attempt
    assert (attempt.failures, attempt.interruptions) == (0, 1)
    assert world.bodies[world.job("tier-1").meta.name]["spec"]["activeDeadlineSeconds"] == 1000 - 361 + 60


def test_a_job_that_ran_into_its_deadline_in_the_operators_absence_fails_the_run() -> None:
    world = World(spec={"deadlineSeconds": 300}).through("profile")
    world.start("tier-1")
    world.settle()
    world.tick(361)
    job_deadline_exceeded(world, "tier-1")
    assert world.settle() == []
    assert world.run.status.error is not None
    assert world.run.status.error.code == 4001


def test_a_verdict_that_is_there_wins_over_the_deadline() -> None:
    world = World(spec={"deadlineSeconds": 300}).through("profile", "tier-1", "tier-2")
    world.succeed("verdict")
    world.tick(1000)
    world.settle()
    assert world.run.status.phase == "Complete"


def test_the_jobs_own_deadline_is_what_is_left_of_the_runs_and_a_little() -> None:
    world = World(spec={"deadlineSeconds": 300}).through()
    world.tick(100)
    world.through("profile")
    assert world.bodies[world.job("profile").meta.name]["spec"]["activeDeadlineSeconds"] == 360
    assert world.bodies[world.job("tier-1").meta.name]["spec"]["activeDeadlineSeconds"] == 260


def test_a_pod_that_finds_no_gpus_waits_and_says_why_in_the_schedulers_words() -> None:
    message = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
    world = World().through("profile")
    world.schedule(
        "tier-1", scheduled=False, scheduled_at=None, unscheduled_reason="Unschedulable", unscheduled_message=message
    )
    assert world.settle() == []
    world.tick(10)  # the run repeats the words, which alone are no transition of its
    world.settle()
    scheduled, running = world.condition("Scheduled", tier=1), world.condition("Running")
    assert scheduled is not None
    assert (scheduled.status, scheduled.reason, scheduled.message) == ("False", "Unschedulable", message)
    assert world.tier(1).status.phase == "Waiting"
    assert running is not None
    assert message in running.message
    assert world.events[-1] == "TierWaiting"
    world.change_pod("tier-1", scheduled=True, scheduled_at=world.now, phase="Running", started_at=world.now)
    world.settle()
    scheduled = world.condition("Scheduled", tier=1)
    assert scheduled is not None
    assert scheduled.status == "True"
    assert world.tier(1).status.phase == "Training"


def test_waiting_too_long_for_gpus_fails_with_3003_if_the_run_says_so() -> None:
    world = World(spec={"pendingDeadlineSeconds": 60}).through("profile")
    world.schedule(
        "tier-1", scheduled=False, scheduled_at=None, unscheduled_reason="Unschedulable", unscheduled_message="no GPU"
    )
    world.tick(10)
    world.settle()
    assert world.plan().requeue_after == 50
    world.tick(50)
    assert world.settle() == ["DeleteJob tier-1-1"]
    assert world.run.status.error is not None
    assert world.run.status.error.code == 3003
    assert "no GPU" in world.run.status.error.message


@pytest.mark.parametrize("reason", ["", "ContainerCreating", "ImagePullBackOff"])
def test_a_pod_that_is_scheduled_no_longer_waits_to_be(reason: str) -> None:
    """A large image may take longer to pull than a node to be found."""
    world = World(spec={"pendingDeadlineSeconds": 60}).through("profile")
    world.schedule("tier-1", waiting_reason=reason)
    world.settle()
    world.tick(3600)
    assert world.settle() == []
    assert world.run.status.phase == "Training"
    assert world.plan().requeue_after != 0


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "CreateContainerConfigError"])
def test_a_container_that_cannot_start_says_why(reason: str) -> None:
    world = World().through("profile")
    world.schedule("tier-1", waiting_reason=reason, waiting_message="trainer:1 is not there")
    world.settle()
    running = world.condition("Running", tier=1)
    assert running is not None
    assert (running.status, running.reason) == ("False", reason)
    assert "trainer:1 is not there" in running.message


def test_cost_is_gpu_time_times_price_and_crossing_the_budget_stops_the_run() -> None:
    world = World(spec={"budget": {"maxCostUSD": 1.0, "gpuHourUSD": 3.6}}).through("profile")
    world.start("tier-1")  # 2 GPUs: 0.002 USD a second
    world.settle()
    world.tick(400)
    assert world.settle() == []
    assert world.run.status.cost.gpu_seconds == 800
    assert world.run.status.cost.usd == pytest.approx(0.8)
    world.tick(100)
    assert world.settle() == ["DeleteJob tier-1-1"]
    assert world.run.status.error is not None
    assert world.run.status.error.code == 3004
    failed = world.condition("Failed")
    assert failed is not None
    assert failed.reason == "ResourceError"


def test_gpu_time_of_a_pod_that_vanished_is_not_lost() -> None:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    world.tick(100)
    world.settle()
    world.pods.clear()  # evicted and deleted; the Job makes another
    world.settle()
    world.start("tier-1")
    world.tick(50)
    world.settle()
    assert world.run.status.cost.gpu_seconds == 2 * 150


def test_waiting_pods_cost_nothing() -> None:
    world = World().through("profile")
    world.schedule("tier-1", scheduled=False, scheduled_at=None)
    world.settle()
    world.tick(1000)
    world.settle()
    assert world.run.status.cost.gpu_seconds == 0


def test_a_job_held_back_by_a_queue_is_left_alone_and_waits_without_a_deadline() -> None:
    world = World(spec={"pendingDeadlineSeconds": 60}).through("profile")
    job = world.job("tier-1")
    world.jobs[job.meta.name] = replace(job, suspended=True)
    world.tick(1000)
    assert world.settle() == []
    scheduled = world.condition("Scheduled", tier=1)
    assert scheduled is not None
    assert (scheduled.status, scheduled.reason) == ("False", "Queued")

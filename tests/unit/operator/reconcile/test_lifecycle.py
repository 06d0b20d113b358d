"""A run from acceptance to its end. `settle` also checks, each time, that a plan carried out leaves an empty one."""

from __future__ import annotations

import pytest

from synthos_operator.reconcile.observed import Run

from .world import ALL_STEPS, World


def test_a_new_run_gets_its_profile_job_and_nothing_else() -> None:
    world = World()
    assert world.settle() == ["CreateJob profile 1"]
    assert world.run.status.phase == "Profiling"
    assert world.run.status.artifacts_uri is not None
    assert world.run.status.artifacts_uri.startswith("s3://artifacts/runs/ns/demo-")
    accepted, running = world.condition("Accepted"), world.condition("Running")
    assert accepted is not None
    assert accepted.status == "True"
    assert running is not None
    assert (running.status, running.reason) == ("True", "Profiling")


def test_after_the_profile_all_tiers_appear_at_once_and_only_the_first_starts() -> None:
    world = World().through()
    world.succeed("profile")
    assert world.settle() == ["CreateTier 1", "CreateTier 2", "CreateJob tier-1 1"]
    assert world.run.status.phase == "Training"
    assert [tier.phase for tier in world.run.status.tiers] == ["Waiting", "Pending"]


def test_tiers_run_one_after_another_in_order() -> None:
    world = World().through("profile")
    world.succeed("tier-1")
    assert world.settle() == ["CreateJob tier-2 1"]
    world.succeed("tier-2")
    assert world.settle() == ["CreateJob verdict 1"]
    assert world.run.status.phase == "Judging"


def test_the_verdict_completes_the_run() -> None:
    world = World().through(*ALL_STEPS)
    status = world.run.status
    assert status.phase == "Complete"
    assert status.verdict is not None
    assert (status.verdict.verdict, status.verdict.risk_score) == ("clear", 12)
    complete, running = world.condition("Complete"), world.condition("Running")
    assert complete is not None
    assert (complete.status, complete.reason) == ("True", "VerdictReached")
    assert running is not None
    assert running.status == "False"
    assert world.condition("Failed") is None
    assert status.progress.progress_percent == 100
    assert (status.progress.models_completed, status.progress.models_total) == (4, 4)
    assert status.finished_at is not None


def test_the_story_is_told_once_and_in_order() -> None:
    world = World().through(*ALL_STEPS)
    assert world.events == [
        "Accepted",
        "ProfileStarted",
        "ProfileDone",
        "TierStarted",
        "TierDone",
        "TierStarted",
        "TierDone",
        "VerdictStarted",
        "VerdictDone",
        "VerdictReached",
    ]


def test_gpus_follow_the_tier_and_the_verdict_gets_one() -> None:
    world = World().through(*ALL_STEPS)
    limits = {
        job.step: world.bodies[job.meta.name]["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"].get(
            "nvidia.com/gpu"
        )
        for job in world.jobs.values()
    }
    assert limits == {"profile": None, "tier-1": "2", "tier-2": "3", "verdict": "1"}


@pytest.mark.parametrize(
    ("through", "steps", "reason"),
    [
        ("Profile", ("profile",), "ProfileComplete"),
        ("PreScreen", ("profile",), "PreScreenComplete"),
        ("Cascade", ("profile", "tier-1", "tier-2"), "CascadeComplete"),
    ],
)
def test_a_run_stops_where_through_says(through: str, steps: tuple[str, ...], reason: str) -> None:
    world = World(spec={"through": through}).through(*steps)
    complete = world.condition("Complete")
    assert complete is not None
    assert (complete.status, complete.reason) == ("True", reason)
    assert {job.step for job in world.jobs.values()} == set(steps)
    assert world.run.status.verdict is None
    assert world.run.status.progress.progress_percent == 100


def test_an_extended_run_goes_on_where_it_stopped() -> None:
    world = World(spec={"through": "Profile"}).through("profile")
    world.tick(3600)
    world.change_spec(through="Verdict")
    assert world.settle() == ["CreateTier 1", "CreateTier 2", "CreateJob tier-1 1"]
    complete = world.condition("Complete")
    assert complete is not None
    assert (complete.status, complete.reason) == ("False", "Extended")
    assert world.run.status.finished_at is None
    assert world.run.status.progress.progress_percent == 0
    for step in ("tier-1", "tier-2", "verdict"):
        world.succeed(step)
        world.settle()
    assert world.run.status.phase == "Complete"
    assert world.job("profile").attempt == 1


def test_a_pre_screen_that_settles_the_matter_ends_the_run_without_a_verdict() -> None:
    from synthos_api.results import PreScreenResult

    from .world import result_of

    world = World().through()
    screen = PreScreenResult(pre_risk_score=99, should_proceed=False, recommendation="Replace the dataset.")
    world.succeed("profile", **{**result_of("profile"), "pre_screen": screen})
    assert world.settle() == []
    complete = world.condition("Complete")
    assert complete is not None
    assert (complete.status, complete.reason) == ("True", "PreScreenStopped")
    assert "no verdict" in complete.message
    assert "Replace the dataset." in complete.message
    assert world.run.status.verdict is None
    assert world.tiers == {}


def test_a_run_that_asks_for_no_gpus_gets_none_for_its_verdict_either() -> None:
    from .world import tier_specs

    world = World(spec={"cascade": {"tiers": tier_specs(0)}}).through("profile", "tier-1")
    container = world.bodies[world.job("verdict").meta.name]["spec"]["template"]["spec"]["containers"][0]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]


def test_a_run_that_is_being_deleted_is_left_alone() -> None:
    from dataclasses import replace

    world = World().through()
    world.run = replace(world.run, meta=replace(world.run.meta, deleting=True))
    assert world.plan().empty


def test_a_specification_our_types_refuse_fails_with_a_usage_error() -> None:
    world = World()
    world.run = Run(meta=world.run.meta, spec=None, status=world.run.status, spec_error="dataset: missing")
    assert world.settle() == []
    assert world.run.status.phase == "Failed"
    assert world.run.status.error is not None
    assert world.run.status.error.code == 1009
    accepted = world.condition("Accepted")
    assert accepted is not None
    assert (accepted.status, accepted.reason) == ("False", "InvalidSpec")


def test_with_ttl_a_finished_run_is_deleted_and_not_before() -> None:
    world = World(spec={"through": "Profile", "ttlSecondsAfterFinished": 100}).through("profile")
    assert world.plan().requeue_after == 100
    world.tick(99)
    assert world.plan().empty
    world.tick(1)
    assert [world.words(action) for action in world.plan().actions] == ["DeleteRun demo"]


def test_a_quiet_run_is_not_written_again() -> None:
    world = World().through(*ALL_STEPS)
    writes = world.writes
    world.tick(3600)
    assert world.settle() == []
    assert world.writes == writes
    assert world.plan().requeue_after is None

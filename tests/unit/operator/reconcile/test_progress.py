"""Progress: pulled from pods, rolled up, written sparingly, and never going back."""

from __future__ import annotations

import pytest

from synthos_api.progress import Progress
from synthos_api.results import GradientStats, SpectralMetrics, TierResult

from .world import World, model


def training(percent: float, **fields: object) -> Progress:
    values = {"phase": "Cascade", "state": "training", "tier": 1, "variant": 1, "models_total": 2, **fields}
    return Progress.model_validate({**values, "percent": percent})


def running_world() -> World:
    world = World().through("profile")
    world.start("tier-1")
    world.settle()
    return world


def test_progress_reaches_tier_and_run() -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(50, loss=2.5, eta_seconds=30, gpu_utilization={0: 91.5}, results=[model(1, 1)]))
    world.settle()
    tier = world.tier(1).status
    assert (tier.progress.percent, tier.progress.loss, tier.progress.eta_seconds) == (50, 2.5, 30)
    assert tier.progress.gpu_utilization == {"0": 91.5}
    assert [result.variant for result in tier.results] == [1]
    run = world.run.status.progress
    assert (run.current_tier, run.current_variant, run.models_completed, run.models_total) == (1, 1, 1, 4)
    # Tier 2 has models twice as large and otherwise the same work: tier 1 is a third of the FLOPs.
    assert run.progress_percent == pytest.approx(100 / 6, abs=0.01)
    assert run.eta_seconds == pytest.approx(30 * 5)
    assert run.estimated_completion == "2025-11-01T12:02:40Z"


def test_percent_never_goes_back_not_even_in_a_new_attempt() -> None:
    world = running_world()
    for percent, expected in ((60, 60), (20, 60), (70, 70)):
        world.tick(20)
        world.report("tier-1", training(percent))
        world.settle()
        assert world.tier(1).status.progress.percent == expected


def test_progress_is_written_at_most_once_in_ten_seconds() -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(10))
    world.settle()
    before = world.writes
    for second in range(1, 10):
        world.tick(1)
        world.report("tier-1", training(10 + second))
        assert world.settle() == []
        assert world.writes == before
        wait = world.plan().requeue_after
        assert wait is not None
        assert wait <= 10 - second
    world.tick(1)
    world.settle()
    assert world.writes == before + 2  # the tier and the run
    assert world.tier(1).status.progress.percent == 19


def test_other_words_of_the_scheduler_wait_for_the_interval() -> None:
    world = World().through("profile")
    words = {"unscheduled_reason": "Unschedulable", "unscheduled_message": "0/7 nodes are available"}
    world.schedule("tier-1", scheduled=False, scheduled_at=None, **words)
    world.settle()
    before = world.writes
    world.tick(9)
    world.change_pod("tier-1", unscheduled_message="0/8 nodes are available")
    assert world.settle() == []
    assert world.writes == before
    assert world.plan().requeue_after == 1
    world.tick(1)
    world.settle()
    assert world.writes == before + 2  # the tier and the run
    scheduled = world.condition("Scheduled", tier=1)
    assert scheduled is not None
    assert scheduled.message == "0/8 nodes are available"


def test_a_transition_is_written_at_once() -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(10))
    world.settle()
    world.tick(1)
    world.succeed("tier-1")
    assert world.settle() == ["CreateJob tier-2 1"]
    assert world.tier(1).status.phase == "Complete"


def test_a_silent_pod_becomes_stalled_and_recovers() -> None:
    world = running_world()
    world.report("tier-1", None, answered=False)
    world.tick(119)
    world.settle()
    assert world.condition("Stalled", tier=1) is None
    world.tick(1)
    world.settle()
    stalled = world.condition("Stalled", tier=1)
    assert stalled is not None
    assert stalled.status == "True"
    assert world.tier(1).status.progress.state == "stalled"
    assert world.run.status.progress.state == "stalled"
    world.report("tier-1", training(10))
    world.settle()
    stalled = world.condition("Stalled", tier=1)
    assert stalled is not None
    assert stalled.status == "False"


@pytest.mark.parametrize("wrong", [{"phase": "Verdict", "tier": None}, {"tier": 2}])
def test_a_pod_that_speaks_of_something_else_is_not_believed(wrong: dict[str, object]) -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(99, **wrong))
    world.settle()
    assert world.tier(1).status.progress.percent == 0


def test_a_pod_that_tells_of_more_models_than_its_tier_has_is_not_believed() -> None:
    """Too many results, and the API server would refuse the status, again and again."""
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(50, variant=900, results=[model(1, n) for n in range(2, 60)]))
    world.settle()
    status = world.tier(1).status
    assert [result.variant for result in status.results] == [2]
    assert status.progress.current_variant == 0
    outcome = TierResult(tier=1, models=[model(1, 1), model(2, 2), *(model(1, n) for n in range(100, 160))])
    world.succeed("tier-1", tier=outcome)
    world.settle()
    assert [(result.tier, result.variant) for result in world.tier(1).status.results] == [(1, 1), (1, 2)]


@pytest.mark.parametrize("seconds", [1e10, 1e300])
def test_an_estimate_beyond_all_time_is_none(seconds: float) -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(50, eta_seconds=seconds))
    world.settle()
    assert world.run.status.progress.estimated_completion is None


def test_the_fuller_loss_curve_survives_a_thinned_result() -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(99, results=[model(1, 1, points=64)]))
    world.settle()
    world.succeed("tier-1")
    world.settle()
    assert [len(result.loss_curve) for result in world.tier(1).status.results] == [64, 4]


def test_what_a_slim_termination_message_leaves_out_is_kept_from_the_progress() -> None:
    world = running_world()
    world.tick(10)
    spectral, gradient = SpectralMetrics(spectral_entropy=0.5), GradientStats(total_norm=2.0)
    told = model(1, 1).model_copy(update={"spectral_metrics": spectral, "gradient_stats": gradient})
    world.report("tier-1", training(50, results=[told]))
    world.settle()
    world.succeed("tier-1")
    world.settle()
    first, second = world.tier(1).status.results
    assert (first.spectral_metrics, first.gradient_stats) == (spectral, gradient)
    assert second.spectral_metrics is None


def test_a_tier_whose_models_did_not_fit_is_complete_with_what_the_progress_told() -> None:
    world = running_world()
    world.tick(10)
    world.report("tier-1", training(99, results=[model(1, 1)]))
    world.settle()
    world.succeed("tier-1", tier=TierResult(tier=1, models=[]))
    assert world.settle() == ["CreateJob tier-2 1"]
    status = world.tier(1).status
    assert [result.variant for result in status.results] == [1]
    assert (status.phase, status.progress.models_completed) == ("Complete", 2)


def test_a_pod_that_has_just_ended_does_not_make_its_tier_wait_again() -> None:
    world = running_world()
    world.change_pod("tier-1", phase="Succeeded", started_at=None)
    assert world.settle() == []
    assert world.tier(1).status.phase == "Training"

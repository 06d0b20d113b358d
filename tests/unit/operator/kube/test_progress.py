"""Pulling progress from a real HTTP server that behaves in every bad way a pod may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp import web

from synthos_api.progress import MAX_PROGRESS_BYTES, Progress
from synthos_operator.config import Timing
from synthos_operator.kube.progress import ProgressPuller
from synthos_operator.reconcile.observed import Meta, Pod

NOW = datetime(2025, 11, 1, 12, 0, 0, tzinfo=UTC)
GOOD = Progress(phase="Cascade", tier=1, percent=40).model_dump_json()


class FakePod:
    """Answers as told."""

    def __init__(self) -> None:
        self.content = GOOD
        self.status = 200
        self.delay = 0.0
        self.headers: dict[str, str] = {}
        self.asked = 0

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        await asyncio.sleep(self.delay)
        return web.Response(text=self.content, status=self.status, headers=self.headers)


@pytest.fixture
def fake() -> FakePod:
    return FakePod()


@pytest_asyncio.fixture
async def puller(fake: FakePod) -> AsyncIterator[ProgressPuller]:
    app = web.Application()
    app.router.add_get("/progress", fake.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    puller = ProgressPuller(Timing(progress_timeout_seconds=0.3), port)
    yield puller
    await puller.close()
    await runner.cleanup()


def pod(**fields: object) -> Pod:
    values: dict[str, object] = {"phase": "Running", "ip": "127.0.0.1", "started_at": NOW, **fields}
    return Pod(meta=Meta("ns", "pod", "uid", NOW), job_uid="job", step="tier-1", **values)  # type: ignore[arg-type]


async def test_a_good_answer_is_believed(puller: ProgressPuller) -> None:
    report = (await puller.pull([pod()], NOW))["uid"]
    assert report.progress is not None
    assert report.progress.percent == 40
    assert (report.answered_at, report.problem) == (NOW, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not a valid progress document"),
        ("[]", "not a valid progress document"),
        ("NaN", "not a valid progress document"),
        ('{"phase": "Cascade", "percent": 101}', "not a valid progress document"),
        ('{"phase": "Cascade", "loss": NaN}', "not a valid progress document"),
        ('{"phase": "Cascade", "surprise": 1}', "not a valid progress document"),
        (" " * (MAX_PROGRESS_BYTES + 1), "longer than"),
    ],
)
async def test_a_wrong_answer_is_told_as_a_problem_and_the_last_good_one_kept(
    puller: ProgressPuller, fake: FakePod, content: str, words: str
) -> None:
    await puller.pull([pod()], NOW)
    fake.content = content
    report = (await puller.pull([pod()], NOW + timedelta(seconds=10)))["uid"]
    assert report.progress is not None
    assert report.answered_at == NOW
    assert words in report.problem


async def test_a_redirect_is_not_followed(puller: ProgressPuller, fake: FakePod) -> None:
    fake.status, fake.headers = 302, {"Location": "http://127.0.0.1:1/elsewhere"}
    assert "302" in (await puller.pull([pod()], NOW))["uid"].problem


async def test_a_pod_that_hangs_costs_one_timeout_only(puller: ProgressPuller, fake: FakePod) -> None:
    fake.delay = 30
    assert (await puller.pull([pod()], NOW))["uid"].problem == "no answer in time"


async def test_a_pod_without_a_server_is_a_problem_and_no_error(puller: ProgressPuller) -> None:
    dead = ProgressPuller(Timing(), 1)
    report = (await dead.pull([pod()], NOW))["uid"]
    assert report.progress is None
    assert report.problem
    await dead.close()


@pytest.mark.parametrize("ip", ["not an address", "127.0.0.1/../x", ""])
async def test_an_address_that_is_none_is_never_asked(puller: ProgressPuller, fake: FakePod, ip: str) -> None:
    await puller.pull([pod(ip=ip)], NOW)
    assert fake.asked == 0


async def test_a_pod_is_not_asked_more_often_than_configured(puller: ProgressPuller, fake: FakePod) -> None:
    for second in (0, 1, 2, 5):
        await puller.pull([pod()], NOW + timedelta(seconds=second))
    assert fake.asked == 2


async def test_ended_and_unstarted_pods_are_not_asked(puller: ProgressPuller, fake: FakePod) -> None:
    assert await puller.pull([pod(phase="Succeeded"), pod(started_at=None)], NOW) == {}
    assert fake.asked == 0


async def test_what_is_known_of_old_pods_is_forgotten(puller: ProgressPuller, fake: FakePod) -> None:
    await puller.pull([pod()], NOW)
    puller.forget_before(NOW + timedelta(seconds=1))
    await puller.pull([pod()], NOW + timedelta(seconds=1))
    assert fake.asked == 2

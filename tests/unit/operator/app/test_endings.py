"""A part of the operator that ends ends the operator: no leader that does nothing."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from synthos_operator.app import main
from synthos_operator.app.controller import Workers
from tests.unit.operator.reconcile.world import CONFIG

OPTIONS = main.Options(config=CONFIG, namespaces=["ns"], health_host="127.0.0.1", health_port=0)


class Watching:
    """Watches that go on until they are told to end."""

    problem = ValueError("no more watches")

    def __init__(self, *_: object) -> None:
        self.ended = asyncio.Event()
        Watching.last = self

    last: Watching

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def join(self, timeout: float) -> None: ...


class FakeWorkers:
    """Workers that end as `end` says."""

    end: BaseException | None = None
    forever = False

    def __init__(self, *_: object, **__: object) -> None:
        self.queue = SimpleNamespace(add=None)

    async def run(self) -> None:
        if self.forever:
            await asyncio.Event().wait()
        if self.end:
            raise self.end


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> type[FakeWorkers]:
    class Chosen(FakeWorkers):
        pass

    monkeypatch.setattr(main, "Watching", Watching)
    monkeypatch.setattr(main, "Workers", Chosen)
    return Chosen


async def work(stop: asyncio.Event | None = None) -> int:
    client: Any = None
    return await asyncio.wait_for(main._work(client, OPTIONS, stop or asyncio.Event()), timeout=5)


@pytest.mark.parametrize("end", [None, RuntimeError("a defect")])
async def test_workers_that_end_end_the_process(
    parts: type[FakeWorkers], end: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    parts.end = end
    with caplog.at_level(logging.CRITICAL):
        assert await work() == 1
    assert "the workers ended" in caplog.text
    assert end is None or "a defect" in caplog.text


async def test_watches_that_end_end_the_process(parts: type[FakeWorkers], caplog: pytest.LogCaptureFixture) -> None:
    parts.forever = True
    asyncio.get_running_loop().call_later(0.05, lambda: Watching.last.ended.set())
    with caplog.at_level(logging.CRITICAL):
        assert await work() == 1
    assert "the watches ended" in caplog.text


async def test_told_to_stop_it_ends_well(parts: type[FakeWorkers]) -> None:
    parts.forever = True
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    assert await work(stop) == 0


class Client:
    """Lists fail once with something that is no ApiError."""

    def __init__(self) -> None:
        self.lists = 0

    async def list(self, *_: object) -> tuple[list[dict[str, Any]], str]:
        self.lists += 1
        if self.lists == 1:
            raise KeyError("metadata")
        return [{"metadata": {"namespace": "ns", "name": "demo"}}], "1"


def workers(controller: Any, client: Any) -> Workers:
    quick = CONFIG.model_copy(update={"timing": CONFIG.timing.model_copy(update={"resync_seconds": 0.01})})
    return Workers(controller, client, quick, ["ns"])


async def test_the_resync_outlives_any_error_of_one_pass() -> None:
    looked = asyncio.Event()

    class Controller:
        async def look(self, key: object) -> None:
            looked.set()

    running = asyncio.create_task(workers(Controller(), Client()).run())
    await asyncio.wait_for(looked.wait(), timeout=5)
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_worker_that_dies_ends_them_all() -> None:
    dying = workers(None, Client())

    async def take() -> Any:
        raise RuntimeError("a defect of the queue")

    dying.queue.take = take  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="a defect of the queue"):
        await asyncio.wait_for(dying.run(), timeout=5)

from __future__ import annotations

import asyncio

from synthos_operator.app.queue import FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS, WorkQueue


async def test_a_key_added_twice_is_worked_on_once() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    queue.add("a")
    assert await queue.take() == "a"
    queue.done("a")
    assert queue.idle


async def test_a_key_added_during_its_work_comes_once_more_and_not_at_the_same_time() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.add("a")
    pending = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not pending.done()
    queue.done("a")
    assert await pending == "a"
    queue.done("a")
    assert queue.idle


async def test_a_failing_key_is_backed_off_further_each_time_and_starts_over_after_success() -> None:
    queue: WorkQueue[str] = WorkQueue()
    delays = []
    for _ in range(15):
        queue.add("a")
        await queue.take()
        delays.append(queue.failed("a"))
    assert delays[:3] == [FIRST_DELAY_SECONDS, 2 * FIRST_DELAY_SECONDS, 4 * FIRST_DELAY_SECONDS]
    assert delays[-1] == MAX_DELAY_SECONDS
    queue.add("a")
    await queue.take()
    queue.done("a")
    queue.add("a")
    await queue.take()
    assert queue.failed("a") == FIRST_DELAY_SECONDS
    queue.close()


async def test_an_event_does_not_shorten_the_pause_of_a_failing_key() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.failed("a")
    assert queue.idle
    queue.close()


async def test_a_later_moment_does_not_replace_an_earlier_one() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 0.01)
    queue.add_after("a", 1000)
    assert await queue.take() == "a"
    queue.done("a", again_after=0.01)
    assert await queue.take() == "a"
    queue.done("a")


async def test_an_immediate_look_replaces_the_planned_one() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add_after("a", 0.01)
    queue.add("a")
    await queue.take()
    queue.done("a")
    await asyncio.sleep(0.03)
    assert queue.idle

"""A work queue of keys: one worker at a time per key, nothing forgotten, failures backed off.

As client-go's workqueue: a key added while it is being worked on is worked on once more afterwards;
a key added twice before its turn is worked on once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

FIRST_DELAY_SECONDS = 0.1
MAX_DELAY_SECONDS = 60.0


class WorkQueue(Generic[Key]):
    """Not thread-safe: use it from its event loop only."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[Key] = asyncio.Queue()
        self._waiting: set[Key] = set()
        self._working: set[Key] = set()
        self._again: set[Key] = set()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def add(self, key: Key) -> None:
        """Work on `key` as soon as a worker is free."""
        self._cancel_timer(key)
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def add_after(self, key: Key, seconds: float) -> None:
        """Work on `key` in `seconds` at the latest; an earlier moment already set stays."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= loop.time() + seconds:
            return
        self._cancel_timer(key)
        self._timers[key] = loop.call_later(seconds, self.add, key)

    async def take(self) -> Key:
        key = await self._ready.get()
        self._waiting.discard(key)
        self._working.add(key)
        return key

    def done(self, key: Key, *, again_after: float | None = None) -> None:
        """The work on `key` succeeded."""
        self._failures.pop(key, None)
        self._finish(key, again_after)

    def failed(self, key: Key) -> float:
        """The work on `key` did not succeed: it comes again after the returned number of seconds."""
        count = self._failures.get(key, 0)
        self._failures[key] = count + 1
        delay = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2.0 ** min(count, 30))
        # Also where an event came meanwhile: whatever is broken gets its pause.
        self._again.discard(key)
        self._finish(key, delay)
        return delay

    def close(self) -> None:
        for key in list(self._timers):
            self._cancel_timer(key)

    @property
    def idle(self) -> bool:
        return not (self._waiting or self._working or self._again)

    def _finish(self, key: Key, again_after: float | None) -> None:
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)
        elif again_after is not None:
            self.add_after(key, again_after)

    def _cancel_timer(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

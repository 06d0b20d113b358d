"""kopf, wired to do one thing: tell which run to look at again.

It runs in a thread with its own event loop, because at its end it cancels every task it finds in its
loop. No handler of kopf's that keeps state is registered, so there are no finalizers, no annotations
and nothing of kopf's in any status. Objects are read again from the API at each look: kopf's streams
tell changes, but not what was deleted while a stream was interrupted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import kopf

from synthos_api.v1alpha1 import API_VERSION, GROUP, RUN_KIND, RUN_PLURAL, TIER_PLURAL, VERSION
from synthos_operator.specs import labels

from .controller import RunKey


class Names:
    """Names of runs by UID: Jobs and pods carry the UID, and their label with the name may be shortened."""

    def __init__(self) -> None:
        self._by_uid: dict[str, RunKey] = {}

    def learn(self, uid: str, key: RunKey) -> None:
        self._by_uid[uid] = key

    def forget(self, uid: str) -> None:
        self._by_uid.pop(uid, None)

    def of(self, marks: Mapping[str, str]) -> RunKey | None:
        return self._by_uid.get(marks.get(labels.RUN_UID, ""))


def registry(tell: Callable[[RunKey], None]) -> kopf.OperatorRegistry:
    """Handlers for every kind we watch; `tell` is called in kopf's thread."""
    handlers = kopf.OperatorRegistry()
    names = Names()

    @kopf.on.login(registry=handlers)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)

    @kopf.on.event(GROUP, VERSION, RUN_PLURAL, registry=handlers)
    def run_changed(event: kopf.RawEvent, **_: Any) -> None:
        meta = event["object"]["metadata"]
        key = RunKey(meta["namespace"], meta["name"])
        names.forget(meta["uid"]) if event["type"] == "DELETED" else names.learn(meta["uid"], key)
        tell(key)

    @kopf.on.event(GROUP, VERSION, TIER_PLURAL, registry=handlers)
    @kopf.on.event("batch", "v1", "jobs", labels={labels.MANAGED_BY: labels.MANAGER}, registry=handlers)
    @kopf.on.event("", "v1", "pods", labels={labels.MANAGED_BY: labels.MANAGER}, registry=handlers)
    def part_changed(event: kopf.RawEvent, **_: Any) -> None:
        meta = event["object"]["metadata"]
        key = names.of(meta.get("labels") or {}) or _owner(meta)
        if key is not None:
            tell(key)

    return handlers


def _owner(meta: Mapping[str, Any]) -> RunKey | None:
    for owner in meta.get("ownerReferences") or []:
        if owner.get("kind") == RUN_KIND and owner.get("apiVersion") == API_VERSION:
            return RunKey(meta["namespace"], owner["name"])
    return None


def settings() -> kopf.OperatorSettings:
    """Nothing posted, nothing persisted, nothing scanned; only our own Jobs and pods cross the wire."""
    chosen = kopf.OperatorSettings()
    chosen.posting.enabled = False
    chosen.peering.standalone = True
    chosen.scanning.disabled = True
    for group, plural in (("batch", "jobs"), ("", "pods")):
        chosen.watching.label_selectors[group, "v1", plural] = labels.managed()
    chosen.watching.server_timeout = 290
    chosen.watching.client_timeout = 300
    return chosen


class Watching(threading.Thread):
    """kopf's thread. `ended` is set in the given loop when it is over, for whatever reason."""

    def __init__(
        self, tell: Callable[[RunKey], None], namespaces: Sequence[str] | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(name="kopf", daemon=True)
        self._tell = tell
        self._namespaces = namespaces
        self._loop = loop
        self._stopping = threading.Event()
        self.ended = asyncio.Event()
        self.problem: BaseException | None = None

    def run(self) -> None:
        def tell(key: RunKey) -> None:
            self._loop.call_soon_threadsafe(self._tell, key)

        try:
            asyncio.run(
                kopf.operator(
                    registry=registry(tell),
                    settings=settings(),
                    standalone=True,
                    clusterwide=self._namespaces is None,
                    namespaces=self._namespaces or (),
                    stop_flag=self._stopping,
                )
            )
        except BaseException as error:  # noqa: BLE001 - a thread's end is reported, not lost
            self.problem = error
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.ended.set)

    def stop(self) -> None:
        self._stopping.set()

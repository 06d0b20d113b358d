"""Keeps the daemons of one cluster running: `python -m hack.localcluster.supervisor STATE_DIRECTORY`.

One thread, one loop. A daemon is started when those it needs have been ready once; it is started again,
with back-off, when it ends. Daemons are processes of their own sessions and outlive a killed supervisor;
the next one finds them by their marks and takes them over. SIGTERM stops everything, last started first.
"""

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hack.localcluster import process
from hack.localcluster.daemons import Daemon, Plan
from hack.localcluster.errors import ClusterError
from hack.localcluster.layout import Layout
from hack.localcluster.probes import ready
from hack.localcluster.process import ProcessId

NAME = "supervisor"
TICK = 0.1  # seconds
FIRST_BACKOFF = 0.5
LAST_BACKOFF = 10.0
STEADY = 30.0  # seconds of running after which a daemon's back-off starts from the beginning
STOP_SECONDS = 15.0

State = Literal["waiting", "starting", "ready", "backoff", "done"]


@dataclass
class Unit:
    """A daemon and what the supervisor knows of it."""

    daemon: Daemon
    backoff: float  # seconds until it is started again
    state: State = "waiting"
    process: ProcessId | None = None
    since: float = 0.0
    restarts: int = 0
    was_ready: bool = False


class Supervisor:
    """The loop over all daemons of one plan."""

    def __init__(self, layout: Layout, plan: Plan) -> None:
        self._layout = layout
        self._plan = plan
        self.units = {daemon.name: Unit(daemon, FIRST_BACKOFF) for daemon in plan.daemons}
        self._written = ""

    def adopt(self) -> None:
        """Take over daemons that run already; stop those that this plan does not know."""
        strangers = []
        for found, name in process.find_marked(self._layout.state, daemons_only=True).items():
            unit = self.units.get(name)
            if unit is not None and unit.process is None and not unit.daemon.once:
                unit.process, unit.state, unit.since = found, "starting", time.monotonic()
                process.write_pid(self._layout.pids / name, found)
            elif name != NAME:
                strangers.append(found)
        process.stop(strangers, STOP_SECONDS)

    def tick(self) -> None:
        """Look once at every daemon and do what its state asks for."""
        now = time.monotonic()
        for unit in self.units.values():
            if unit.process is not None and not process.alive(unit.process):
                ended, status = _reap(unit.process)
                if not ended:
                    continue
                self._ended(unit, status, now)
            if unit.state == "starting" and not unit.daemon.once and ready(unit.daemon.probe):
                unit.state, unit.was_ready = "ready", True
            if unit.state == "ready" and now - unit.since > STEADY:
                unit.backoff = FIRST_BACKOFF
            if unit.state == "waiting" and all(self.units[n].was_ready for n in unit.daemon.after):
                self._start(unit, now)
            if unit.state == "backoff" and now >= unit.since + unit.backoff:
                unit.backoff = min(unit.backoff * 2, LAST_BACKOFF)
                unit.restarts += 1
                self._start(unit, now)
        self._write_status()

    def stop(self) -> None:
        """Stop all daemons, those that need others first."""
        for group in reversed(self._groups()):
            process.stop([u.process for u in group if u.process is not None], STOP_SECONDS)
        for unit in self.units.values():
            (self._layout.pids / unit.daemon.name).unlink(missing_ok=True)

    def _groups(self) -> list[list[Unit]]:
        """Units by depth: a unit comes in a later group than all it needs."""
        depth: dict[str, int] = {}
        for name, unit in self.units.items():  # the plan lists needs before what needs them
            depth[name] = 1 + max((depth[n] for n in unit.daemon.after), default=-1)
        return [
            [self.units[name] for name, d in depth.items() if d == level]
            for level in range(max(depth.values(), default=-1) + 1)
        ]

    def _start(self, unit: Unit, now: float) -> None:
        daemon = unit.daemon
        log = self._layout.log / f"{daemon.name}.log"
        try:
            unit.process = process.spawn(
                daemon.argv, state=self._layout.state, name=daemon.name, log=log, env=daemon.env
            )
        except ClusterError as error:
            with log.open("a") as file:
                file.write(f"{error}\n")
            unit.state, unit.since = "backoff", now
            return
        unit.state, unit.since = "starting", now
        process.write_pid(self._layout.pids / daemon.name, unit.process)

    def _ended(self, unit: Unit, status: int | None, now: float) -> None:
        unit.process = None
        (self._layout.pids / unit.daemon.name).unlink(missing_ok=True)
        if unit.daemon.once and status == 0:
            unit.state, unit.was_ready = "done", True
            return
        say(f"{unit.daemon.name} ended with {status}, see its log")
        unit.state, unit.since = "backoff", now

    def _write_status(self) -> None:
        me = process.identify(os.getpid())
        content = {
            "supervisor": None if me is None else me.__dict__,
            "digest": self._plan.digest,
            "daemons": {
                name: {
                    "state": unit.state,
                    "pid": unit.process.pid if unit.process else None,
                    "restarts": unit.restarts,
                }
                for name, unit in self.units.items()
            },
        }
        text = json.dumps(content, indent=1)
        if text != self._written:
            process.write_atomic(self._layout.status, text)
            self._written = text


def _reap(gone: ProcessId) -> tuple[bool, int | None]:
    """Whether a process that runs no more has ended for good, and its exit status (negative: that signal).

    A child whose main thread is dead can have other threads for a moment. The status of a process that was
    taken over is nobody's to know.
    """
    try:
        pid, status = os.waitpid(gone.pid, os.WNOHANG)
    except ChildProcessError:
        return True, None
    return pid != 0, os.waitstatus_to_exitcode(status) if pid else None


def say(message: str) -> None:
    """A line in the supervisor's own log."""
    print(time.strftime("%Y-%m-%dT%H:%M:%S"), message, flush=True)


@contextlib.contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Be the only supervisor of this state directory, for as long as this process lives.

    Raises:
        ClusterError: there is one already.
    """
    with (layout.state / "supervisor.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ClusterError("a supervisor of this cluster runs already") from None
        yield


def main(argv: list[str]) -> int:
    """Run until SIGTERM or SIGINT."""
    layout = Layout(Path(argv[0]))
    stopping = False

    def on_signal(_number: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    try:
        with only_one(layout):
            supervisor = Supervisor(layout, Plan.parse(layout.plan.read_text()))
            supervisor.adopt()
            say("started")
            while not stopping:
                supervisor.tick()
                time.sleep(TICK)
            say("stopping")
            supervisor.stop()
            layout.status.unlink(missing_ok=True)
    except ClusterError as error:
        say(str(error))
        return 1
    say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

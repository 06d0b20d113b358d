"""The supervisor, on small real daemons."""

import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hack.localcluster import paths, process, supervisor
from hack.localcluster.daemons import Daemon, Plan, Probe
from hack.localcluster.errors import ClusterError
from hack.localcluster.layout import Layout
from hack.localcluster.process import ProcessId
from hack.localcluster.supervisor import Supervisor


def daemon(name: str, code: str, **more: Any) -> Daemon:
    return Daemon(name, (sys.executable, "-c", code), **more)


def sleeper(name: str, **more: Any) -> Daemon:
    return daemon(name, "import time; time.sleep(100)", **more)


def listener(name: str, socket: Path, **more: Any) -> Daemon:
    """Becomes ready a moment after its start."""
    code = (
        "import socket, time; time.sleep(0.3); "
        f"s = socket.socket(socket.AF_UNIX); s.bind({str(socket)!r}); s.listen(); time.sleep(100)"
    )
    return daemon(name, code, probe=Probe("unix", str(socket)), **more)


def until(watched: Supervisor, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, {n: u.state for n, u in watched.units.items()}
        watched.tick()
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_BACKOFF", 0.05)


def test_a_daemon_waits_until_what_it_needs_is_ready(layout: Layout) -> None:
    socket = layout.state / "s"
    watched = Supervisor(layout, Plan((listener("first", socket), sleeper("second", after=("first",))), "d"))
    watched.tick()
    assert watched.units["first"].state == "starting"
    assert watched.units["second"].state == "waiting"
    until(watched, lambda: watched.units["second"].state == "ready")
    assert socket.exists()


def test_a_killed_daemon_comes_back(layout: Layout) -> None:
    watched = Supervisor(layout, Plan((sleeper("a"),), "d"))
    until(watched, lambda: watched.units["a"].state == "ready")
    first = watched.units["a"].process
    assert first is not None
    process.send(first, signal.SIGKILL)
    until(watched, lambda: watched.units["a"].process not in (None, first))
    assert watched.units["a"].restarts == 1
    assert process.read_pid(layout.pids / "a") == watched.units["a"].process


def test_what_needs_a_killed_daemon_keeps_running(layout: Layout) -> None:
    watched = Supervisor(layout, Plan((sleeper("a"), sleeper("b", after=("a",))), "d"))
    until(watched, lambda: watched.units["b"].state == "ready")
    b = watched.units["b"].process
    process.kill([p for p in [watched.units["a"].process] if p])
    until(watched, lambda: watched.units["a"].restarts == 1)
    assert watched.units["b"].process == b


def test_a_daemon_that_ends_at_once_is_tried_more_and_more_rarely(layout: Layout) -> None:
    watched = Supervisor(layout, Plan((daemon("a", "raise SystemExit(3)"),), "d"))
    until(watched, lambda: watched.units["a"].restarts == 3)
    assert watched.units["a"].backoff == pytest.approx(0.05 * 2**3)


def test_a_program_that_does_not_exist_is_tried_again_and_said_in_its_log(layout: Layout) -> None:
    watched = Supervisor(layout, Plan((Daemon("a", ("/no/such/program",)),), "d"))
    until(watched, lambda: watched.units["a"].restarts == 2)
    assert "/no/such/program" in (layout.log / "a.log").read_text()


def test_a_step_is_repeated_until_it_succeeds_and_then_done(layout: Layout) -> None:
    flag = layout.state / "flag"
    code = f"import pathlib as p; f = p.Path({str(flag)!r}); there = f.exists(); f.touch(); raise SystemExit(not there)"
    watched = Supervisor(layout, Plan((daemon("step", code, once=True), sleeper("b", after=("step",))), "d"))
    until(watched, lambda: watched.units["b"].state == "ready")
    assert watched.units["step"].state == "done"
    assert watched.units["step"].restarts == 1


def test_the_next_supervisor_takes_over_what_runs(layout: Layout) -> None:
    plan = Plan((sleeper("a"), sleeper("b")), "d")
    first = Supervisor(layout, plan)
    until(first, lambda: all(u.state == "ready" for u in first.units.values()))
    (layout.pids / "a").unlink()  # killed before it could write the file
    second = Supervisor(layout, plan)
    second.adopt()
    second.tick()
    assert {n: u.process for n, u in second.units.items()} == {n: u.process for n, u in first.units.items()}
    assert all(u.restarts == 0 for u in second.units.values())


def test_a_daemon_of_an_older_plan_is_ended(layout: Layout) -> None:
    old = Supervisor(layout, Plan((sleeper("gone"),), "d"))
    until(old, lambda: old.units["gone"].state == "ready")
    Supervisor(layout, Plan((sleeper("a"),), "e")).adopt()
    assert process.find_marked(layout.state) == {}


def test_stopping_ends_first_what_needs_others(layout: Layout) -> None:
    order = layout.state / "order"
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    with open({order!r}, 'a') as f: f.write({name!r} + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(15, end)\n"
        "open({order!r} + '-' + {name!r}, 'w').close()\n"
        "while True: time.sleep(1)"
    )
    after: tuple[str, ...] = ()
    chain = []
    for name in ("a", "b", "c"):
        chain.append(daemon(name, code.format(order=str(order), name=name), after=after))
        after = (name,)
    watched = Supervisor(layout, Plan(tuple(chain), "d"))
    until(watched, lambda: all(Path(f"{order}-{name}").exists() for name in "abc"))
    watched.stop()
    assert order.read_text().split() == ["c", "b", "a"]
    assert process.find_marked(layout.state) == {}


def test_status_tells_the_plan_and_the_daemons(layout: Layout) -> None:
    watched = Supervisor(layout, Plan((sleeper("a"),), "the digest"))
    until(watched, lambda: watched.units["a"].state == "ready")
    watched.tick()
    status = json.loads(layout.status.read_text())
    assert status["digest"] == "the digest"
    assert status["daemons"]["a"]["state"] == "ready"


def test_there_is_only_one_supervisor(layout: Layout) -> None:
    with supervisor.only_one(layout), pytest.raises(ClusterError, match="already"), supervisor.only_one(layout):
        pass


def start_program(layout: Layout, plan: Plan) -> ProcessId:
    layout.plan.write_text(plan.dump())
    return process.spawn(
        (sys.executable, "-m", "hack.localcluster.supervisor", str(layout.state)),
        state=layout.state,
        name=supervisor.NAME,
        log=layout.log / "supervisor.log",
        env={"PYTHONPATH": str(paths.REPOSITORY)},
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_program_survives_its_own_death_and_ends_clean(layout: Layout) -> None:
    plan = Plan((sleeper("a"),), "d")
    first = start_program(layout, plan)
    wait_for(lambda: process.read_pid(layout.pids / "a") is not None)
    a = process.read_pid(layout.pids / "a")
    assert a is not None
    process.send(first, signal.SIGKILL)
    wait_for(lambda: not process.alive(first))
    assert process.alive(a), "daemons outlive their supervisor"

    second = start_program(layout, plan)
    wait_for(
        lambda: layout.status.exists() and json.loads(layout.status.read_text())["supervisor"]["pid"] == second.pid
    )
    assert json.loads(layout.status.read_text())["daemons"]["a"]["pid"] == a.pid
    process.send(second, signal.SIGTERM)
    wait_for(lambda: not process.alive(second))
    assert not process.alive(a)
    assert not layout.status.exists()

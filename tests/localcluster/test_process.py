"""Processes by identity, on real ones."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hack.localcluster import process
from hack.localcluster.errors import ClusterError
from hack.localcluster.layout import Layout
from hack.localcluster.process import ProcessId

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)


def spawn(layout: Layout, name: str = "one", argv: tuple[str, ...] = SLEEP) -> ProcessId:
    return process.spawn(argv, state=layout.state, name=name, log=layout.log / f"{name}.log")


def test_a_process_is_itself_and_no_other_of_the_same_number() -> None:
    me = process.identify(os.getpid())
    assert me is not None
    assert process.alive(me)
    assert not process.alive(ProcessId(me.pid, me.started - 1, me.boot)), "an earlier process of this number"
    assert not process.alive(ProcessId(me.pid, me.started, "another boot"))


def test_an_unreaped_child_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and kept as a zombie
        os.kill(child.pid, 0)  # the usual test says that it runs
        assert process.identify(child.pid) is None


def test_a_daemon_is_found_by_its_mark_alone(layout: Layout) -> None:
    started = spawn(layout, "daemon-a")
    assert process.find_marked(layout.state) == {started: "daemon-a"}
    assert process.find_marked(layout.state.parent) == {}


def test_what_a_daemon_starts_is_marked_but_no_daemon(layout: Layout) -> None:
    parent = spawn(layout, "p", (sys.executable, "-c", "import subprocess as s; s.run(['sleep', '60'])"))
    deadline = time.monotonic() + 10
    while len(process.find_marked(layout.state)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(process.find_marked(layout.state)) == 2
    assert process.find_marked(layout.state, daemons_only=True) == {parent: "p"}


def test_stop_ends_a_process_that_does_not_listen(layout: Layout) -> None:
    deaf = spawn(layout, "deaf", STUBBORN)
    deadline = time.monotonic() + 10
    while "deaf" not in (layout.log / "deaf.log").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.stop([deaf], 0.2)
    assert not process.alive(deaf)


def test_a_signal_never_reaches_another_process_of_the_number(layout: Layout) -> None:
    running = spawn(layout)
    process.kill([ProcessId(running.pid, running.started - 1, running.boot)])
    assert process.alive(running)


def test_a_pid_file_of_a_dead_process_names_nobody(layout: Layout) -> None:
    running = spawn(layout)
    process.write_pid(layout.pids / "one", running)
    assert process.read_pid(layout.pids / "one") == running
    process.kill([running])
    assert process.read_pid(layout.pids / "one") is None


@pytest.mark.parametrize("content", ["", "12", "{}", '{"pid": 1}'])
def test_a_damaged_pid_file_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "pid").write_text(content)
    assert process.read_pid(tmp_path / "pid") is None


def test_a_file_is_replaced_whole_and_private(tmp_path: Path) -> None:
    process.write_atomic(tmp_path / "a" / "f", "one")
    process.write_atomic(tmp_path / "a" / "f", "two")
    assert (tmp_path / "a" / "f").read_text() == "two"
    assert (tmp_path / "a" / "f").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["f"]


def test_a_failing_command_says_what_it_said() -> None:
    with pytest.raises(ClusterError, match="no such luck"):
        process.run([sys.executable, "-c", "raise SystemExit('no such luck')"])
    with pytest.raises(ClusterError, match="is not installed"):
        process.run(["no-such-program-anywhere"])
    with pytest.raises(ClusterError, match="no answer within"):
        process.run(SLEEP, timeout=0.1)

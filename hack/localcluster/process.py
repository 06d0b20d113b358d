"""Processes by identity: a number alone is reused, a number with its start time and boot is not."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hack.localcluster.errors import ClusterError

# Every daemon carries these two, so that it is found again even when its pid file was never written.
STATE_MARK = "SYNTHOS_CLUSTER_STATE"
DAEMON_MARK = "SYNTHOS_CLUSTER_DAEMON"

_PROC = Path("/proc")
_START_FIELD = 19  # of /proc/PID/stat, counted after the command's closing parenthesis
_SESSION_FIELD = 3


@dataclass(frozen=True)
class ProcessId:
    """A process that cannot be confused with a later one of the same number.

    Attributes:
        started: start time in clock ticks since boot, field 22 of /proc/PID/stat.
        boot: the kernel's random identifier of this boot.
    """

    pid: int
    started: int
    boot: str


def boot_id() -> str:
    """The identifier that the kernel drew for this boot."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> list[str] | None:
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields  # nobody may ever reap a zombie: it is dead


def identify(pid: int) -> ProcessId | None:
    """The identity of a running process, None when there is none (a zombie does not run)."""
    fields = _stat(pid)
    return None if fields is None else ProcessId(pid, int(fields[_START_FIELD]), boot_id())


def alive(process: ProcessId | None) -> bool:
    """Whether exactly this process still runs."""
    return process is not None and identify(process.pid) == process


def write_pid(path: Path, process: ProcessId) -> None:
    """Write an identity to a pid file, whole or not at all."""
    write_atomic(path, json.dumps(asdict(process)))


def read_pid(path: Path) -> ProcessId | None:
    """The identity in a pid file if that process still runs, else None."""
    try:
        process = ProcessId(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return process if alive(process) else None


def write_atomic(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file's content in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    temporary.replace(path)


def spawn(argv: Sequence[str], *, state: Path, name: str, log: Path, env: Mapping[str, str] | None = None) -> ProcessId:
    """Start a marked daemon in a session of its own, its output appended to `log`.

    Raises:
        ClusterError: the program cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, **(env or {}), STATE_MARK: str(state), DAEMON_MARK: name}
    with log.open("ab") as output:
        try:
            # The handle is dropped on purpose: whether it runs is read from /proc, for children and
            # for daemons taken over from a supervisor that died alike.
            child = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise ClusterError(f"{name}: cannot start {argv[0]}: {error}") from error
    child.returncode = 0  # silences the warning about a running child when the handle goes
    return identify(child.pid) or ProcessId(child.pid, 0, boot_id())


def find_marked(state: Path, *, daemons_only: bool = False) -> dict[ProcessId, str]:
    """Running processes started for the cluster in `state` -> the daemon's name they carry.

    Args:
        daemons_only: leave out what daemons started themselves (only a daemon leads its session).
    """
    wanted = f"{STATE_MARK}={state}".encode()
    found: dict[ProcessId, str] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        fields = _stat(int(entry.name))
        process = identify(int(entry.name))
        if wanted not in variables or process is None or fields is None:
            continue
        if daemons_only and fields[_SESSION_FIELD] != entry.name:
            continue
        marks = [v.decode().partition("=")[2] for v in variables if v.startswith(DAEMON_MARK.encode())]
        found[process] = marks[0] if marks else ""
    return found


def send(process: ProcessId, number: signal.Signals) -> None:
    """Send a signal to exactly this process; nothing happens when it is gone."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        # The handle pins the process; the identity is compared after that, so no reuse in between.
        if alive(process):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
    finally:
        os.close(handle)


def wait_gone(processes: Iterable[ProcessId], seconds: float) -> list[ProcessId]:
    """Wait until the processes ended; return those that still run after `seconds`."""
    deadline = time.monotonic() + seconds
    left = [p for p in processes if alive(p)]
    while left and (remaining := deadline - time.monotonic()) > 0:
        try:
            handle = os.pidfd_open(left[0].pid)
        except ProcessLookupError:
            pass
        else:
            select.select([handle], [], [], min(remaining, 0.5))
            os.close(handle)
        left = [p for p in left if alive(p)]
    return left


def stop(processes: Iterable[ProcessId], seconds: float) -> None:
    """End processes: SIGTERM, and SIGKILL for those still there after `seconds`."""
    processes = list(processes)
    for process in processes:
        send(process, signal.SIGTERM)
    for process in wait_gone(processes, seconds):
        send(process, signal.SIGKILL)
    wait_gone(processes, 10)


def kill(processes: Iterable[ProcessId]) -> None:
    """End processes at once, for when their state is thrown away anyway."""
    processes = list(processes)
    for process in processes:
        send(process, signal.SIGKILL)
    wait_gone(processes, 10)


def run(argv: Sequence[str], *, input_text: str | None = None, timeout: float = 600) -> str:
    """Run a command and return its standard output.

    Raises:
        ClusterError: it is missing, fails, or takes longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(argv, input=input_text, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise ClusterError(f"{argv[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"no answer within {timeout:.0f} s: {' '.join(argv)}") from error
    if done.returncode != 0:
        raise ClusterError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout

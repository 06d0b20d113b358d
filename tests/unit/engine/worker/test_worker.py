"""The worker as a process: exit code, termination message, progress while it works, SIGTERM."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from synthos_api.errors import POD_EXIT_DATA, POD_EXIT_INTERNAL, POD_EXIT_PREEMPTED, POD_EXIT_RESOURCE
from synthos_api.phases import PhaseConfig, PhaseOutcome, decode_outcome
from synthos_api.presets import NANO
from synthos_api.progress import Progress
from synthos_api.v1alpha1 import DatasetRef

from ..data.tables import people, write_csv

ROOT = Path(__file__).resolve().parents[4]
LIMIT = 120


def phase(dataset: str, out: Path | str, **more: Any) -> str:
    config = PhaseConfig(
        phase="Profile",
        run="ns/run",
        dataset=DatasetRef(uri=dataset),
        artifacts_uri=str(out),
        sample_rows=50,
        tiers=NANO,
    )
    return config.model_copy(update=more).model_dump_json()


def environment(folder: Path, config: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SYNTHOS_"))}
    return {
        **kept,
        "SYNTHOS_PHASE": config,
        "SYNTHOS_PROGRESS_PORT": "0",
        "SYNTHOS_TERMINATION_LOG": str(folder / "termination-log"),
        **more,
    }


def finish(folder: Path, config: str, **more: str) -> tuple[int, str, str]:
    """(exit code, termination message, standard error) of a worker that runs to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "synthos_engine.worker"],
        env=environment(folder, config, **more),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert done.stdout == ""
    message = folder / "termination-log"
    return done.returncode, message.read_text() if message.exists() else "", done.stderr


def outcome(message: str) -> PhaseOutcome:
    assert len(message.encode()) <= 4096
    return decode_outcome(message)


def test_a_profile_runs_to_its_end(tmp_path: Path) -> None:
    dataset = write_csv(tmp_path / "c.csv", people(500))
    code, message, log = finish(tmp_path, phase(str(dataset), tmp_path / "out"))
    assert code == 0, log
    told = outcome(message)
    assert told.error is None
    assert told.profile is not None
    assert (told.profile.total_rows, told.profile.sample_rows) == (500, 50)
    assert Path(told.result_uri).is_file()
    lines = [json.loads(line) for line in log.splitlines()]
    assert lines[0]["message"] == "started"
    assert all({"time", "level", "run", "phase", "attempt"} <= set(line) for line in lines)


def test_errors_have_their_codes(tmp_path: Path) -> None:
    code, message, _ = finish(tmp_path, phase(str(tmp_path / "none.csv"), tmp_path / "out"))
    error = outcome(message).error
    assert error is not None
    assert (code, error.code, error.retryable) == (POD_EXIT_DATA, 1001, False)
    assert error.message == f"{tmp_path / 'none.csv'}: does not exist"
    code, message, _ = finish(tmp_path, "{}")
    assert (code, "SYNTHOS_PHASE" in message) == (POD_EXIT_DATA, True)
    aws = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    code, message, _ = finish(tmp_path, phase("s3://bucket/key", "s3://bucket/out"), **aws)
    error = outcome(message).error
    assert error is not None
    assert (code, error.code, error.retryable, error.retry_after_seconds > 0) == (POD_EXIT_RESOURCE, 3002, True, True)


def test_a_surprise_is_an_internal_error_with_its_traceback_in_the_log(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import synthos_engine.pipeline as p\n"
        "def boom(context):\n    raise ZeroDivisionError('a secret value')\n"
        "p.run_phase = boom\n"
    )
    code, message, log = finish(tmp_path, phase("/x", tmp_path / "out"), PYTHONPATH=str(tmp_path))
    error = outcome(message).error
    assert error is not None
    assert (code, error.code) == (POD_EXIT_INTERNAL, 5000)
    assert "secret" not in message
    assert "boom" in log


def test_a_termination_log_that_cannot_be_written_changes_no_exit_code(tmp_path: Path) -> None:
    dataset = write_csv(tmp_path / "c.csv", people(20))
    code, _, log = finish(
        tmp_path, phase(str(dataset), tmp_path / "out"), SYNTHOS_TERMINATION_LOG=str(tmp_path / "none" / "x")
    )
    assert code == 0
    assert "termination message cannot be written" in log


@contextmanager
def started(folder: Path, config: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A worker that is at work, and the address it serves."""
    command = [sys.executable, "-m", "synthos_engine.worker"]
    process = subprocess.Popen(command, env=environment(folder, config, **more), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = json.loads(process.stderr.readline())
        yield process, f"http://127.0.0.1:{line['port']}"
    finally:
        process.kill()
        process.communicate()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
        return content


def big_dataset(path: Path) -> Path:
    """Large enough that the phase is at work while the test looks."""
    row = "1,some text of a row,2.5,true,00001\n"
    path.write_text("id,name,height,member,code\n" + row * 3_000_000)
    return path


def test_progress_is_served_and_sigterm_preempts(tmp_path: Path) -> None:
    dataset = big_dataset(tmp_path / "big.csv")
    with started(tmp_path, phase(str(dataset), tmp_path / "out")) as (process, url):
        assert get(f"{url}/healthz") == b"ok\n"
        deadline = time.monotonic() + LIMIT
        while (progress := Progress.model_validate_json(get(f"{url}/progress"))).percent == 0:
            assert time.monotonic() < deadline, "no progress"
            time.sleep(0.05)
        assert (progress.phase, progress.state) == ("Profile", "training")
        assert re.match("profiling|sampling", progress.step)
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get(f"{url}/../etc/passwd")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == POD_EXIT_PREEMPTED
    assert not (tmp_path / "out" / "profile" / "result.json").exists()


def test_what_does_not_stop_is_ended_after_the_grace(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import time\nimport synthos_engine.pipeline as p\np.run_phase = lambda context: time.sleep(1000)\n"
    )
    more = {"PYTHONPATH": str(tmp_path), "SYNTHOS_GRACE_SECONDS": "0.2"}
    with started(tmp_path, phase("/x", tmp_path / "out"), **more) as (process, url):
        get(f"{url}/healthz")
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == POD_EXIT_PREEMPTED


def shown_read_only(folder: Path) -> str:
    """Shell words that bring a checkout below /tmp back, which the new /tmp would hide."""
    if Path("/tmp") not in folder.parents:
        return ""
    return f"mkdir -p /mnt{folder} && mount --bind {folder} /mnt{folder} && mount -o remount,ro,bind /mnt{folder} && "


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a mount namespace")
def test_only_the_temporary_directory_need_be_writable(tmp_path: Path) -> None:
    dataset = write_csv(tmp_path / "c.csv", people(100))
    script = (
        "mount --bind / /mnt && mount -o remount,ro,bind /mnt && mount -t tmpfs none /mnt/tmp && "
        f"{shown_read_only(ROOT)}mount -t proc none /mnt/proc && cp /dev/stdin /mnt/tmp/c.csv && "
        f"exec chroot /mnt {sys.executable} -m synthos_engine.worker"
    )
    config = phase("/tmp/c.csv", "/tmp/out")
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script],
        env=environment(Path("/tmp"), config),
        stdin=dataset.open("rb"),
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("mounting is not allowed here")
    assert done.returncode == 0, done.stderr

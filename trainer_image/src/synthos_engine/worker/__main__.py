"""Runs the phase that SYNTHOS_PHASE describes and tells its end by exit code and termination message.

The progress server answers before anything heavy is loaded. SIGTERM asks the phase to stop; what
does not stop within the grace period is ended, so that the pod is never killed half way through
a write without having been told. Only the temporary directory need be writable.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from pydantic import ValidationError

from synthos_api.errors import (
    POD_EXIT_PREEMPTED,
    POD_EXIT_SUCCESS,
    ErrorInfo,
    InternalError,
    OutOfMemory,
    UsageError,
    pod_exit_code,
    to_info,
)
from synthos_api.phases import CONFIG_ENV, PhaseConfig, PhaseOutcome, encode_outcome
from synthos_api.progress import PROGRESS_PORT, Progress

from .logs import set_up_logs
from .server import ProgressBoard, serve

PORT_ENV: Final = "SYNTHOS_PROGRESS_PORT"
TERMINATION_ENV: Final = "SYNTHOS_TERMINATION_LOG"
GRACE_ENV: Final = "SYNTHOS_GRACE_SECONDS"
TERMINATION_LOG: Final = "/dev/termination-log"
GRACE_SECONDS: Final = 20.0
"""Below the 30 seconds after which Kubernetes kills by default."""
_CACHES: Final = ("MPLCONFIGDIR", "XDG_CACHE_HOME", "TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "TORCH_HOME")
_log = logging.getLogger("synthos_engine.worker")


def main() -> NoReturn:
    """Run, then end at once: no thread of a library can keep a finished pod alive."""
    set_up_logs()
    try:
        code = _run(threading.Event())
    except BaseException:  # noqa: BLE001 (nothing may escape without an exit code)
        _log.exception("the worker failed")
        code = pod_exit_code(to_info(InternalError("the worker failed")))
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _run(stop: threading.Event) -> int:
    _listen_for_stop(stop)
    _point_caches_to_temporary()
    try:
        config = _config()
    except UsageError as error:
        _log.error("%s", error)
        return _end(to_info(error))
    set_up_logs(
        run=config.run, phase=config.phase, attempt=config.attempt, **({"tier": config.tier} if config.tier else {})
    )
    board = ProgressBoard(Progress(phase=config.phase, tier=config.tier, step="starting"))
    server = serve(board, int(os.environ.get(PORT_ENV, PROGRESS_PORT)))
    _log.info("started", extra={"fields": {"port": server.server_port, "dataset": config.dataset.uri}})
    return _phase(config, board, stop)


def _phase(config: PhaseConfig, board: ProgressBoard, stop: threading.Event) -> int:
    # Late, since it loads PyArrow and for some phases PyTorch: seconds in which /progress answers.
    from synthos_engine.context import PhaseContext, Preempted
    from synthos_engine.data.store import open_store
    from synthos_engine.pipeline import run_phase

    started = time.monotonic()
    try:
        context = PhaseContext(config, open_store(config.artifacts_uri), report=board.report, stop=stop)
        context.check()
        outcome = run_phase(context)
        _write_termination(encode_outcome(outcome))
    except Preempted:
        _log.info("stopped on request; a new attempt continues")
        return POD_EXIT_PREEMPTED
    except Exception as error:  # noqa: BLE001 (this is the edge: whatever it is becomes a code)
        info = _info(error)
        if info.code >= InternalError.code:
            _log.exception("unexpected error")
        else:
            _log.error("%s", info.message, extra={"fields": {"code": info.code, "retryable": info.retryable}})
        board.fail(info)
        return _end(info)
    _log.info("done", extra={"fields": {"seconds": round(time.monotonic() - started, 1), "result": outcome.result_uri}})
    return POD_EXIT_SUCCESS


def _info(error: Exception) -> ErrorInfo:
    # PyTorch's own out-of-memory error, by name so that this module does not load PyTorch.
    if type(error).__name__ == "OutOfMemoryError":
        return to_info(OutOfMemory("the GPU's memory does not suffice"))
    return to_info(error)


def _end(info: ErrorInfo) -> int:
    _write_termination(encode_outcome(PhaseOutcome(error=info)))
    return pod_exit_code(info)


def _config() -> PhaseConfig:
    text = os.environ.get(CONFIG_ENV)
    if not text:
        raise UsageError(f"the environment variable {CONFIG_ENV} is not set")
    try:
        return PhaseConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{CONFIG_ENV} is no phase configuration: {place}: {first['msg']}") from error


def _write_termination(message: str) -> None:
    path = Path(os.environ.get(TERMINATION_ENV, TERMINATION_LOG))
    try:
        path.write_text(message)
    except OSError as error:
        # The exit code still tells the category, and the artifact holds the result.
        _log.warning("the termination message cannot be written: %s", error)


def _listen_for_stop(stop: threading.Event) -> None:
    grace = float(os.environ.get(GRACE_ENV, GRACE_SECONDS))

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if not stop.is_set():
            stop.set()
            timer = threading.Timer(grace, os._exit, (POD_EXIT_PREEMPTED,))
            timer.daemon = True
            timer.start()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def _point_caches_to_temporary() -> None:
    base = Path(tempfile.gettempdir()) / "synthos-cache"
    for name in _CACHES:
        os.environ.setdefault(name, str(base / name.lower()))


if __name__ == "__main__":
    main()

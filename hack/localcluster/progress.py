"""Progress lines with the seconds since the command began, on standard error."""

import sys
import threading
import time


class Progress:
    """Prints one line per step. Safe to call from several threads."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._start = time.monotonic()
        self._quiet = quiet
        self._lock = threading.Lock()

    def say(self, message: str) -> None:
        """Print `message` with the elapsed time in front, unless quiet."""
        if self._quiet:
            return
        with self._lock:
            print(f"{time.monotonic() - self._start:7.1f} s  {message}", file=sys.stderr, flush=True)

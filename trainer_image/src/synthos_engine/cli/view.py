"""Progress of long work on standard error: a bar on a terminal, one line for each step elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from synthos_api.progress import Progress

_LINE_SECONDS: Final = 10.0


class ProgressView:
    """Use as a context manager; `begin` a part of the work, then `report` to it."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bars: Bars | None = None
        self._task: TaskID | None = None
        self._part = ""
        self._line = ""
        self._line_at = 0.0
        self._step, self._step_at, self._first_rows = "", 0.0, 0
        if self._console.is_terminal:
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[step]}", markup=False),
            )
            self._bars = Bars(*columns, console=self._console)

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars:
            self._bars.stop()

    def begin(self, part: str) -> None:
        self._part = part
        if self._bars:
            self._task = self._bars.add_task(part, total=100, step="")
        else:
            self._print(part)

    def rows(self, step: str, done: int, total: int) -> None:
        """Progress in rows of one step: how many a second since it began, and the time that is left."""
        now = time.monotonic()
        if step != self._step:
            # What came before the first rows (a look at the file) is no part of the rate.
            self._step, self._step_at, self._first_rows = step, now, done
        percent = min(100.0, 100 * done / total)
        seconds, fresh = now - self._step_at, done - self._first_rows
        if seconds <= 0 or fresh <= 0:
            self.report(Progress(phase="Profile", step=step, percent=percent))
            return
        rate = fresh / seconds
        left = max(0, total - done) / rate
        self.report(Progress(phase="Profile", step=step, percent=percent, eta_seconds=left), f", {rate:,.0f} rows/s")

    def report(self, progress: Progress, rate: str = "") -> None:
        step = progress.step
        if progress.models_total:
            step += f" ({progress.models_completed} of {progress.models_total} models)"
        if self._bars and self._task is not None:
            loss = "" if progress.loss is None else f" loss {progress.loss:.3f}"
            self._bars.update(self._task, completed=progress.percent, step=step + rate + loss)
        elif step != self._line or time.monotonic() - self._line_at > _LINE_SECONDS:
            self._line, self._line_at = step, time.monotonic()
            loss = "" if progress.loss is None else f", loss {progress.loss:.3f} bits per byte"
            left = f", {progress.eta_seconds:.0f} s left" if rate and progress.eta_seconds is not None else ""
            self._print(f"{self._part}: {progress.percent:5.1f} % {step}{loss}{rate}{left}")

    def end(self) -> None:
        """The part is finished."""
        if self._bars and self._task is not None:
            self._bars.update(self._task, completed=100, step="done")

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

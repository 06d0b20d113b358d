"""What every phase function is handed: configuration, artifact store, progress sink, stop flag."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from synthos_api.phases import PhaseConfig
from synthos_api.progress import Progress


class Preempted(Exception):
    """Stop was asked for (SIGTERM): state is saved, a new attempt continues."""


class Store(Protocol):
    """Artifacts of one run under one base URI; names are relative, with forward slashes.

    Writes are atomic: a reader sees the whole artifact or none. Missing artifacts raise
    DatasetNotFound, an unreachable store StorageUnavailable or StorageTimeout.
    """

    def uri(self, name: str) -> str: ...
    def exists(self, name: str) -> bool: ...
    def read_bytes(self, name: str) -> bytes: ...
    def write_bytes(self, name: str, content: bytes) -> None: ...
    def write_file(self, name: str, path: Path) -> None:
        """Store a local file, for artifacts larger than memory should hold."""
        ...


@dataclass(frozen=True)
class PhaseContext:
    config: PhaseConfig
    store: Store
    report: Callable[[Progress], None] = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raise Preempted when the phase has been asked to stop; call it between steps."""
        if self.stop.is_set():
            raise Preempted

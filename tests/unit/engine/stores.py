"""A store in memory: the Store protocol without a disk, with a switch for failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthos_api.errors import DatasetNotFound


class MemoryStore:
    def __init__(self, on_write: Callable[[str], None] = lambda _name: None) -> None:
        self.content: dict[str, bytes] = {}
        self.on_write = on_write

    def uri(self, name: str) -> str:
        return f"memory://{name}"

    def exists(self, name: str) -> bool:
        return name in self.content

    def read_bytes(self, name: str) -> bytes:
        if name not in self.content:
            raise DatasetNotFound("no such artifact").at(self.uri(name))
        return self.content[name]

    def write_bytes(self, name: str, content: bytes) -> None:
        self.on_write(name)
        self.content[name] = content

    def write_file(self, name: str, path: Path) -> None:
        self.write_bytes(name, path.read_bytes())

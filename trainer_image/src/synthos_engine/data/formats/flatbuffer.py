"""Reads FlatBuffers (Arrow's messages, Feather's table) with every offset checked. Pure.

Arrow verifies what it decodes itself; this is for what it does not tell before it loads a body: how
many rows a batch has, where its buffers lie and how large they become.
"""

from __future__ import annotations

import struct
from typing import Final

_LONGEST_VECTOR: Final = 16 * 1024 * 1024


class Table:
    """A table of a FlatBuffer; fields are named by their index in the schema.

    Every method raises ValueError where an offset leads out of `content`.
    """

    def __init__(self, content: bytes, position: int) -> None:
        self._content = content
        self._position = position
        self._slots = position - self._unpack("<i", position)
        self._count = (self._unpack("<H", self._slots) - 4) // 2

    @classmethod
    def root(cls, content: bytes) -> Table:
        if len(content) < 8:
            raise ValueError("a table is cut short")
        return cls(content, struct.unpack_from("<I", content)[0])

    def integer(self, index: int, form: str, default: int = 0) -> int:
        """`form` is the letter that `struct` has for the field's type."""
        at = self._field(index)
        return default if at is None else self._unpack(f"<{form}", at)

    def text(self, index: int) -> str | None:
        at = self._field(index)
        if at is None:
            return None
        start = at + self._unpack("<I", at)
        size = self._unpack("<I", start)
        if start + 4 + size > len(self._content):
            raise ValueError("a name is cut short")
        return self._content[start + 4 : start + 4 + size].decode()

    def table(self, index: int) -> Table | None:
        at = self._field(index)
        return None if at is None else Table(self._content, at + self._unpack("<I", at))

    def tables(self, index: int) -> list[Table]:
        return [
            Table(self._content, at + self._unpack("<I", at)) for at in self._elements(index, struct.calcsize("<I"))
        ]

    def structs(self, index: int, form: str) -> list[tuple[int, ...]]:
        return [struct.unpack_from(form, self._content, at) for at in self._elements(index, struct.calcsize(form))]

    def _elements(self, index: int, size: int) -> range:
        at = self._field(index)
        if at is None:
            return range(0)
        start = at + self._unpack("<I", at)
        count = self._unpack("<I", start)
        if count > _LONGEST_VECTOR or start + 4 + count * size > len(self._content):
            raise ValueError("a list is cut short")
        return range(start + 4, start + 4 + count * size, size)

    def _field(self, index: int) -> int | None:
        if index >= self._count:
            return None
        offset = self._unpack("<H", self._slots + 4 + 2 * index)
        return self._position + offset if offset else None

    def _unpack(self, form: str, at: int) -> int:
        if not 0 <= at <= len(self._content) - struct.calcsize(form):
            raise ValueError("an offset leads nowhere")
        return int(struct.unpack_from(form, self._content, at)[0])

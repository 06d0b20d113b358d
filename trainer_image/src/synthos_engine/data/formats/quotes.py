"""Whether the quotes of delimited text are where RFC 4180 has them, while its bytes pass by."""

from __future__ import annotations

from typing import Final

import numpy as np

from synthos_api.errors import CorruptData

_QUOTE: Final = ord('"')


class NeedsCloserLook(Exception):
    """Quotes stand where the standard has none: a strict parser has to say what is wrong, if anything is."""


class LineWatch:
    """Raises CorruptData with the byte where a line is longer than `most` bytes: it would be held whole."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._begin = 0
        self._seen = 0

    def __call__(self, block: bytes) -> None:
        ends = [place for place in (block.find(b"\n"), block.find(b"\r")) if place >= 0]
        if self._seen + min(ends, default=len(block)) - self._begin > self._most:
            raise CorruptData(f"a line is longer than {self._most} bytes").at(byte=self._begin)
        if ends:
            self._begin = self._seen + max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        self._seen += len(block)

    def finish(self) -> None:
        pass


class QuoteWatch:
    """Takes blocks of bytes in order, then `finish`.

    An opening quote stands at the beginning of a field, a closing one at its end, and there are as
    many of one as of the other; a doubled quote is a closing one and an opening one. Where that
    holds, every parser reads the same fields; where it does not, NeedsCloserLook is raised.
    """

    def __init__(self, delimiter: str) -> None:
        self._around = np.zeros(256, np.bool_)
        self._around[[_QUOTE, ord(delimiter), ord("\n"), ord("\r")]] = True
        self._inside = False
        self._last = ord("\n")

    def __call__(self, block: bytes) -> None:
        if not block:
            return
        data = np.frombuffer(block, np.uint8)
        closed_at_the_end = self._last == _QUOTE and not self._inside
        fine = not closed_at_the_end or bool(self._around[data[0]])
        if b'"' in block:
            fine = fine and self._quotes(data)
        if not fine:
            raise NeedsCloserLook
        self._last = int(data[-1])

    def _quotes(self, data: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> bool:
        places = np.flatnonzero(data == _QUOTE)
        first = int(self._inside)
        opening, closing = places[first::2], places[1 - first :: 2]
        self._inside = bool((len(places) + first) % 2)
        if len(opening) and opening[0] == 0:
            if not self._around[self._last]:
                return False
            opening = opening[1:]
        if len(closing) and closing[-1] == len(data) - 1:
            closing = closing[:-1]
        return bool(self._around[data[opening - 1]].all() and self._around[data[closing + 1]].all())

    def finish(self) -> None:
        if self._inside:
            raise NeedsCloserLook

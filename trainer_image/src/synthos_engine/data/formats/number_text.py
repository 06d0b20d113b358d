"""Whether texts are the plain writing of numbers: vectorised, exact, and sure of most of them. Pure."""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_MOST_DIGITS: Final = 17
_MOST_INTEGER_DIGITS: Final = 15
_DOT: Final = ord(".")
_MINUS: Final = ord("-")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_LARGEST: Final = 10**18
_EXACT: Final = 10**15
_GLANCE: Final = 16


def integers(values: pa.Array[Any]) -> pa.Array[Any] | None:
    """The texts as int64, where each is what that integer prints (up to 18 digits); else None."""
    if len(values) > _GLANCE and integers(values.slice(0, _GLANCE)) is None:
        # Arrow reads on to the end before it says that a text is no number.
        return None
    try:
        numbers = pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        return None
    if _largest(numbers) >= _LARGEST or not _are_plain(values.drop_null()):
        return None
    return numbers


def _are_plain(values: pa.Array[Any]) -> bool:
    """Whether texts that Arrow takes for integers are what those print: no `+`, `007`, `-0` or blank."""
    if not len(values):
        return True
    text = _Bytes(values)
    zero = text.head == _ZERO
    alone = text.stops - text.starts == 1
    digit = (text.head >= _ZERO) & (text.head <= _NINE)
    ended = (text.last >= _ZERO) & (text.last <= _NINE)
    return bool((digit & ended & (~zero | alone)).all())


class _Bytes:
    """The bytes of strings, none missing, none empty: shape (strings,) but for `content`."""

    def __init__(self, values: pa.Array[Any]) -> None:
        buffers: Any = values.buffers()
        _, offsets_buffer, content_buffer = buffers
        ends = np.frombuffer(offsets_buffer, np.int32)[values.offset : values.offset + len(values) + 1]
        first = int(ends[0])
        self.content = np.frombuffer(content_buffer, np.uint8)[first : int(ends[-1])]
        self.starts = ends[:-1] - first
        self.stops = ends[1:] - first
        self.begin = self.starts + (self.content[self.starts] == _MINUS)
        """Behind a minus sign."""
        self.head = self.content[np.minimum(self.begin, self.stops - 1)]
        self.last = self.content[self.stops - 1]


def are_exact(numbers: pa.Array[Any]) -> bool:
    """Whether a double holds each of the integers, with room to spare."""
    return _largest(numbers) < _EXACT


def _largest(numbers: pa.Array[Any]) -> int:
    bounds: Any = pc.min_max(numbers).as_py()
    return max(abs(int(bounds["min"] or 0)), abs(int(bounds["max"] or 0)))


def doubles(values: pa.Array[Any]) -> tuple[pa.Array[Any], pa.Array[Any]] | None:
    """(the texts as doubles, those texts that only a closer look can tell to be doubles).

    None where one is no number at all. `values` are strings, none empty. Sure is a decimal of plain
    form whose digits a double holds and that is no denormal number.
    """
    if len(values) > _GLANCE and doubles(values.slice(0, _GLANCE)) is None:
        return None
    try:
        numbers = pc.cast(values, pa.float64())
    except pa.ArrowInvalid:
        return None
    return numbers, _unsure(values.drop_null(), numbers.drop_null().to_numpy(zero_copy_only=False))


def _unsure(values: pa.Array[Any], numbers: NDArray[np.float64]) -> pa.Array[Any]:
    if not len(values):
        return values
    text = _Bytes(values)
    digit = (text.content - np.uint8(_ZERO)) < 10
    second = np.minimum(text.begin + 1, text.stops - 1)
    headed = digit[np.minimum(text.begin, text.stops - 1)] | (text.head == _DOT)
    padded = (text.head == _ZERO) & (text.begin + 1 < text.stops) & digit[second]
    ended = digit[text.stops - 1] | (text.last == _DOT)
    digits = np.add.reduceat(digit, text.starts, dtype=np.int32)
    # "0.1…": the first digit does not count.
    many = digits - (text.head == _ZERO) > _MOST_DIGITS
    whole = (digits == text.stops - text.begin) & (digits > _MOST_INTEGER_DIGITS)
    size = np.abs(numbers)
    odd = ~(headed & ended) | padded | many | whole | ~(size < np.inf) | _tiny(values, size)
    return values.filter(pa.array(odd))


def _tiny(values: pa.Array[Any], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Denormal numbers, and zeros with an exponent, which may have been something else."""
    below = size < sys.float_info.min
    if not below.any():
        return below
    written: Any = pc.match_substring(values.filter(pa.array(below)), "e", ignore_case=True)
    below[below] = written.to_numpy(zero_copy_only=False) | (size[below] > 0)
    return below

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
    if not pc.all(pc.equal(pc.cast(numbers, values.type), values), min_count=0).as_py():
        return None
    return numbers if _largest(numbers) < _LARGEST else None


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
    buffers: Any = values.buffers()
    _, offsets_buffer, content_buffer = buffers
    ends = np.frombuffer(offsets_buffer, np.int32)[values.offset : values.offset + len(values) + 1]
    first_byte, last_byte = int(ends[0]), int(ends[-1])
    content = np.frombuffer(content_buffer, np.uint8)[first_byte:last_byte]
    starts = ends[:-1] - first_byte
    stops = ends[1:] - first_byte
    digit = (content - np.uint8(_ZERO)) < 10
    begin = starts + (content[starts] == _MINUS)
    head = content[np.minimum(begin, stops - 1)]
    second = np.minimum(begin + 1, stops - 1)
    headed = digit[np.minimum(begin, stops - 1)] | (head == _DOT)
    padded = (head == _ZERO) & (begin + 1 < stops) & digit[second]
    ended = digit[stops - 1] | (content[stops - 1] == _DOT)
    digits = np.add.reduceat(digit, starts, dtype=np.int32)
    # "0.1…": the first digit does not count.
    many = digits - (head == _ZERO) > _MOST_DIGITS
    whole = (digits == stops - begin) & (digits > _MOST_INTEGER_DIGITS)
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

"""The narrowest type that holds every text of a column without loss, and the conversion to it.

Pure: texts in, a type or values out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

_BOOL: Final = r"^(true|True|TRUE|false|False|FALSE)$"
_TRUE: Final = r"^[tT]"
_INT: Final = r"^(0|-?[1-9][0-9]{0,17})$"
_EXACT_INT: Final = r"^(0|-?[1-9][0-9]{0,14})$"
"""An integer that a double holds exactly (below 2⁵³)."""
_FLOAT: Final = (
    r"^(-?(0|[1-9][0-9]{0,14})|-?(0|[1-9][0-9]*)?\.[0-9]+|-?(0|[1-9][0-9]*)\.|"
    r"-?(0|[1-9][0-9]*)?\.[0-9]+[eE][-+]?[0-9]+|-?(0|[1-9][0-9]*)\.?[eE][-+]?[0-9]+|-?inf|nan|NaN)$"
)
_NO_DIGITS: Final = r"[eE].*$|[^0-9]"
_LAST_ZEROS: Final = r"(\.[0-9]*?)0+([eE].*)?$"
_LEADING_ZEROS: Final = r"^0+"
_MOST_DIGITS: Final = 17
"""Significant digits that a double printed in full has; with more, the text says more than a double holds."""
_EMPTY: Final = pa.scalar("", pa.string())
_NOT_FINITE: Final = r"^(-?inf|nan|NaN)$"


class TypeGuess:
    """Narrows from what was seen so far; `add` may be called any number of times."""

    def __init__(self) -> None:
        self._boolean = True
        self._integer = True
        self._exact = True
        self._float = True
        self._values = False
        self._numbers = False

    @property
    def type(self) -> pa.DataType:
        if not self._values:
            return pa.null()
        if self._boolean:
            return pa.bool_()
        if self._integer:
            return pa.int64()
        return pa.float64() if self._float and self._numbers else pa.string()

    def add(self, texts: Sequence[str]) -> None:
        """See some more values; the empty text is a missing one."""
        if self._values and not (self._boolean or self._integer or self._float):
            return
        values = pa.array(texts, pa.string())
        values = values.filter(pc.not_equal(values, _EMPTY))
        if not len(values):
            return
        self._values = True
        self._boolean = self._boolean and _all(values, _BOOL)
        self._integer = self._integer and _all(values, _INT)
        self._exact = self._exact and (not self._integer or _all(values, _EXACT_INT))
        self._float = self._float and self._exact and _all(values, _FLOAT) and self._held(values)

    def _held(self, values: pa.Array[Any]) -> bool:
        """Whether a double holds every literal; notes whether there is a number at all."""
        words = pc.match_substring_regex(values, _NOT_FINITE)
        numbers = values.filter(pc.invert(words))
        self._numbers = self._numbers or len(numbers) > 0
        digits: Any = pc.replace_substring_regex(numbers, _LAST_ZEROS, r"\1\2")
        digits = pc.replace_substring_regex(digits, _NO_DIGITS, "")
        digits = pc.replace_substring_regex(digits, _LEADING_ZEROS, "")
        if (pc.max(pc.utf8_length(digits)).as_py() or 0) > _MOST_DIGITS:
            return False
        doubles: Any = pc.cast(numbers, pa.float64())
        # Below the smallest normal number digits are lost, down to nothing.
        tiny = pc.and_(pc.less(pc.abs(doubles), pa.scalar(sys.float_info.min)), pc.not_equal(digits, _EMPTY))
        held = pc.and_(pc.is_finite(doubles), pc.invert(tiny))
        return pc.all(held, min_count=0).as_py() is True


def convert(texts: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Texts as values of a type that `TypeGuess` found for them."""
    if pa.types.is_string(kind):
        return texts
    if pa.types.is_null(kind):
        return pa.nulls(len(texts))
    texts = pc.if_else(pc.equal(texts, _EMPTY), pa.scalar(None, pa.string()), texts)
    if pa.types.is_boolean(kind):
        return pc.match_substring_regex(texts, _TRUE)
    return pc.cast(texts, kind)


def _all(values: pa.Array[Any], pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(values, pattern)).as_py() is True

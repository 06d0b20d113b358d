"""The narrowest type that holds every text of a column without loss, and the conversion to it.

Pure: texts in, a type or values out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from .number_text import are_exact, doubles, integers

_BOOL: Final = r"^(true|True|TRUE|false|False|FALSE)$"
_TRUE: Final = r"^[tT]"
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
    """Narrows from what was seen so far; `add` may be called any number of times.

    `at_least`: a type that the column has to have anyway (int64, double, string or bool), because
    values elsewhere need it; a wider one is found where these values need that.
    """

    def __init__(self, at_least: pa.DataType | None = None) -> None:
        self._floor = pa.null() if at_least is None else at_least
        number = pa.types.is_null(self._floor) or pa.types.is_integer(self._floor)
        self._boolean = pa.types.is_null(self._floor) or pa.types.is_boolean(self._floor)
        self._integer = number
        self._exact = True
        self._float = number or pa.types.is_floating(self._floor)
        self._values = False
        self._numbers = pa.types.is_floating(self._floor)
        self._converted: pa.Array[Any] | None = None

    @property
    def type(self) -> pa.DataType:
        if not self._values:
            return self._floor
        if self._boolean:
            return pa.bool_()
        if self._integer:
            return pa.int64()
        return pa.float64() if self._float and self._numbers else pa.string()

    def add(self, texts: Sequence[str] | pa.Array[Any]) -> None:
        """See some more values; the empty text is a missing one."""
        self._converted = None
        if self._values and not (self._boolean or self._integer or self._float):
            return
        values = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
        values = _empty_as_missing(values)
        if values.null_count == len(values):
            return
        self._values = True
        if self._boolean:
            there = values.drop_null()
            self._boolean = _all(there.slice(0, 1), _BOOL) and _all(there, _BOOL)
        if self._integer or self._float:
            self._see_numbers(values)

    def read(self, texts: pa.Array[Any]) -> pa.Array[Any]:
        """`add`, and the values in the type that there is then."""
        self.add(texts)
        if self._converted is not None and self._converted.type == self.type:
            return self._converted
        return convert(texts, self.type)

    def _see_numbers(self, values: pa.Array[Any]) -> None:
        whole = integers(values) if self._integer else None
        self._integer = whole is not None
        if whole is not None:
            self._converted = whole
            self._exact = self._exact and are_exact(whole)
            self._float = self._float and self._exact
            self._numbers = True
            return
        self._float = self._float and self._exact and self._are_doubles(values)

    def _are_doubles(self, values: pa.Array[Any]) -> bool:
        found = doubles(values)
        if found is None:
            return False
        self._converted, unsure = found
        self._numbers = self._numbers or len(unsure) < len(values) - values.null_count
        return not len(unsure) or (_all(unsure, _FLOAT) and self._held(unsure))

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
        found: Any = pc.cast(numbers, pa.float64())
        # Below the smallest normal number digits are lost, down to nothing.
        tiny = pc.and_(pc.less(pc.abs(found), pa.scalar(sys.float_info.min)), pc.not_equal(digits, _EMPTY))
        held = pc.and_(pc.is_finite(found), pc.invert(tiny))
        return pc.all(held, min_count=0).as_py() is True


def convert(texts: pa.Array[Any], kind: pa.DataType) -> pa.Array[Any]:
    """Texts as values of a type that `TypeGuess` found for them."""
    if pa.types.is_string(kind):
        return texts
    if pa.types.is_null(kind):
        return pa.nulls(len(texts))
    texts = _empty_as_missing(texts)
    if pa.types.is_boolean(kind):
        return pc.match_substring_regex(texts, _TRUE)
    return pc.cast(texts, kind)


def has_empty(texts: pa.Array[Any]) -> bool:
    """Whether there is an empty text (a missing one is none)."""
    column: Any = texts
    return bool(pc.min(pc.binary_length(column)).as_py() == 0)


def _empty_as_missing(texts: pa.Array[Any]) -> pa.Array[Any]:
    return pc.if_else(pc.equal(texts, _EMPTY), pa.scalar(None, pa.string()), texts) if has_empty(texts) else texts


def _all(values: pa.Array[Any], pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(values, pattern)).as_py() is True

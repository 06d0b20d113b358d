""".xls (BIFF in an OLE document), read with xlrd, which tells error cells from empty ones."""

from __future__ import annotations

import datetime as dt
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd

from .protocol import Refused

_NAMES = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book", "WORKBOOK", "BOOK"))
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class OldBook:
    """`sheets` are (name, visible) in order."""

    def __init__(self, path: str) -> None:
        _check_document(path)
        self._log = Path(os.devnull).open("w")  # noqa: SIM115 (as long as the process)
        try:
            self._book: Any = xlrd.open_workbook(path, logfile=self._log, on_demand=True, ragged_rows=True)
        except xlrd.XLRDError as error:
            if "encrypted" in str(error).lower():
                raise Refused("DatasetForbidden", "is protected with a password; save it without one") from error
            raise Refused("CorruptData", f"is no workbook that can be read ({error})") from error
        visible = self._book._sheet_visibility  # noqa: SLF001 (known without loading a sheet)
        self.sheets = [(name, visible[i] == 0) for i, name in enumerate(self._book.sheet_names())]

    def rows(self, name: str) -> Iterator[list[Any]]:
        """From the first row with a value on; cells of a row from the leftmost used column on."""
        sheet = self._book.sheet_by_name(name)
        used = [i for i in range(sheet.nrows) if any(t not in _EMPTY for t in sheet.row_types(i))]
        if not used:
            return
        left = min(next(c for c, t in enumerate(sheet.row_types(i)) if t not in _EMPTY) for i in used)
        width = max(len(sheet.row_types(i)) for i in used)
        for row in range(used[0], used[-1] + 1):
            cells = [self._value(sheet, row, c, used[0]) for c in range(left, sheet.row_len(row))]
            yield cells + [None] * (width - left - len(cells))

    def _value(self, sheet: Any, row: int, column: int, header: int) -> Any:
        kind, value = sheet.cell_type(row, column), sheet.cell_value(row, column)
        if kind in _EMPTY or value == "":
            return None
        if kind == xlrd.XL_CELL_ERROR:
            words = xlrd.error_text_from_code.get(value, "an error")
            place = f"{xlrd.colname(column)}{row + 1}"
            number = row - header - 1 if row > header else None
            raise Refused("CorruptData", f"cell {place} holds the error {words}", number)
        if kind == xlrd.XL_CELL_BOOLEAN:
            return bool(value)
        if kind != xlrd.XL_CELL_DATE:
            return value
        if 0 <= value < 1:
            return (dt.datetime(1900, 1, 1) + _days(value)).time()  # noqa: DTZ001 (a time of day)
        moment = xlrd.xldate_as_datetime(value, self._book.datemode)
        return moment.date() if value == int(value) else moment


_EMPTY = (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)


def _days(value: float) -> dt.timedelta:
    return dt.timedelta(milliseconds=round(value * 86_400_000))


def _check_document(path: str) -> None:
    with Path(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if any(content.find(name) >= 0 for name in _NAMES):
            return
        if content.find(_ENCRYPTED) >= 0:
            raise Refused("DatasetForbidden", "is protected with a password; save it without one")
    raise Refused("UnknownFormat", "is an OLE document without an Excel workbook, or a truncated one")

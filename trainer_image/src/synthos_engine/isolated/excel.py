"""Excel: the first visible sheet, or the one that is named; its first used row is the header.

.xlsx and .xlsb are read with calamine, .xls with xlrd. Empty rows at the end are none; one in the
middle is a row of missing values. Formulas give the values that the file keeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from .excel_container import MAX_BYTES, check_archive, check_sheet
from .excel_values import Column, as_array, as_text
from .protocol import Refused, listed, time_limit, write_header

_ROWS_AT_ONCE: Final = 4096
Rows = Callable[[], Iterator[list[Any]]]


def write_rows(path: str, out: Any, name: str | None, seconds: int) -> None:
    """The header and all rows. Raises Refused, or anything that the libraries raise."""
    size = Path(path).stat().st_size
    if size > MAX_BYTES:
        raise Refused("DatasetTooLarge", f"{size} bytes; at most {MAX_BYTES} are read of an Excel file")
    with time_limit(seconds):
        rows, notes = _open(path, name)
        names, columns, total = _look(rows())
    notes += [
        f"column {label!r} mixes {column.mixture} and is read as text"
        for label, column in zip(names, columns, strict=True)
        if column.mixture
    ]
    write_header(out, total, notes)
    schema = pa.schema([(label, column.type) for label, column in zip(names, columns, strict=True)])
    with pa.ipc.new_stream(out, schema) as writer:
        content = itertools.islice(rows(), 1, total + 1)
        while batch := list(itertools.islice(content, _ROWS_AT_ONCE)):
            arrays = [as_array(list(v), f.type) for v, f in zip(zip(*batch, strict=True), schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))


def _look(rows: Iterator[list[Any]]) -> tuple[list[str], list[Column], int]:
    header = next(rows, None)
    if header is None:
        raise Refused("EmptyDataset", "the sheet is empty")
    columns = [Column() for _ in header]
    total = 0
    for number, row in enumerate(rows, start=1):
        for column, value in zip(columns, row, strict=True):
            if value is not None:
                column.add(value)
                total = number
    if not total:
        raise Refused("EmptyDataset", "there is a header and no row")
    return ["" if value is None else as_text(value) for value in header], columns, total


def _open(path: str, name: str | None) -> tuple[Rows, list[str]]:
    if Path(path).open("rb").read(2) == b"PK":  # noqa: SIM115
        check_archive(path)
        return _new(path, name)
    from .excel_old import OldBook

    book = OldBook(path)
    chosen, notes = _choose(book.sheets, name)
    return lambda: book.rows(chosen), notes


def _new(path: str, name: str | None) -> tuple[Rows, list[str]]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(path)
    except calamine.PasswordError as error:
        raise Refused("DatasetForbidden", "is protected with a password; save it without one") from error
    sheets = [
        (sheet.name, sheet.visible == calamine.SheetVisibleEnum.Visible)
        for sheet in book.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    chosen, notes = _choose(sheets, name)
    check_sheet(path, chosen)
    sheet = book.get_sheet_by_name(chosen)

    def rows() -> Iterator[list[Any]]:
        for row in sheet.iter_rows():
            yield [None if value == "" else float(value) if type(value) is int else value for value in row]

    return (rows if sheet.height else lambda: iter(())), notes


def _choose(sheets: list[tuple[str, bool]], name: str | None) -> tuple[str, list[str]]:
    names = [label for label, _ in sheets]
    if not names:
        raise Refused("EmptyDataset", "the workbook has no sheet of cells")
    if name is not None:
        if name not in names:
            raise Refused("UnknownFormat", f"there is no sheet {name!r}; there is {listed(names)}")
        return name, []
    chosen = next((label for label, visible in sheets if visible), names[0])
    others = [label for label in names if label != chosen]
    return chosen, [f"sheet {chosen!r} was read, others were not: {listed(others)}"] if others else []

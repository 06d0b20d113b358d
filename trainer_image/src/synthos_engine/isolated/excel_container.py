"""What an .xlsx file holds, looked at before a parser does: sizes, passwords, errors in cells.

The parser (calamine) gives error cells and formulas that were never calculated as empty ones, and
takes memory for every cell between the outermost ones; so the sheet's XML is searched for them first.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import Final
from xml.etree import ElementTree as ET

from .protocol import Refused

MAX_BYTES: Final = 1024**3
"""Of the file, and of all that it holds decompressed."""
MAX_MEMBERS: Final = 10_000
MAX_RATIO: Final = 500
MAX_CELLS: Final = 50_000_000
"""In the rectangle that holds all values of the sheet."""
_ALWAYS_BYTES: Final = 64 * 1024 * 1024
_BLOCK: Final = 4 * 1024 * 1024
_MAX_CELL_BYTES: Final = 64 * 1024 * 1024
_CELL: Final = re.compile(rb"<(?:\w+:)?c(?=[\s>/])([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_OPENED: Final = re.compile(rb"<(?:\w+:)?c[\s>/]")
_PLACE: Final = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")
_KIND: Final = re.compile(rb"""\bt=["'](\w+)["']""")
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s>/]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>([^<]*)<")
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION: Final = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def check_archive(path: str) -> None:
    """Raises Refused for a zip bomb, an archive with a password, or one that is no workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Refused("CorruptData", f"truncated or damaged: the archive cannot be read ({error})") from error
    if len(members) > MAX_MEMBERS:
        raise Refused("DatasetTooLarge", f"{len(members)} members in the archive; at most {MAX_MEMBERS} are read")
    held, stored = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if held > MAX_BYTES:
        raise Refused("DatasetTooLarge", f"{held} bytes when decompressed; at most {MAX_BYTES} are read")
    if held > _ALWAYS_BYTES and held > MAX_RATIO * stored:
        raise Refused("DatasetTooLarge", f"{stored} bytes claim to become {held}; at most {MAX_RATIO} times are read")
    if any(member.flag_bits & 1 for member in members):
        raise Refused("DatasetForbidden", "is protected with a password; save it without one")
    names = {member.filename for member in members}
    if not names & {"xl/workbook.xml", "xl/workbook.bin"}:
        raise Refused("UnknownFormat", "is a zip archive without an Excel workbook")


def check_sheet(path: str, sheet: str) -> None:
    """Raises Refused for an error cell, a formula without its value, or values too far apart."""
    with zipfile.ZipFile(path) as archive:
        member = _member_of(archive, sheet)
        if member is None or not member.endswith(".xml") or member not in archive.namelist():
            return
        area = _Area()
        rest = b""
        with archive.open(member) as file:
            while block := file.read(_BLOCK):
                rest += block
                end = rest.rfind(b"</")
                rest, ready = rest[end:] if end > 0 else rest, rest[:end] if end > 0 else b""
                rest = area.look(ready) + rest
                if len(rest) > _MAX_CELL_BYTES:
                    raise Refused("DatasetTooLarge", f"a cell of more than {_MAX_CELL_BYTES} bytes")
        area.look(rest)
        area.judge()


class _Area:
    """The rectangle of cells with a value, and the first cell that has none to give."""

    def __init__(self) -> None:
        self._rows = [2**31, 0]
        self._columns = [2**31, 0]
        self._problem: tuple[int, str] | None = None

    def look(self, text: bytes) -> bytes:
        """Takes whole cells from `text`; returns the one that is not complete yet."""
        end = 0
        for match in _CELL.finditer(text):
            end = match.end()
            if match[2]:
                self._add(match[1], match[2])
        cut = _OPENED.search(text, end)
        return text[cut.start() :] if cut else b""

    def _add(self, attributes: bytes, content: bytes) -> None:
        place = _PLACE.search(attributes)
        row, column = (int(place[2]), _column(place[1])) if place else (0, 0)
        if place:
            self._rows = [min(self._rows[0], row), max(self._rows[1], row)]
            self._columns = [min(self._columns[0], column), max(self._columns[1], column)]
        if self._problem is not None:
            return
        found = _KIND.search(attributes)
        kind = found[1] if found else b"n"
        value = _VALUE.search(content)
        name = (place[1] + place[2]).decode() if place else "a cell"
        if kind == b"e":
            words = value[1].decode(errors="replace")[:20] if value else "an error"
            self._problem = row, f"cell {name} holds the error {words}"
        elif kind != b"str" and _FORMULA.search(content) and not (value and value[1].strip()):
            words = "holds a formula that was never calculated; open and save it in a spreadsheet program"
            self._problem = row, f"cell {name} {words}"

    def judge(self) -> None:
        if self._problem is not None:
            row, words = self._problem
            number = row - self._rows[0] - 1 if row > self._rows[0] else None
            raise Refused("CorruptData", words, number)
        if self._rows[1]:
            cells = (self._rows[1] - self._rows[0] + 1) * (self._columns[1] - self._columns[0] + 1)
            if cells > MAX_CELLS:
                words = f"its values lie in a rectangle of {cells} cells; at most {MAX_CELLS} are read"
                raise Refused("DatasetTooLarge", words)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _member_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Name of the sheet's XML in the archive, None in a binary workbook."""
    if "xl/workbook.xml" not in archive.namelist():
        return None
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (expat limits expansion; a process of its own)
    relation = next(
        (
            e.get(_RELATION) or e.get(_STRICT_RELATION)
            for e in book.iter()
            if _is(e, "sheet") and e.get("name") == sheet
        ),
        None,
    )
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next((e.get("Target") for e in links.iter() if _is(e, "Relationship") and e.get("Id") == relation), None)
    if target is None:
        return None
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _is(element: ET.Element, name: str) -> bool:
    return element.tag.rpartition("}")[2] == name

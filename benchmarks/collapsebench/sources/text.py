"""The text sources: documentation and books that come in Debian's packages, and docstrings of Python's.

A row is a paragraph, a document is what it stood in. Each source is listed with the package it comes
from, so that test sets can stay disjoint; no two sources share a package.
"""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from hack.demo_data import real_rows

from ..registration import registration
from . import packages
from .markup import MARKUPS


@dataclass(frozen=True)
class TextSource:
    """`files`: pattern of the files' paths in the package; `without`: of those to leave out."""

    name: str
    package: str
    files: str
    markup: str
    without: str = ""
    language: str = "en"


SOURCES: Final = (
    TextSource("python-doc", "python3.11-doc", "*/_sources/*.rst.txt", "rst", "*/_sources/whatsnew/changelog*"),
    TextSource("git-doc", "git-doc", "*.txt", "rst", "*/RelNotes/*"),
    TextSource("perl-doc", "perl-doc", "*.pod", "pod"),
    TextSource("fortunes", "fortunes", "*/games/fortunes/*", "fortune", "*.*"),
    TextSource("manpages-de", "manpages-de", "*/man/de/*.gz", "roff", language="de"),
    TextSource("anarchism", "anarchism", "*/html/*.html", "html"),
    TextSource("postgresql-doc", "postgresql-doc-15", "*.html", "html", "*/release-*"),
    TextSource("linux-doc", "linux-doc-6.1", "*/Documentation/*.rst.gz", "rst", "*/translations/*"),
    TextSource("apache2-doc", "apache2-doc", "*/manual/en/*.html", "html"),
    TextSource("sqlite3-doc", "sqlite3-doc", "*.html", "html", "*/releaselog/*"),
    TextSource("manpages-pl", "manpages-pl", "*/man/pl/*.gz", "roff", language="pl"),
    TextSource("gcide", "dict-gcide", "*/gcide.dict.dz", "dictionary"),
    TextSource("foldoc", "dict-foldoc", "*/foldoc.dict.dz", "dictionary"),
)
DOCSTRINGS: Final = "docstrings"
NAMES: Final = (*(source.name for source in SOURCES), DOCSTRINGS)
_ENTRIES_OF_A_DOCUMENT: Final = 20


@dataclass(frozen=True)
class Text:
    """Rows with the number of the document each stands in; every row occurs once."""

    rows: tuple[str, ...]
    documents: tuple[int, ...]


def load(name: str) -> Text:
    """The source's rows in the order of files and paragraphs.

    Raises SourceUnavailable where its package cannot be had.
    """
    if name == DOCSTRINGS:
        rows = real_rows()
        return Text(tuple(rows), tuple(i // _ENTRIES_OF_A_DOCUMENT for i in range(len(rows))))
    return read(next(source for source in SOURCES if source.name == name))


def read(source: TextSource) -> Text:
    """The prose paragraphs of a package's files. Raises SourceUnavailable where it cannot be had."""
    shortest, longest = registration()["text"]["row_bytes"]
    rows_of: dict[str, int] = {}
    for number, path in enumerate(_files(source)):
        for place, paragraph in enumerate(MARKUPS[source.markup](_read(path))):
            row = " ".join(paragraph.split())
            if shortest <= len(row.encode()) <= longest and _is_prose(row):
                # A dictionary is one file; some entries together are its documents.
                document = number if source.markup != "dictionary" else place // _ENTRIES_OF_A_DOCUMENT
                rows_of.setdefault(row, document)
    return Text(tuple(rows_of), tuple(rows_of.values()))


def _files(source: TextSource) -> list[Path]:
    folder = packages.unpacked(source.package)
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() and fnmatch(str(path), source.files)]
    return [path for path in found if not source.without or not fnmatch(str(path.relative_to(folder)), source.without)]


def _read(path: Path) -> str:
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except zlib.error:  # dictzip's extra field is gzip's too; a damaged file is not silently half read
            raise ValueError(f"{path} cannot be decompressed") from None
    return content.decode("utf-8", errors="replace")


def _is_prose(row: str) -> bool:
    letters = sum(character.isalpha() or character in " ,.;:'()-" for character in row)
    return letters > 0.92 * len(row) and "\ufffd" not in row

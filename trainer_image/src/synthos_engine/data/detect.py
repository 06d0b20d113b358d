"""Which format a dataset is in: its content decides, its name only hints where content leaves it open."""

from __future__ import annotations

import codecs
import csv
import json
import re
from dataclasses import dataclass
from typing import Final, get_args

from synthos_api.errors import CorruptData, EmptyDataset, UnknownFormat
from synthos_api.v1alpha1 import DataFormat

from .source import Source

HEAD_BYTES: Final = 64 * 1024
_SNIFFED_LINES: Final = 50
READ_NOW: Final = get_args(DataFormat)
DELIMITERS: Final = (",", ";", "\t", "|")
_MAGIC: Final[tuple[tuple[bytes, DataFormat], ...]] = (
    (b"PAR1", "PARQUET"),
    (b"ARROW1", "ARROW"),
    (b"FEA1", "FEATHER"),
    (b"\x89HDF\r\n\x1a\n", "HDF5"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "EXCEL"),
)
_FOREIGN: Final = (
    (b"PARE", "an encrypted Parquet file"),
    (b"\xfd7zXZ\x00", "compressed with xz; decompress it first"),
    (b"Obj\x01", "Avro"),
    (b"ORC", "ORC"),
    (b"%PDF", "PDF"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_BY_SUFFIX: Final[dict[str, DataFormat]] = {
    ".csv": "CSV",
    ".tsv": "TSV",
    ".tab": "TSV",
    ".json": "JSON",
    ".jsonl": "JSONL",
    ".ndjson": "JSONL",
    ".parquet": "PARQUET",
    ".pq": "PARQUET",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".hdf": "HDF5",
    ".arrow": "ARROW",
    ".arrows": "ARROW",
    ".ipc": "ARROW",
    ".feather": "FEATHER",
    ".xlsx": "EXCEL",
    ".xls": "EXCEL",
    ".xlsm": "EXCEL",
    ".xlsb": "EXCEL",
}
_ARROW_STREAM: Final = re.compile(rb"(\xff{4})?..[\x00-\x0f]\x00[\x04-\x40]\x00\x00\x00", re.DOTALL)
"""The marker that a message goes on (not before Arrow 0.15), its header's length, where the header's table lies."""
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_ARRAY_OF_OBJECTS: Final = re.compile(r'\[\s*\{\s*"[^"]*"\s*:')
_LONGEST_MAGIC: Final = 16
_BOMS: Final = ((b"\xff\xfe\0\0", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_BINARY: Final = ("PARQUET", "HDF5", "ARROW", "FEATHER", "EXCEL")


@dataclass(frozen=True)
class Detected:
    """`notes`: a sentence where the name says otherwise than the content."""

    format: DataFormat
    notes: tuple[str, ...] = ()


def detect_format(source: Source, stated: DataFormat | None = None) -> Detected:
    """The format of `source`.

    `stated` is what the user says it is; content that contradicts it is an error, not a guess.
    Raises EmptyDataset, UnknownFormat, or CorruptData for text in an encoding that is not read.
    """
    if stated is not None and stated not in get_args(DataFormat):
        raise UnknownFormat(f"there is no format {stated!r}").at(source.text)
    if source.size == 0:
        raise EmptyDataset("the file has no content").at(source.text)
    head = source.head(HEAD_BYTES)
    if not head:
        raise EmptyDataset("there is no content in the compressed file").at(source.text)
    found = _binary_format(head, source)
    if found is None:
        found = _text_format(head, source, stated)
    if stated is not None and found != stated and not _same(found, stated, head):
        raise CorruptData(f"is said to be {stated} and looks like {found}").at(source.text, byte=0)
    final = stated or _named(found, head, source.suffix)
    if source.compression and final in _BINARY:
        words = (
            f"is {final} compressed with {source.compression}; decompress it first (text formats are read compressed)"
        )
        raise UnknownFormat(words).at(source.text)
    named = _BY_SUFFIX.get(source.suffix)
    if named is None or named == final or {named, final} <= {"CSV", "TSV"}:
        return Detected(final)
    return Detected(final, (f"its name ends in {source.suffix}, its content is {final}",))


def _same(found: DataFormat, stated: DataFormat, head: bytes) -> bool:
    """Whether content is both: tables with any delimiter, and Arrow's file, which is Feather's version 2."""
    return {found, stated} <= {"CSV", "TSV"} or ({found, stated} == {"ARROW", "FEATHER"} and head[:6] == b"ARROW1")


def _named(found: DataFormat, head: bytes, suffix: str) -> DataFormat:
    return "FEATHER" if suffix == ".feather" and _same(found, "FEATHER", head) else found


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters: then a magic number of letters is the beginning of a text.

    Every binary format whose magic number is letters has other bytes right after it.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(head)


def _binary_format(head: bytes, source: Source) -> DataFormat | None:
    if len(head) > _LONGEST_MAGIC and _is_text(head) and not head.startswith(b"%PDF"):
        return None
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if _ARROW_STREAM.match(head):
        return "ARROW"
    for magic, words in _FOREIGN:
        if head.startswith(magic):
            raise UnknownFormat(f"is {words}").at(source.text)
    if head.startswith(b"PK\x03\x04"):
        if _BY_SUFFIX.get(source.suffix) == "EXCEL" or b"[Content_Types].xml" in head or b"xl/work" in head:
            return "EXCEL"
        raise UnknownFormat("is a zip archive").at(source.text)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            raise CorruptData(f"is {encoding} text; convert it to UTF-8").at(source.text, byte=0)
    return None


def _text_format(head: bytes, source: Source, stated: DataFormat | None) -> DataFormat:
    hint = stated or _BY_SUFFIX.get(source.suffix)
    if hint in _BINARY:
        raise CorruptData(f"does not begin as {hint} does").at(source.text, byte=0)
    if hint is None and b"\0" in head:
        raise UnknownFormat("is binary data of no known format").at(source.text)
    text = head.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").lstrip()
    if not text:
        if len(head) == HEAD_BYTES:
            raise UnknownFormat("begins with more than 64 KiB of blanks").at(source.text)
        raise EmptyDataset("the file holds nothing but blanks").at(source.text)
    if hint in ("CSV", "TSV", "JSONL") and not _contradicts(text, hint):
        return hint
    return _undecided(text, head, source, hint)


def _contradicts(text: str, hint: str) -> bool:
    """Whether text named JSONL is one JSON array, or text named CSV is JSON objects, no header first."""
    if hint == "JSONL":
        return text.startswith("[")
    if _ARRAY_OF_OBJECTS.match(text):
        return True
    return text.startswith("{") and _is_object(text.partition("\n")[0])


def _undecided(text: str, head: bytes, source: Source, hint: DataFormat | None) -> DataFormat:
    first, _, rest = text.partition("\n")
    if text.startswith("{"):
        if _is_object(first) and (rest.strip() or hint != "JSON"):
            return "JSONL"
        if hint == "JSON" or first.strip() == "{":
            return "JSON"
    if text.startswith("["):
        return "JSON"
    delimiter = sniff_delimiter(text, whole=len(head) < HEAD_BYTES)
    if delimiter is not None:
        return "TSV" if delimiter == "\t" else "CSV"
    raise UnknownFormat(f"is in no format that is read ({', '.join(READ_NOW)})").at(source.text)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def delimiter_of(head: bytes, file_format: str, *, whole: bool) -> str:
    """The delimiter of CSV or TSV text: what the first rows agree on, else what stands in the header.

    Rows that do not agree are an error that the reader finds and names; the header then says of what.
    """
    text = head.removeprefix(codecs.BOM_UTF8).decode(errors="replace")
    usual = "\t" if file_format == "TSV" else ","
    header = next((line for line in text.splitlines() if line.strip()), "")
    if file_format == "TSV" and usual in header:
        return usual
    found = sniff_delimiter(text, whole=whole)
    if found is not None:
        return found
    # In the header alone it is punctuation of a single column's name.
    rest = text.partition(header)[2]
    counts = {delimiter: header.count(delimiter) * (delimiter in rest) for delimiter in (usual, *DELIMITERS)}
    return max(counts, key=lambda delimiter: counts[delimiter])


def sniff_delimiter(text: str, *, whole: bool) -> str | None:
    """The delimiter that splits each of the first rows (2 or more) into the same number of fields, 2 or more.

    `whole`: `text` is all there is; otherwise its last row may be cut and does not count.
    """
    lines = text.splitlines(keepends=True)
    whole = whole and len(lines) <= _SNIFFED_LINES
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in csv.reader(lines[:_SNIFFED_LINES], delimiter=delimiter) if row]
        except csv.Error:
            continue
        rows = rows if whole else rows[:-1]
        widths = {len(row) for row in rows}
        if len(rows) >= 2 and len(widths) == 1 and widths.pop() >= 2:
            return delimiter
    return None

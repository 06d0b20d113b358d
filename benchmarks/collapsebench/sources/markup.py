"""Paragraphs of prose out of the markups that documentation comes in. Pure: text in, paragraphs out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Final

_BLANK: Final = re.compile(r"\n\s*\n")
_SKIPPED: Final = ("script", "style", "pre", "head", "nav", "table")
_BLOCKS: Final = ("p", "li", "dd", "dt", "div", "blockquote", "h1", "h2", "h3", "h4", "br", "td")
# `\fB`, `\f(CW`, `\-`, `\(aq` and their like of roff.
_ROFF_ESCAPE: Final = re.compile(r"\\(f(\[[^\]]*\]|\(..|.)|s[-+]?\d|\(..|\[[^\]]*\]|&|/|,|\^|\|)")
_ROFF_FONT: Final = re.compile(r"^\.\s*(B|I|BR|IR|RB|RI|BI|IB|SM|Nm|Ar|Fl|Cm)\s+")
_POD_CODE: Final = re.compile(r"[A-Z]<<+\s+(.*?)\s+>>+|[A-Z]<([^<>]*)>")
_RST_ROLE: Final = re.compile(r":[\w:+.-]+:`~?!?([^`<]*?)(?: ?<[^`>]*>)?`")


def html(text: str) -> Iterator[str]:
    parser = _Paragraphs()
    parser.feed(text)
    parser.close()
    yield from parser.found


class _Paragraphs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._text: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self._skipped += tag in _SKIPPED
        if tag in _BLOCKS:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        self._skipped = max(0, self._skipped - (tag in _SKIPPED))
        if tag in _BLOCKS:
            self._flush()

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._flush()

    def _flush(self) -> None:
        self.found.append("".join(self._text))
        self._text = []


def rst(text: str) -> Iterator[str]:
    """reStructuredText and AsciiDoc: blocks that begin at the margin and are no directive."""
    for block in _BLANK.split(text):
        if not block.startswith((" ", "\t", ".", ":", "=", "-", "[", "+", "*", "|", ">")):
            yield _RST_ROLE.sub(r"\1", block).replace("``", "").replace("`", "")


def pod(text: str) -> Iterator[str]:
    for block in _BLANK.split(text):
        if not block.startswith((" ", "\t", "=")):
            plain = block
            while (simpler := _POD_CODE.sub(r"\1\2", plain)) != plain:
                plain = simpler
            yield plain


def roff(text: str) -> Iterator[str]:
    """Manual pages: runs of text lines between macros that end a paragraph."""
    lines: list[str] = []
    for line in text.splitlines():
        line = _ROFF_FONT.sub("", line)
        if line.startswith((".", "'")):
            yield " ".join(lines)
            lines = []
        else:
            lines.append(_ROFF_ESCAPE.sub("", line.replace("\\-", "-").replace("\\(aq", "'")))
    yield " ".join(lines)


def fortune(text: str) -> Iterator[str]:
    yield from re.split(r"^%$", text, flags=re.MULTILINE)


def dictionary(text: str) -> Iterator[str]:
    """dictd's format: an entry begins at the margin, its text is indented."""
    yield from re.split(r"\n(?=\S)", text)


MARKUPS: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    "html": html,
    "rst": rst,
    "pod": pod,
    "roff": roff,
    "fortune": fortune,
    "dictionary": dictionary,
}

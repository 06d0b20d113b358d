"""Work on one thing while the next is being made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")
_END: Final[Any] = object()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items in order; each is made in a thread of its own while the one before is in use.

    It pays where making them releases the interpreter, as Arrow's parsers do. What making one
    raises is raised here, in its place.
    """
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, items, _END)
        while (item := coming.result()) is not _END:
            coming = maker.submit(next, items, _END)
            yield item

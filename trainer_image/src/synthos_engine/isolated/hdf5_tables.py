"""Which objects of an HDF5 file are tables, and which one is meant. Only links within the file are followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import h5py

from .protocol import Refused, listed

_MAX_OBJECTS: Final = 20_000
_MAX_DEPTH: Final = 32
_MAX_LINKS: Final = 16


@dataclass(frozen=True)
class FoundTable:
    """`columns` are (name, dataset): one without a name for a dataset that is a table by itself."""

    path: str
    columns: list[tuple[str | None, Any]]

    @property
    def rows(self) -> int:
        return int(self.columns[0][1].shape[0])


def choose(file: Any, wanted: str | None) -> tuple[FoundTable, list[str]]:
    """The table at a path, else the first one; and notes. Raises Refused."""
    if wanted is not None:
        found = _at(file, wanted)
        if found is None:
            names = listed([table.path for table in _tables(file, "/")])
            raise Refused("UnknownFormat", f"there is no table {wanted!r}; there is {names or 'none'}")
        return found, []
    tables = list(_tables(file, "/"))
    if not tables:
        raise Refused("EmptyDataset", "it holds no dataset with rows")
    if len(tables) == 1:
        return tables[0], []
    return tables[0], [f"table {tables[0].path!r} was read, others were not: {listed([t.path for t in tables[1:]])}"]


def _at(file: Any, wanted: str) -> FoundTable | None:
    path = _resolved(file, wanted)
    item = file.get(path) if path else None
    if isinstance(item, h5py.Dataset):
        return _single(path, item)
    if isinstance(item, h5py.Group):
        return _as_table(path, item)
    return None


def _resolved(file: Any, wanted: str) -> str:
    """The path without soft links, so that none leads out of the file."""
    names, followed = [name for name in wanted.split("/") if name], 0
    here: list[str] = []
    while names:
        name = names.pop(0)
        group = file["/" + "/".join(here)]
        link = group.get(name, getlink=True) if isinstance(group, h5py.Group) and name in group else None
        if link is None:
            return ""
        if isinstance(link, h5py.SoftLink):
            followed += 1
            if followed > _MAX_LINKS:
                raise Refused("CorruptData", f"links go round in a circle at {wanted!r}")
            target = [part for part in link.path.split("/") if part]
            here = [] if link.path.startswith("/") else here
            names = target + names
        elif isinstance(link, h5py.HardLink):
            here.append(name)
        else:
            raise Refused("DatasetForbidden", f"{wanted!r} leads to another file; only the file itself is read")
    return "/" + "/".join(here)


def _tables(group: Any, path: str, seen: set[int] | None = None, depth: int = 0) -> Iterator[FoundTable]:
    """All tables below a group: groups of columns first, then single datasets, then groups inside."""
    seen = set() if seen is None else seen
    mark = h5py.h5o.get_info(group.id).addr
    if mark in seen or depth > _MAX_DEPTH:
        return
    seen.add(mark)
    if len(seen) > _MAX_OBJECTS:
        raise Refused("DatasetTooLarge", f"it has more than {_MAX_OBJECTS} groups; name the table")
    whole = _as_table(path, group)
    if whole is not None:
        yield whole
        members = {name for name, _ in whole.columns}
    else:
        members = set()
    for name, item in _children(group):
        if isinstance(item, h5py.Group):
            yield from _tables(item, f"{path.rstrip('/')}/{name}", seen, depth + 1)
        elif name not in members and item.ndim and item.shape[0]:
            yield _single(f"{path.rstrip('/')}/{name}", item)


def _as_table(path: str, group: Any) -> FoundTable | None:
    """A group of two or more plain datasets that have the same number of rows."""
    kind = group.attrs.get("pandas_type")
    if kind is not None:
        words = "is a table that pandas wrote (HDFStore); write it with DataFrame.to_parquet and read that"
        raise Refused("UnknownFormat", f"{path!r} {words}")
    columns = [(name, item) for name, item in _children(group) if isinstance(item, h5py.Dataset) and item.ndim]
    if len(columns) < 2 or len({item.shape[0] for _, item in columns}) != 1:
        return None
    if not columns[0][1].shape[0] or any(item.dtype.names for _, item in columns):
        return None
    return FoundTable(path, list(columns))


def _single(path: str, item: Any) -> FoundTable:
    if not item.ndim:
        raise Refused("UnknownFormat", f"{path!r} is a single value, no table")
    return FoundTable(path, [(None, item)])


def _children(group: Any) -> Iterator[tuple[str, Any]]:
    """In the order of creation where the file keeps it, else of names; what links elsewhere is passed over."""
    for number, name in enumerate(group):
        if number >= _MAX_OBJECTS:
            raise Refused("DatasetTooLarge", f"a group has more than {_MAX_OBJECTS} members; name the table")
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            item = group[name]
            if isinstance(item, (h5py.Dataset, h5py.Group)):
                yield name, item

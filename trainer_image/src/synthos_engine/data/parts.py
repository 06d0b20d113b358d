"""The files of a dataset: one file, a folder or a glob of part files, or the S3 objects below a prefix.

Parts are read in the order of their names; files whose name begins with a dot or an underscore
(`_SUCCESS`, `.crc`) are none.
"""

from __future__ import annotations

import fnmatch
import glob
import re
from pathlib import Path
from typing import Final

from synthos_api.errors import DataError, DatasetNotFound, DatasetTooLarge, EmptyDataset

from .location import LocalPath, S3Object, parse_location
from .s3 import list_keys
from .source import Source, open_source
from .storage_errors import storage_errors

MAX_PARTS: Final = 10_000
_WILD: Final = re.compile(r"[*?\[]")


def open_parts(uri: str) -> list[Source]:
    """The files of the dataset at a path or URI, at least one.

    Raises what `open_source` raises, EmptyDataset for a folder without a file, DatasetNotFound for
    a glob that matches none.
    """
    location = parse_location(uri)
    found = _objects(location) if isinstance(location, S3Object) else _files(location)
    if found is None:
        return [open_source(uri)]
    if len(found) > MAX_PARTS:
        raise DatasetTooLarge(f"{len(found)} files; at most {MAX_PARTS} are read as one dataset").at(uri)
    if not found:
        if isinstance(location, S3Object) or _WILD.search(uri):
            raise DatasetNotFound("there is no such file").at(uri)
        raise EmptyDataset("the folder holds no file").at(uri)
    return [open_source(part) for part in found]


def version_of(uri: str) -> str:
    """What changes when one of the dataset's files does."""
    return " ".join(source.version for source in open_parts(uri))


def _files(location: LocalPath) -> list[str] | None:
    """Paths of the parts, None where the location is one file."""
    path = location.path
    with storage_errors(location.text):
        if path.is_dir():
            return [str(part) for part in sorted(path.rglob("*")) if _is_part(part, path)]
        if not _WILD.search(str(path)) or path.exists():
            return None
        folder, pattern = _split_at_wildcard(path)
        matches = (folder / match for match in sorted(glob.glob(pattern, root_dir=folder, recursive=True)))  # noqa: PTH207
        return [str(match) for match in matches if _is_part(match, folder)]


def _split_at_wildcard(path: Path) -> tuple[Path, str]:
    """(the folder before the first wildcard, the pattern in it); a folder of that very name is no pattern."""
    folder = Path(path.anchor) if path.is_absolute() else Path()
    parts = path.relative_to(path.anchor).parts if path.is_absolute() else path.parts
    for number, name in enumerate(parts):
        if _WILD.search(name) and not (folder / name).exists():
            return folder, str(Path(*parts[number:]))
        folder /= name
    return folder, ""


def _is_part(path: Path, folder: Path) -> bool:
    """Named pipes and sockets count, so that they are refused by name and not passed over."""
    visible = not any(name.startswith((".", "_")) for name in path.relative_to(folder).parts)
    # A link that leads nowhere counts too: opening it names it.
    return visible and not path.is_dir()


def _objects(location: S3Object) -> list[str] | None:
    """URIs of the parts, None where the location is one object."""
    key = location.key
    wild = _WILD.search(key)
    if wild is None and key and not key.endswith("/"):
        return _below_or_none(location)
    if wild is not None and _exists(location):
        return None
    prefix = key[: wild.start()] if wild else key
    keys = list_keys(location.bucket, prefix, MAX_PARTS)
    if wild is None:
        return _uris(location.bucket, keys, prefix)
    pattern = re.compile(fnmatch.translate(key).replace(".*", "[^/]*") if "**" not in key else fnmatch.translate(key))
    return _uris(location.bucket, [name for name in keys if pattern.match(name)], prefix.rpartition("/")[0])


def _below_or_none(location: S3Object) -> list[str] | None:
    """None for an object, else the objects of a folder named without its slash."""
    if _exists(location):
        return None
    try:
        keys = list_keys(location.bucket, location.key + "/", MAX_PARTS)
    except DataError:
        # Who may not list is told that the object does not exist.
        return None
    return _uris(location.bucket, keys, location.key + "/") or None


def _exists(location: S3Object) -> bool:
    try:
        open_source(location.text)
    except DatasetNotFound:
        return False
    except DataError:
        # Refused for another reason: opening it again says which.
        return True
    return True


def _uris(bucket: str, keys: list[str], folder: str) -> list[str]:
    def is_part(key: str) -> bool:
        names = key.removeprefix(folder).strip("/").split("/")
        return not key.endswith("/") and not any(name.startswith((".", "_")) for name in names)

    return [f"s3://{bucket}/{key}" for key in sorted(keys) if is_part(key)]

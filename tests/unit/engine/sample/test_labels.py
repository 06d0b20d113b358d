"""Which columns are label-like, and the numbers of their values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthos_engine.sample.labels import MOST_VALUES, ValueCodes, label_columns


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    distinct: int
    count: int = 1000
    missing: int = 0


def test_label_like_columns_are_few_and_chosen_by_what_they_are() -> None:
    columns = [
        Column("id", "int64", 1000),
        Column("price", "double", 3),
        Column("month", "int32", 12),
        Column("constant", "string", 1),
        Column("colour", "string", 7),
        Column("cut", "dictionary<values=string, indices=int8, ordered=0>", 5),
        Column("Label", "int64", 40),
    ]
    assert label_columns(columns) == ["Label", "cut"]
    assert label_columns(columns[:-1]) == ["cut", "colour"]
    assert label_columns(columns[:3]) == ["month"]
    assert label_columns([Column("few", "string", 5, count=99)]) == []
    assert label_columns([Column("mostly missing", "string", 5, missing=950)]) == []


def test_numbers_of_values_do_not_depend_on_the_parts() -> None:
    hashes = np.random.default_rng(0).integers(0, 40, 5000).astype(np.uint64) << np.uint64(58)
    one, parts = ValueCodes(), ValueCodes()
    whole = one.of(hashes, lambda place: str(hashes[place]))
    cut = np.concatenate(
        [
            parts.of(part, lambda place, part=part: str(part[place]))  # type: ignore[misc]
            for part in np.array_split(hashes, 37)
        ]
    )
    assert np.array_equal(whole, cut)
    assert one.names == parts.names
    assert [one.names[code] for code in whole] == [str(value) for value in hashes]


def test_values_beyond_the_bound_share_a_number() -> None:
    codes = ValueCodes()
    found = codes.of(np.arange(100, dtype=np.uint64), str)
    assert found.tolist() == [*range(MOST_VALUES), *[MOST_VALUES] * (100 - MOST_VALUES)]
    assert codes.of(np.array([99, 3], np.uint64), str).tolist() == [MOST_VALUES, 3]
    assert len(codes.names) == MOST_VALUES

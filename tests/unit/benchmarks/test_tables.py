"""Tables of CollapseBench: candidates that are what they say, generators that learn, a judge that sees harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.collapsebench.candidates import Candidate
from benchmarks.collapsebench.generators.sampling import Sampling
from benchmarks.collapsebench.generators.table import FAMILIES, generate
from benchmarks.collapsebench.judge.table import holdout_loss
from benchmarks.collapsebench.modalities.arrow_types import narrowed
from benchmarks.collapsebench.modalities.table import TABLE
from benchmarks.collapsebench.pools import Pools, pools
from benchmarks.collapsebench.registration import registration
from benchmarks.collapsebench.routes.making import Making
from benchmarks.collapsebench.routes.table import ROUTES
from benchmarks.collapsebench.rows import Column, Real, Row
from benchmarks.collapsebench.sources import table

COLUMNS = (Column("kind", "words"), Column("count", "integer"), Column("size", "number", 2), Column("new", "flag"))


def rows(count: int, seed: int = 0) -> list[Row]:
    """`size` follows from `kind` and `count`; some sizes are missing."""
    rng = np.random.default_rng(seed)
    kind, number = rng.integers(0, 3, count), rng.integers(0, 40, count)
    size = np.round(5.0 * kind + 0.3 * number + rng.normal(0, 0.4, count), 2)
    missing = rng.random(count) < 0.05
    return [
        ("abc"[k], int(n), None if m else float(s), bool(n > 20))
        for k, n, s, m in zip(kind, number, size, missing, strict=True)
    ]


class SmallWorkshop:
    """Of made-up rows where no other parts are given."""

    def __init__(self, made: Pools | None = None) -> None:
        every = tuple(dict.fromkeys(rows(90_000)))
        real = Real(every[:20_000], tuple(row[0] == "c" and row[1] > 20 for row in every[:20_000]), COLUMNS)
        self.made = made or pools("diamonds", real, TABLE.sizes(real), weight=TABLE.weight, key=TABLE.key)

    def pools(self, source: str) -> Pools:
        return self.made

    def generated(self, source: str, family: str, generation: int, sampling: Sampling, seed: int) -> Sequence[Row]:
        return [("a", 100 + generation, float(i), True) for i in range(self.made.size)]


@pytest.fixture(scope="module")
def workshop() -> SmallWorkshop:
    return SmallWorkshop()


def candidate(route: str, **parameters: Any) -> Candidate:
    return Candidate(
        "development", "table", "diamonds", route, "cart" if route in ("recursive", "accumulated") else "", parameters
    )


def test_a_data_frame_becomes_rows_of_its_natural_types() -> None:
    frame = pd.DataFrame(
        {"word": ["x", None, "x", "y"], "whole": [1.0, np.nan, 1.0, 7.0], "part": [0.5, 0.25, 0.5, 1 / 3]}
        | {"flag": [True, False, True, True], "tail": [np.float32(0.1), 2.0, np.float32(0.1), 1.0]}
    )
    real = table.real(frame, "whole", (7,))
    assert real.rows == (("x", 1, 0.5, True, 0.1), (None, None, 0.25, False, 2.0), ("y", 7, 0.3333, True, 1.0))
    assert real.apart == (False, False, True)
    kinds = [(column.kind, column.decimals) for column in real.columns]
    assert kinds == [("words", 0), ("integer", 0), ("number", 4), ("flag", 0), ("number", 4)]


def test_rows_survive_parquet_types(workshop: SmallWorkshop) -> None:
    base = list(workshop.made.base)
    written = TABLE.to_arrow(base, COLUMNS)
    assert [str(t) for t in written.schema.types] == ["string", "int64", "double", "bool"]
    assert TABLE.from_arrow(written) == base
    narrow = candidate("narrow-types").table(workshop)
    assert [str(field.type) for field in narrow.schema][1:] == ["int32", "float", "bool"]
    assert pa.types.is_dictionary(narrow.schema.field("kind").type)
    sizes = narrow["size"].cast(pa.float64()).to_pylist()
    assert sorted(-1.0 if s is None else round(s, 2) for s in sizes) == sorted(
        -1.0 if r[2] is None else r[2] for r in base
    )


def test_routes_do_what_they_say(workshop: SmallWorkshop) -> None:
    source = workshop.made
    size = registration()["table"]["base_rows"]

    def made(route: str, **parameters: Any) -> list[Row]:
        found = candidate(route, **parameters).rows(workshop)
        assert len(found) == size
        assert found == candidate(route, **parameters).rows(workshop)
        return found

    assert set(made("draw")) <= set(source.spare)
    assert set(made("section")) <= set(source.section)
    assert len(set(made("duplicated", times=5))) == size / 5
    by_kind = made("ordered")
    assert [row[0] for row in by_kind] == sorted(row[0] for row in source.base)
    assert set(by_kind) == set(source.base)
    half = made("recursive", generation=1, temperature=1.0, share=0.5)
    assert sum(row[1] == 101 for row in half) == size / 2

    apart = made("uncoupled", share=1.0)
    for place in range(len(COLUMNS)):
        assert sorted(map(str, (r[place] for r in apart))) == sorted(map(str, (r[place] for r in source.base)))
    assert len(set(apart) & set(source.base)) < 0.1 * size
    assert len(set(made("uncoupled", share=0.3)) & set(source.base)) == pytest.approx(0.7 * size, rel=0.05)

    noisy = made("noisy", deviations=0.1)
    assert len(set(noisy) & set(source.base)) < 0.1 * size
    assert all(isinstance(r[1], int) and (r[2] is None or r[2] == round(r[2], 2)) for r in noisy)
    spread = np.std([r[2] for r in noisy if r[2] is not None]) / np.std([r[2] for r in source.base if r[2] is not None])
    assert 0.97 < spread < 1.05
    typical = made("typical", share=0.2)
    assert sum(r[2] is None for r in typical) < 0.2 * sum(r[2] is None for r in source.base), "missing ones are rare"
    assert set(typical) <= {*source.base, *source.spare}

    every = [*source.base, *source.spare]
    common = max("abc", key=[row[0] for row in every].count)
    share = np.mean([row[0] == common for row in every])
    assert abs(share - 0.5) < abs(np.mean([row[3] for row in every]) - 0.5), "kinds are the evenest classes"
    for odds in (0.5, 2.0):
        uneven = made("imbalanced", odds=odds)
        assert len(set(uneven)) == size
        assert set(uneven) <= set(every)
        wanted = odds * share / (odds * share + 1 - share)
        assert np.mean([row[0] == common for row in uneven]) == pytest.approx(wanted, abs=0.001)
    beside = made("accumulated", generations=2, temperature=1.0)
    assert Counter(row[1] for row in beside if row[1] > 100) == {101: size // 3, 102: size // 3}


def test_of_rows_that_agree_in_all_columns_but_one_the_first_stays() -> None:
    base: list[Row] = [("a", i, 0.5 * i, False) for i in range(100)]
    likes: list[Row] = [("b", i, 0.5 * i, False) for i in range(30)]
    others: list[Row] = [("b", i, 0.5 * i + 0.1, False) for i in range(30)]
    made = Pools((), (), (), base, [*likes, *others], (), 125, COLUMNS)
    making = Making(TABLE, SmallWorkshop(made), "diamonds", "", {}, np.random.default_rng(0), 0)
    clean = ROUTES["deduplicated"](making)
    assert len(clean) == 125
    assert set(clean) <= {*base, *others}


def coupling(some: Sequence[Row]) -> float:
    """How well `size` follows `count` among rows of kind a."""
    pairs = [(row[1], row[2]) for row in some if row[0] == "a" and row[2] is not None]
    return float(np.corrcoef(np.array(pairs).T)[0, 1])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generator_keeps_values_and_relations_and_narrows_below_temperature_one(family: str) -> None:
    read = rows(800)
    written = generate(family, read, COLUMNS, 2000, Sampling(1.0), seed=1)
    assert written == generate(family, read, COLUMNS, 2000, Sampling(1.0), seed=1)
    assert written != generate(family, read, COLUMNS, 2000, Sampling(1.0), seed=2)
    for place in range(len(COLUMNS)):
        assert {row[place] for row in written} <= {row[place] for row in read}
    share = [np.mean([row[0] == "a" for row in some]) for some in (written, read)]
    assert share[0] == pytest.approx(share[1], abs=0.05)
    assert coupling(read) > 0.98
    assert coupling(written) > 0.3, "0 for columns of their own"
    narrow = generate(family, read, COLUMNS, 2000, Sampling(0.5), seed=1)
    spread = [np.std([row[1] for row in some]) for some in (narrow, written)]
    assert spread[0] < 0.95 * spread[1] or coupling(narrow) > coupling(written) + 0.1


def test_the_judge_tells_harm_from_other_real_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registration()["table"]["judge"], "rounds", 30)
    real, other, holdout = rows(800, 1), rows(800, 2), rows(600, 3)
    rng = np.random.default_rng(0)
    columns = [[column[i] for i in rng.permutation(800)] for column in zip(*real, strict=True)]
    uncoupled = list(zip(*columns, strict=True))
    good = holdout_loss(real, holdout, COLUMNS, 1)
    assert good == holdout_loss(real, holdout, COLUMNS, 1)
    assert good < 0.6, "every column follows from the others in part"
    assert holdout_loss(other, holdout, COLUMNS, 1) == pytest.approx(good, rel=0.05)
    assert holdout_loss(real[:80] * 10, holdout, COLUMNS, 1) > 1.1 * good
    assert holdout_loss(uncoupled, holdout, COLUMNS, 1) > 1.5 * good


def test_the_judge_bears_a_candidate_of_one_value_and_values_that_the_holdout_lacks() -> None:
    holdout = rows(300, 3)
    for one in ([("z", 3, 1.0, True)] * 100, [("a", 3, None, True)] * 100, [("a", 10**6, -1e6, False)] * 100):
        assert 0.9 < holdout_loss(one, holdout, COLUMNS, 1) < 20


def test_the_judge_learns_a_number_that_is_mostly_its_lowest() -> None:
    """Quantile regression on tied values has equal gradients everywhere and stays where it begins."""
    rng = np.random.default_rng(0)

    def zero_or_more(count: int) -> list[Row]:
        cause = rng.random(count)
        return [(float(c), float(max(0, round(100 * (c - 0.55))))) for c in cause]

    columns = (Column("cause", "number", 9), Column("effect", "number", 1))
    assert holdout_loss(zero_or_more(500), zero_or_more(400), columns, 1) < 0.6


def test_narrowed_types_keep_what_needs_more_bits() -> None:
    wide, small = [[2**31, 1], [None, 3]], [[1, 2], [3]]
    table = pa.table(
        {"volume": wide, "count": small, "price": [[1.5], [2.5]], "none": pa.array([None, None], pa.int64())}
    )
    found = narrowed(table)
    kinds = [pa.list_(pa.int64()), pa.list_(pa.int32()), pa.list_(pa.float32()), pa.int32()]
    assert found.schema.types == kinds
    assert found.to_pylist() == table.to_pylist()

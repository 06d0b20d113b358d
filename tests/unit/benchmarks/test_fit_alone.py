"""Fitting the model of datasets without a reference: nothing left out is seen, and doubt goes to inconclusive."""

from __future__ import annotations

import numpy as np

from benchmarks.collapsebench.fit_alone.cases import Case
from benchmarks.collapsebench.fit_alone.figures import Scores, firm_from
from benchmarks.collapsebench.fit_alone.logistic import (
    BY_MECHANISM,
    BY_SOURCE,
    chosen,
    fit,
    inputs,
    left_out,
    signatures_of,
)
from benchmarks.collapsebench.sources import library
from synthos_engine.alone.repetition import Features

RNG = np.random.default_rng(0)


def corpus(**more: float) -> Features:
    return {"copies": float(RNG.random() / 10), "noise": float(RNG.normal())} | more


REAL = {f"corpus {i}": [corpus(), corpus()] for i in range(40)}
CASES = [
    Case(source, mechanism, copies > 0, corpus(**({"copies": copies} if copies else {})))
    for source in "abc"
    for mechanism, copies in (("draw", 0), ("ordered", 0), ("twice", 0.5), ("often", 0.9))
    for _ in range(5)
]
COLLAPSED = np.array([case.collapsed for case in CASES])


def test_what_tells_is_chosen_and_what_does_not_is_left() -> None:
    possible = signatures_of(REAL)
    assert [(s.feature, s.direction) for s in possible] == [
        ("copies", -1),
        ("copies", 1),
        ("noise", -1),
        ("noise", 1),
    ]
    places = chosen(possible, CASES, [features for draws in REAL.values() for features in draws])
    assert [(possible[i].feature, possible[i].direction) for i in places] == [("copies", 1)]


def test_nine_in_ten_real_corpora_are_within() -> None:
    means = [{name: float(np.mean([draw[name] for draw in draws])) for name in draws[0]} for draws in REAL.values()]
    assert np.all((inputs(signatures_of(REAL), means) == 0).mean(axis=0) >= 0.88)


def test_no_fit_sees_what_is_left_out() -> None:
    """Labels turned around in one source, or in one mechanism, change nothing for it."""
    values = inputs(signatures_of(REAL), [case.features for case in CASES])
    for group, own in ((BY_SOURCE, "a"), (BY_MECHANISM, "twice")):
        turned = [
            Case(c.source, c.mechanism, c.collapsed ^ (group(c) == own), {}) if group(c) == own else c for c in CASES
        ]
        hit = np.array([group(case) == own for case in CASES])
        assert np.allclose(left_out(values, CASES, group)[hit], left_out(values, turned, group)[hit])
        assert not np.allclose(left_out(values, CASES, group)[~hit], left_out(values, turned, group)[~hit])


def test_a_signature_that_no_case_shows_keeps_weight_and_none_is_negative() -> None:
    values = np.zeros((len(CASES), 2))
    values[~COLLAPSED, 1] = 3.0
    found = fit(values, COLLAPSED)
    assert found.weights[0] > 0.4
    assert found.weights[1] == 0


def test_a_verdict_is_firm_above_all_that_is_not_collapsed_and_nearly_all_real_corpora() -> None:
    low = np.where(COLLAPSED, 0.99, 0.1)
    suspicious = low.copy()
    suspicious[0] = 0.9  # a draw
    assert firm_from(Scores(low, low, low, np.full(100, 0.1)), COLLAPSED) == 0.8371
    bound = firm_from(Scores(low, suspicious, low, np.full(100, 0.1)), COLLAPSED)
    assert bound is not None
    assert 0.9 < bound < 0.99
    assert firm_from(Scores(low, low, low, np.full(100, 0.99)), COLLAPSED) is None
    assert firm_from(Scores(low, low, np.full(len(low), 0.1), np.full(100, 0.1)), COLLAPSED) is None


def test_no_corpus_of_the_library_is_a_source() -> None:
    """A source of the test split must not be known to what was tuned before."""
    from benchmarks.collapsebench.sources import series, table, text

    packages = {source.package for source in text.SOURCES}
    assert not packages & {source.package for source in library.TEXTS}
    tables = {f"{s.package}/{s.item}" for s in (*table.SOURCES, *series.SOURCES)}
    assert not tables & ({*library.NAMES["table"]} | {item for item, _, _ in library.SERIES})
    # Of other packages, but of the same study and of the same entries as test sources.
    assert not {"Ecdat/MedExp", "jargon"} & {name for names in library.NAMES.values() for name in names}
    for names in library.NAMES.values():
        assert len(set(names)) == len(names)

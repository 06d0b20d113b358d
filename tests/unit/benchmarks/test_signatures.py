"""Learning the signature library: planted damage is found, what nothing shows is not, and nothing leaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.collapsebench import results as bench
from benchmarks.collapsebench import statistics
from benchmarks.collapsebench.candidates import candidates
from benchmarks.collapsebench.workshop import CachedWorkshop
from benchmarks.signatures import document, regions, validation
from benchmarks.signatures.__main__ import TARGET, development, text_of
from benchmarks.signatures.cases import Case, digest, labelled, stored
from benchmarks.signatures.learner import learn, learn_library
from benchmarks.signatures.measure import FINGERPRINTS, profiled
from synthos_api.fingerprint import FINGERPRINT, fingerprint_of
from synthos_api.signature_library import Part
from synthos_api.signatures import judged

SOURCES = ("north", "south", "east", "west")


def case(name: str, label: str, kind: str = "draw", family: str = "", **fingerprint: float) -> Case:
    effect = {"collapsed": 0.3, "benign": 0.0, "grey": 0.03, "shift": 0.2, "real": None}[label]
    type_ = "Type C" if label == "collapsed" else ""
    return Case(
        f"{name}/{kind}/{family}",
        "development",
        "table",
        name.split("-")[0],
        family,
        kind,
        label,
        effect,
        type_,
        fingerprint,
    )


def cases() -> list[Case]:
    """Four sources, each with draws, copies that `repeats` shows, and a generator that nothing shows."""

    def of(name: str, label: str, repeats: float, noise: int, *, kind: str = "draw", family: str = "") -> Case:
        return case(name, label, kind, family, repeats=repeats, noise=float(noise))

    found = []
    for source in SOURCES:
        found += [of(f"{source}-{i}", "benign", 0.0, (-1) ** i) for i in range(6)]
        found += [of(f"{source}-{i}", "collapsed", 0.5 + 0.1 * i, i - 1, kind="duplicated") for i in range(3)]
        found += [of(f"{source}-{i}", "collapsed", 0.0, (-1) ** i, kind="recursive", family="gru") for i in range(2)]
        found.append(of(f"{source}-9", "shift", 0.0, 0, kind="section"))
        found.append(of(f"{source}-8", "grey", 0.2, 0, kind="duplicated"))
    return found + [of(f"corpus{i}", "real", 0.0, (-1) ** i) for i in range(10)]


@pytest.fixture(scope="module")
def part() -> Part:
    found = learn(cases(), "table")
    assert found is not None
    return found


def test_planted_damage_is_found_and_what_nothing_shows_is_not(part: Part) -> None:
    assert [one.signature_id for one in part.signatures] == ["table-duplicated-01", "table-benign-01"]
    copies = part.signatures[0]
    assert [(e.feature, e.side) for e in copies.extents] == [("repeats", 1)]
    assert copies.collapse_type == "Type C"
    assert copies.log_odds > 0 > part.signatures[1].log_odds


def test_the_outcome_counts_labelled_datasets_inside(part: Part) -> None:
    copies = part.signatures[0]
    assert copies.learnt_from == 12
    assert copies.outcome.cases == copies.outcome.collapsed > 0
    assert copies.outcome.sources == len(SOURCES)
    assert copies.outcome.median_effect == 0.3


def test_more_copies_are_more_risk(part: Part) -> None:
    risks = [judged({"repeats": value, "noise": 0.5}, part).risk for value in (0.0, 0.3, 0.6, 0.9)]
    assert None not in risks
    assert risks == sorted(risks, key=lambda risk: risk or 0.0)
    assert risks[0] is not None
    assert risks[0] < part.base_rate < (risks[-1] or 0.0)


def test_grey_cases_and_corpora_are_not_counted(part: Part) -> None:
    assert (part.cases, part.collapsed) == (4 * 12, 4 * 5)
    assert part.sources == sorted(SOURCES)
    assert part.families == ["gru"]


def test_the_same_cases_in_any_order_give_the_same_library() -> None:
    ordered = sorted(cases(), key=lambda one: one.id)
    assert text_of(learn_library(ordered)) == text_of(learn_library(sorted(cases(), key=lambda one: one.id)))
    assert digest(ordered) != digest(ordered[1:])


def test_too_few_cases_teach_nothing() -> None:
    assert learn([one for one in cases() if not one.collapsed], "table") is None
    assert learn(cases()[:5], "table") is None


def test_a_region_needs_two_sources() -> None:
    own = [one for one in cases() if one.kind == "duplicated" and one.collapsed]
    genuine = [one for one in cases() if one.is_real]
    scales = regions.scales(genuine, cases())
    real = regions.values_of(genuine, scales)
    assert regions.damaged("x", own, real, scales) is not None
    assert regions.damaged("x", [one for one in own if one.source == "north"], real, scales) is None
    assert regions.damaged("x", own[:3], real, scales) is None


def test_a_feature_that_is_missing_in_many_cases_is_not_used() -> None:
    known = [
        replace(one, fingerprint={"noise": one.fingerprint["noise"]}) if i % 2 else one for i, one in enumerate(cases())
    ]
    assert set(regions.scales([one for one in known if one.is_real], known)) == {"noise"}


def test_a_source_with_many_cases_weighs_no_more() -> None:
    real = [case(f"a-{i}", "benign", x=0.0) for i in range(98)] + [case(f"{s}-0", "benign", x=1.0) for s in "bc"]
    assert regions.scales(real, real)["x"].median == 1.0


# --- leaving out ------------------------------------------------------------------------------


def test_a_left_out_kind_is_judged_without_its_signature() -> None:
    known = cases()
    found = validation.left_out(known, "table")
    by_kind, by_source = found["kind of damage"], found["source"]
    copies = [one.id for one in known if one.kind == "duplicated" and one.collapsed]
    assert set(by_kind) == set(by_source) == {one.id for one in labelled(known)}
    assert all((by_source[name] or 0) > (by_kind[name] or 0) for name in copies)


def test_what_no_generator_wrote_is_judged_without_its_source_where_families_are_left_out() -> None:
    found = validation.left_out(cases(), "table")
    by_family, by_source = found["generator family"], found["source"]
    assert all(by_family[one.id] == by_source[one.id] for one in labelled(cases()) if not one.family)


def test_labels_that_say_nothing_are_not_predicted() -> None:
    rng = np.random.default_rng(3)
    known = [one for one in cases() if one.label in ("benign", "collapsed")]
    labels = rng.permutation([one.label for one in known])
    mixed = [replace(one, label=str(label), kind="duplicated") for one, label in zip(known, labels, strict=True)]
    scored = validation.scored(mixed, validation.left_out(mixed, "table")["source"])
    assert 0.25 < (statistics.area_under_roc(scored) or 0) < 0.75
    assert validation.brier(scored) > 0.8 * validation.brier_of_base_rate(scored)


def test_the_interval_of_the_area_holds_it() -> None:
    scored = validation.scored(cases(), validation.left_out(cases(), "table")["source"])
    low, high = validation.area_interval(scored) or (0, 0)
    assert low <= (statistics.area_under_roc(scored) or 0) <= high
    assert validation.area_interval([one for one in scored if one["source"] == "north"]) is None


# --- storage ----------------------------------------------------------------------------------


def test_fingerprints_of_another_version_are_not_learnt_from(tmp_path: Path) -> None:
    row = {
        "id": "a",
        "split": "development",
        "source": "s",
        "family": "",
        "label": "benign",
        "collapse_type": "",
        "profiled_as": "text",
        "damage": "real draw",
        "route": "draw",
        "e1": 0.01,
        "fingerprint": '{"x": 1.5}',
    }
    bench.add(FINGERPRINTS, row | {"version": FINGERPRINT}, tmp_path)
    bench.add(FINGERPRINTS, row | {"id": "b", "version": FINGERPRINT - 1}, tmp_path)
    found = stored(tmp_path)
    assert [one.id for one in found] == ["a"]
    assert (found[0].modality, found[0].kind, found[0].effect) == ("text", "draw", 0.01)
    assert found[0].fingerprint == {"x": 1.5}


def test_the_stored_fingerprints_are_todays_and_the_test_split_is_not_learnt_from() -> None:
    rows = bench.read(FINGERPRINTS, document.DOCUMENTS.parent / "benchmarks" / "signatures" / "results")
    assert {row["version"] for row in rows.values()} == {FINGERPRINT}
    assert "test" not in {one.split for one in development()}


@pytest.mark.slow
def test_the_packages_library_is_what_the_stored_fingerprints_give() -> None:
    assert text_of(learn_library(development())) == TARGET.read_text("utf-8")


@pytest.mark.slow
def test_the_document_shows_what_was_left_out(tmp_path: Path) -> None:
    known = cases()
    document.write(learn_library(known), known, [], tmp_path)
    text = (tmp_path / "signatures.md").read_text("utf-8")
    assert "| table | generator family | 20, 28 |" in text
    assert "## The test split" not in text
    assert (tmp_path / "signatures" / "left-out-roc.svg").stat().st_size > 1000


@pytest.mark.parametrize("name", ["diamonds/draw/0", "births/frozen/share=1.0/0"])
def test_a_profile_today_has_the_stored_fingerprint(name: str) -> None:
    """Else FINGERPRINT must be raised, and all be measured and learnt anew."""
    candidate = next(one for one in candidates("development") if one.id == name)
    known = next(one for one in stored() if one.id == name)
    found = fingerprint_of(profiled(candidate.table(CachedWorkshop())))
    assert found.keys() == known.fingerprint.keys()
    assert found == pytest.approx(dict(known.fingerprint), rel=1e-4, abs=1e-6)

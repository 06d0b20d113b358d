"""CollapseBench's report: what the counts show, what an earlier end would have cost, figures that hold still.

What the figures look like is left to the eye.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.collapsebench import results, statistics
from benchmarks.collapsebench.modalities import MODALITIES
from benchmarks.collapsebench.registration import digest
from benchmarks.collapsebench.report import document, groups, plan, tables
from benchmarks.collapsebench.report.ladder import WHOLE, called, seconds_until, stops
from benchmarks.collapsebench.report.targets import TARGETS, cases_needed, decide
from benchmarks.collapsebench.statistics import Rate
from synthos_engine.verdict.effect import EffectEstimate
from synthos_engine.verdict.mechanism import LossPattern
from synthos_engine.verdict.rule import _decide

OF_A_LABEL = ("source", "modality", "split", "route", "generator", "parameters")
TIMINGS = {"profile": 2.0, "tier 1": 8.0, "tier 2": 10.0, "tier 10": 16.0, "verdict": 4.0}


def rung(model: str, low: float, high: float) -> dict[str, Any]:
    return {"model": model, "excess_loss": (low + high) / 2, "interval": [low, high]}


def case(label: str = "benign", verdict: str = "clear", **other: Any) -> dict[str, Any]:
    e1 = {"benign": 0.0, "collapsed": 0.2, "grey": 0.03, "shift": 0.3}[label]
    kept: dict[str, Any] = {
        "id": "a",
        "source": "diamonds",
        "modality": "table",
        "split": "development",
        "mode": "with_reference",
    }
    kept |= {"route": "draw", "generator": "", "parameters": "{}", "label": label, "e1": e1, "null_bound": 0.01}
    kept |= {"verdict": verdict, "mechanism": "none", "excess_loss": e1, "collapse_probability": float(e1 > 0.05)}
    kept |= {"engine": "1", "commit": "abc", "cascade": "nano", "rungs": "[]", "content": "x"}
    return kept | {"cpu_seconds": 80.0, "peak_megabytes": 900.0} | other


@pytest.mark.parametrize(
    ("limit", "counts"), [(0.05, [59, 93, 124, 153]), (0.02, [149, 236, 313, 386]), (0.1, [29, 46, 61, 76])]
)
def test_cases_needed_are_those_that_were_planned(limit: float, counts: list[int]) -> None:
    assert [cases_needed(errors, limit) for errors in range(4)] == counts


def test_a_target_is_decided_by_the_counts_alone() -> None:
    assert decide(Rate(0, 59), None, 0.05).status == "met"
    assert decide(Rate(0, 59), 0.04, 0.05).status == "met"
    almost = decide(Rate(0, 58), None, 0.05)
    assert (almost.status, almost.reason) == ("open", "needs 1 more case, all of them right")
    assert "needs 35 more cases" in decide(Rate(1, 58), None, 0.05).reason
    assert "needs 59 more cases" in decide(Rate(0, 0), None, 0.05).reason
    uneven = decide(Rate(1, 200), 0.08, 0.05)
    assert uneven.status == "open"
    assert "more sources" in uneven.reason
    assert decide(Rate(6, 20), None, 0.05).status == "missed"
    assert decide(Rate(2, 20), None, 0.05).status == "open", "10 % of 20 may be chance"
    assert str(decide(Rate(0, 59), None, 0.05)) == "**met**"


def test_targets_are_the_four_that_were_asked_for() -> None:
    limits = {mode: [target.limit for target in some] for mode, some in TARGETS.items()}
    assert limits == {"with_reference": [0.02, 0.05, 0.1, 0.1], "no_reference": [0.02, 0.05, 0.1, 0.3]}
    asked = [case(), case("collapsed", "clear"), case("benign", "inconclusive")]
    assert [t.rate(asked) for t in TARGETS["with_reference"]] == [Rate(1, 1), Rate(0, 2), Rate(1, 2), Rate(1, 3)]


def test_a_rung_is_judged_by_the_engines_rule() -> None:
    rng = np.random.default_rng(0)
    seen = set()
    for excess, error in zip(rng.uniform(-0.02, 0.1, 300), rng.uniform(0.001, 0.03, 300), strict=True):
        estimate = EffectEstimate(float(excess), float(error), 5.0, 3)
        verdict, _ = _decide(estimate, LossPattern(None, None), 3)
        assert called(float(excess), estimate.interval()) == verdict
        seen.add(verdict)
    assert len(seen) == 3
    assert called(0.1, None) == "inconclusive"


def test_an_earlier_end_decides_less_and_errs_where_its_rung_does() -> None:
    wide, clear, collapse = (-0.1, 0.2), (-0.01, 0.01), (0.1, 0.3)
    ladder = [
        case(rungs=json.dumps([rung("byte 5-gram", *clear), rung("tier 1", *wide), rung("tier 2", *clear)])),
        case(rungs=json.dumps([rung("byte 5-gram", *collapse), rung("tier 1", *wide), rung("tier 2", *clear)])),
        case("collapsed", "inconclusive", rungs=json.dumps([rung("tier 1", *clear), rung("tier 2", *collapse)])),
        case("grey", "clear", rungs=json.dumps([rung("tier 1", *collapse)])),
        case(rungs="[]"),
    ]
    found = {stop.model: stop for stop in stops(ladder)}
    assert list(found) == ["byte 5-gram", "tier 1", "tier 2", WHOLE]
    assert (found["byte 5-gram"].decided, found["byte 5-gram"].wrong) == (Rate(2, 2), Rate(1, 2))
    assert found["byte 5-gram"].false_positives == Rate(1, 2)
    assert (found["tier 1"].decided, found["tier 1"].wrong) == (Rate(1, 3), Rate(1, 3))
    assert found["tier 1"].false_negatives == Rate(1, 1)
    assert (found["tier 2"].decided, found["tier 2"].wrong) == (Rate(3, 3), Rate(0, 3))
    assert (found[WHOLE].decided, found[WHOLE].seconds) == (Rate(2, 3), 80.0)
    assert found["tier 2"].seconds is None, "phases were not timed"
    assert stops([case(rungs="[]")]) == []


def test_an_earlier_end_costs_the_phases_up_to_there() -> None:
    ladder = [rung(model, -0.01, 0.01) for model in ("byte 5-gram", "tier 1", "tier 2", "tier 10")]
    timed = case(timings=json.dumps(TIMINGS), rungs=json.dumps(ladder))
    untrained = case(timings=json.dumps(TIMINGS), rungs=json.dumps(ladder[:1]))
    models = ["byte 5-gram", "cells", "tier 1", "tier 2", "tier 10"]
    assert [seconds_until(timed, model) for model in models] == [12.0, 12.0, 28.0, 48.0, 80.0]
    assert seconds_until(untrained, "byte 5-gram") == 80.0, "the phase of a tier without models is the first rung's"
    assert seconds_until(case(timings=None), "tier 1") is None


def test_a_roc_falls_where_scores_do() -> None:
    cases = [case("collapsed", excess_loss=x) for x in (0.4, 0.2, 0.2)]
    cases += [case(excess_loss=x) for x in (0.2, 0.1, None)]
    assert statistics.roc(cases) == ([0, 0, 0.5, 1], [0, pytest.approx(1 / 3), 1, 1])
    assert statistics.roc(cases[:3]) is None
    blind = [c | {"mode": "no_reference", "excess_loss": None} for c in cases]
    assert statistics.area_under_roc(blind) == 1.0, "by the probability"


def test_reliability_counts_every_probability_once() -> None:
    given = [0.04, 0.06, 0.95, 1.0, None]
    labels = ["benign", "collapsed", "collapsed", "collapsed", "benign"]
    cases = [case(label, collapse_probability=p) for label, p in zip(labels, given, strict=True)]
    found = statistics.reliability(cases)
    assert [one.collapsed for one in found] == [Rate(1, 2), Rate(2, 2)]
    assert [one.probability for one in found] == pytest.approx([0.05, 0.975])
    assert statistics.calibration_error(cases) == pytest.approx((2 * 0.45 + 2 * 0.025) / 4)


def test_every_route_has_one_type() -> None:
    routes = [route for some in groups.TYPES.values() for route in some]
    assert len(set(routes)) == len(routes)
    assert set(routes) == {route for modality in MODALITIES.values() for route in modality.routes}
    assert groups.type_of(case(route="recursive")) == "written by models"
    assert groups.type_of(case(route="recursive", parameters='{"share": 0.5}')) == "real and written"
    assert groups.type_of(case(route="noisy", parameters='{"share": 0.5}')) == "noise"


def test_severity_and_size_follow_the_measured_effect() -> None:
    found = [groups.severity(case("collapsed", e1=e1)) for e1 in (0.05, 0.149, 0.15, 0.399, 0.4)]
    assert found == ["mild", "mild", "moderate", "moderate", "severe"]
    assert groups.severity(case("grey")) == "grey"
    bins = groups.by_effect([case(e1=e1) for e1 in (-0.03, 0.0, 0.02, 5.0)])
    assert {name: len(some) for name, some in bins if some} == {"0%–1%": 1, "2%–5%": 2, "≥ 40%": 1}


def test_bands_of_a_collapse_are_its_effects() -> None:
    found = [groups.band(case("collapsed", e1=e1)) for e1 in (0.05, 0.0999, 0.1, 0.15, 0.399, 0.4)]
    assert [groups.BANDS.index(name) for name in found] == [0, 0, 1, 2, 2, 3]
    assert groups.band(case("grey", e1=0.04)) == "grey"


def test_the_report_says_how_much_of_the_plan_its_rates_are_of() -> None:
    labels = [case(id="a"), case("collapsed", id="b", e1=0.07), case("collapsed", id="old")]
    verdicts = [case(id="a"), case(id="a", mode="no_reference"), case("collapsed", "failed", id="b", e1=0.07)]
    one = plan.progress("table", {"a", "b", "c", "d"}, {"a", "c", "elsewhere"}, labels, verdicts)
    rows = {row[1]: row[2:] for row in plan.rows(one)}
    assert (rows["planned"][0], rows["left out: too few rows"][0]) == ("4", "1")
    assert (rows["labelled"], rows["benign"]) == (["2", "2", "1"], ["1", "1", "1"])
    assert (rows["collapsed 5–10 %"], rows["collapsed 15–40 %"]) == (["1", "1", "0"], ["0", "0", "0"])
    missing, unplanned = plan.gaps([one])
    assert "Of 4 datasets 1 are neither" in missing
    assert "0 have no verdict with a reference, 1 none without" in missing
    assert "1 labelled datasets that the plan no longer has" in unplanned
    assert not list(plan.gaps([plan.progress("table", {"a"}, (), labels[:1], verdicts[:2])]))


def test_targets_show_sources_and_shifts() -> None:
    cases = [case(source=source) for source in "abc"] + [case("shift", "collapse")]
    shown = "\n".join(tables.targets(cases))
    assert "| false positives | below 5% | 0 of 3 (0.0%) | 63.2% | – | 0 of 3, at most 63.2% |" in shown
    assert "| shift called collapse | none | 1 of 1 (100.0%) | 100.0% | – | 1 of 1, at most 100.0% |" in shown
    assert "| shift called collapse | 1 of 1 (100.0%) |" in "\n".join(tables.rates(cases))


def test_a_calibration_error_says_of_what_it_is() -> None:
    cases = [case(), case(collapse_probability=None), case("collapsed"), case("collapsed", collapse_probability=None)]
    shown = "\n".join(tables.rates([*cases, case("collapsed", collapse_probability=None)]))
    assert "0.000 of 2 datasets; without a probability: 1 benign and 2 collapsed" in shown


def test_firm_verdicts_on_grey_and_shift_are_listed_and_failures() -> None:
    pairs = [(label, verdict) for label in ("grey", "shift") for verdict in ("clear", "collapse")]
    firm = [case(label, verdict, id=f"{label}-{verdict}") for label, verdict in pairs]
    failed = case("benign", "failed", id="broken", excess_loss=None)
    listed = "\n".join(tables.odd([*firm, failed, case("grey", "inconclusive", id="as it should")]))
    assert all(f"{label}-{verdict}" in listed for label, verdict in pairs)
    assert "broken" in listed
    assert "as it should" not in listed


def test_undecided_ones_are_listed_where_a_reference_was_given() -> None:
    undecided = case(verdict="inconclusive", id="here")
    missed = case("collapsed", "clear", id="there", mode="no_reference", excess_loss=None)
    listed = "\n".join(tables.odd([undecided, missed, undecided | {"mode": "no_reference", "id": "nowhere"}]))
    assert "here" in listed
    assert "there" in listed
    assert "nowhere" not in listed


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the report, with results that hold nothing yet."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    return tmp_path


def test_a_report_of_nothing_says_so(folder: Path) -> None:
    (folder / "collapsebench").mkdir()
    (folder / "collapsebench" / "development-roc.svg").write_text("of earlier results")
    document.write(folder)
    written = (folder / "collapsebench.md").read_text()
    assert "needs 149 more cases" in written
    assert "**Text: the plan is incomplete.** Of 360 datasets 360 are neither" in written
    assert "**ROC** is left out" in written
    assert not list(folder.glob("collapsebench/*.svg"))


def test_a_report_is_the_same_for_the_same_results(folder: Path) -> None:
    spoilt = {"label": "collapsed", "e1": 0.2}
    models = ("byte 5-gram", "tier 1", "tier 2", "tier 10")
    ladder = json.dumps([rung(model, -0.01, 0.02) for model in models])
    for number, label in enumerate(({"label": "benign", "e1": 0.0}, spoilt, spoilt)):
        known = {"id": str(number), "registration": digest("table"), "content": "x", "null_bound": 0.01}
        results.add("labels", {key: case()[key] for key in OF_A_LABEL} | known | label)
        found = case(rungs=ladder, timings=json.dumps(TIMINGS), excess_loss=0.1 * number)
        results.add("detections", found | {"id": str(number), "verdict": "collapse" if number else "clear"})
        blind = found | {"mode": "no_reference", "verdict": "inconclusive", "excess_loss": None, "rungs": "[]"}
        results.add("detections", blind | {"id": f"{number}@no_reference"})
        null = f"diamonds/{number}/fingerprint/{digest('table')}"
        results.add("null", {"id": null, "source": "diamonds", "draw": number, "loss": 0.5 + number / 1000})
    broken: dict[str, Any] = {
        "verdict": "failed",
        "excess_loss": None,
        "collapse_probability": None,
        "cpu_seconds": None,
    }
    known = {"id": "4", "registration": digest("table"), "content": "x", "null_bound": 0.01, "split": "test"}
    results.add("labels", {key: case()[key] for key in OF_A_LABEL} | spoilt | known)
    results.add("detections", case(**broken, peak_megabytes=None) | {"id": "4", "split": "test"})
    for number, content in ((5, "x"), (6, "other rows")):
        results.add("labels", {key: case()[key] for key in OF_A_LABEL} | spoilt | known | {"id": str(number)})
        later = {"id": str(number), "split": "test", "commit": "def", "content": content}
        results.add("detections", case("collapsed", "collapse") | later)
    document.write(folder)
    first = {path.name: path.read_text() for path in folder.rglob("*") if path.suffix in (".md", ".svg")}
    document.write(folder)
    assert first == {path.name: path.read_text() for path in folder.rglob("*") if path.suffix in (".md", ".svg")}
    figures = {name for name in first if name.endswith(".svg")}
    assert len({name for name in figures if not name.startswith("test-")}) == 8
    assert all(f"(collapsebench/{name})" in first["collapsebench.md"] for name in figures)
    assert "| without | inconclusive | below 30% | 3 of 3 (100.0%)" in first["collapsebench.md"]
    assert "**The verdicts are of more than one commit**: 1 at abc; 1 at def." in first["collapsebench.md"]
    assert "because the label of their candidate is of other rows: 1." in first["collapsebench.md"]
    assert "| tier 1 | 28 | 3 of 3 (100.0%) | 2 of 3 (66.7%)" in first["collapsebench.md"]


def test_mechanisms_are_those_of_collapse_and_what_looked_foreign() -> None:
    cases = [
        case("collapsed", "collapse", mechanism="narrowed", route="recursive"),
        case("collapsed", "inconclusive", mechanism="shift", route="recursive"),
        case("collapsed", "inconclusive", mechanism="duplicated", route="duplicated"),
        case("benign", "clear"),
    ]
    lines = list(tables.mechanisms(cases, groups.type_of, "type", tuple(groups.TYPES)))
    assert lines[0] == (
        "| type | collapse, none | collapse, narrowed | collapse, duplicated | collapse, noisy | collapse, other "
        "| another domain |"
    )
    assert lines[2:] == ["| written by models |  | 1 |  |  |  | 1 |", ""]

"""What is stored of a run: failures of the detector, candidates left out, and whose measurements they are."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.collapsebench import __main__ as main
from benchmarks.collapsebench import detect, fit_dimensions, fit_links, labels, results
from benchmarks.collapsebench.candidates import Candidate
from benchmarks.collapsebench.fit_alone import cases as alone
from benchmarks.collapsebench.pools import TooSmall
from benchmarks.collapsebench.registration import digest

CANDIDATE = Candidate("development", "table", "diamonds", "draw")
OTHER = Candidate("development", "table", "diamonds", "draw", seed=1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(Candidate, "content", lambda self, _: f"rows of {self.seed}")
    monkeypatch.setattr(detect, "commit", lambda: "abc")
    return tmp_path


def tasks_of(monkeypatch: pytest.MonkeyPatch, chosen: list[Candidate]) -> list[Any]:
    """What a run with a reference would measure of labelled candidates."""
    found: list[Any] = []
    monkeypatch.setattr(main, "_run_all", lambda tasks, _: found.extend(tasks))
    monkeypatch.setattr(main, "_unlabelled", lambda _: [])
    main.run(chosen, 0.0, mode="with_reference")
    return [what for _, (what, _) in found]


def test_a_detector_that_fails_leaves_a_row_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> dict[str, Any]:
        raise subprocess.CalledProcessError(1, "synthos", "", "Traceback\nMemoryError: too much\n")

    monkeypatch.setattr(main, "detect", fails)
    assert main.detect_one((CANDIDATE, "with_reference")).startswith("FAILED")
    row = results.read("detections")[CANDIDATE.id]
    assert (row["verdict"], row["mechanism"], row["reason"]) == ("failed", "none", "MemoryError: too much")
    assert all(row[name] is None for name in ("excess_loss", "low", "high", "collapse_probability", "cpu_seconds"))
    assert tasks_of(monkeypatch, [CANDIDATE]) == [CANDIDATE]
    results.add("detections", row | {"verdict": "clear"})
    assert tasks_of(monkeypatch, [CANDIDATE]) == []


def test_no_verdict_on_the_output_is_a_failure_of_the_detector(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter = folder / "bin" / "python"
    interpreter.parent.mkdir()
    (interpreter.parent / "synthos").write_text("#!/bin/sh\necho no JSON\n")
    (interpreter.parent / "synthos").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    with pytest.raises(subprocess.CalledProcessError):
        detect._run([], folder)


def test_a_verdict_before_a_new_fit_is_measured_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in detect.FITTED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")
    monkeypatch.setattr(detect, "files", lambda _: folder)
    results.add("detections", detect.failure(CANDIDATE, main._workshop(), "with_reference", "") | {"verdict": "clear"})
    assert tasks_of(monkeypatch, [CANDIDATE]) == []
    before, code = detect.fitted_engine(), detect.unfitted_engine()
    for name in detect.FITTED:
        (folder / name).write_text("{1}")
        assert tasks_of(monkeypatch, [CANDIDATE]) == [CANDIDATE]
        (folder / name).write_text("{}")
    (folder / name).write_text("{2}")
    assert detect.fitted_engine() != before
    assert detect.unfitted_engine() == code, "evidence does not depend on what is fitted to it"


def test_labels_measured_anew_are_told_beside_those_of_the_repository(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labelled(CANDIDATE, "x")
    monkeypatch.setattr(results, "COMMITTED", folder / "results")
    monkeypatch.setattr(results, "FOLDER", folder / "new" / "results")
    assert list(main._beside_committed([CANDIDATE])) == ["\nLabels as in the repository: 0 of 0"]
    labelled(CANDIDATE, "x")
    same, line = main._beside_committed([CANDIDATE])
    assert same.endswith("1 of 1")
    assert line == f"  {CANDIDATE.id}: E1 +10.00% here, +10.00% there, the same rows"
    results.add("labels", results.read("labels")[CANDIDATE.id] | {"label": "benign", "content": "y", "e1": 0.0})
    other, line = main._beside_committed([CANDIDATE])
    assert other.endswith("0 of 1")
    assert line.endswith("E1 +0.00% here, +10.00% there, other rows")


def test_a_candidate_without_enough_rows_is_known_to_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_small(*_: object) -> dict[str, Any]:
        raise TooSmall("diamonds")

    monkeypatch.setattr(labels, "label", too_small)
    assert main.label_one(CANDIDATE).startswith("left out")
    assert results.read("left_out")[CANDIDATE.id]["registration"] == digest("table")


def labelled(candidate: Candidate, content: str) -> None:
    row = {"registration": digest("table"), "content": content, "e1": 0.1, "label": "collapsed"}
    results.add("labels", candidate.described() | row)


def test_links_are_fitted_to_evidence_of_this_engine_on_these_rows(capsys: pytest.CaptureFixture[str]) -> None:
    effects = {"ranked": (0.1, 0.01), "bits": (0.2, 0.01)}
    good = {"content": "x", "engine": detect.unfitted_engine(), "modality_read": "table"}
    spoilt: list[dict[str, Any]] = [
        {"engine": "0/0"},
        {"content": "y"},
        {"effects": json.dumps({"other": (0.1, 0.01)})},
    ]
    for seed, other in enumerate([{}, {}, *spoilt]):
        candidate = Candidate("development", "table", "diamonds", "draw", seed=seed)
        labelled(candidate, "x")
        results.add("evidence", {"id": candidate.id, "effects": json.dumps(effects)} | good | other)
    names, cases = fit_links.cases_of("table")
    assert names == ["ranked", "bits"]
    assert np.allclose(cases.x, np.log1p([[0.1, 0.2]] * 2))
    assert "left out 2 with evidence of another engine or of other rows, 1 of other effects" in capsys.readouterr().out


def test_nothing_is_fitted_to_other_rows_than_were_labelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled(CANDIDATE, "rows of 0")
    labelled(OTHER, "rows of an older package")
    for module in (fit_dimensions, alone):
        monkeypatch.setattr(module, "candidates", lambda *_: [CANDIDATE, OTHER])
    monkeypatch.setattr(fit_dimensions, "_excess", lambda *_: {})
    monkeypatch.setattr(Candidate, "table", lambda *_: None)
    monkeypatch.setattr(alone, "measured", lambda _: {})
    assert len(list(fit_dimensions.measured("table", results.read("labels")))) == 1
    assert len(alone.labelled("table")) == 1
    assert capsys.readouterr().err.count("left out 1 whose label is of other rows") == 2


def _broken(what: str) -> str:
    raise KeyError(what)


def _fine(what: str) -> str:
    return f"{what}: measured"


def test_a_task_that_breaks_does_not_end_the_others() -> None:
    with ThreadPoolExecutor(2) as pool:
        said = list(main._in_turn(pool, [(_broken, "one"), (_fine, "two"), (_fine, "three")], time.monotonic() + 60))
    assert sorted(said) == ["FAILED one: KeyError('one')", "three: measured", "two: measured"]

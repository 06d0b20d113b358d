"""The demo's two datasets on the cluster, with the preset that users get: one clear, one collapse."""

from __future__ import annotations

import json
from pathlib import Path

from hack.deploy import Deployment
from hack.runs import Runs, phase

SECONDS = 900


def test_the_healthy_dataset_is_clear_and_the_collapsed_one_is_not(
    deployment: Deployment, runs: Runs, uris: dict[str, str], name: str, tmp_path: Path
) -> None:
    names = {kind: f"{name}-{kind}" for kind in ("healthy", "collapsed")}
    for kind, run_name in names.items():
        spec = {"dataset": {"uri": uris[kind]}, "reference": {"uri": uris["reference"]}, "cascade": {"preset": "nano"}}
        runs.create(run_name, spec)
    found = {kind: runs.wait_finished(run_name, SECONDS) for kind, run_name in names.items()}
    assert {kind: phase(run) for kind, run in found.items()} == {"healthy": "Complete", "collapsed": "Complete"}
    verdicts = {kind: run["status"]["verdict"] for kind, run in found.items()}
    assert {kind: v["verdict"] for kind, v in verdicts.items()} == {"healthy": "clear", "collapsed": "collapse"}
    assert verdicts["healthy"]["riskScore"] < verdicts["collapsed"]["riskScore"]
    for kind, verdict in verdicts.items():
        document = deployment.download(verdict["verdictUri"], tmp_path / kind / "verdict.json")
        written = json.loads(document.read_text())
        assert written["verdict"] == verdict["verdict"]
        assert written["effect"] == verdict["judgement"]["effect"]
        report = deployment.download(verdict["reportUri"], tmp_path / kind / "report.html").read_text()
        assert "<svg" in report

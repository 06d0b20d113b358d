"""The client for people: what it shows, and that a lost connection does not end its watch."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from synthos_operator.facade import client
from synthos_operator.facade.pb import validation_pb2 as pb
from synthos_operator.facade.serve import Facade

from .conftest import QUICK, options
from .fakes import FakeCluster, model


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_progress_line() -> None:
    message = pb.CascadeProgress(
        current_tier=2,
        current_variant=1,
        models_completed=10,
        models_total=18,
        progress_percent=50,
        current_loss=2.3456,
        cost_usd=123.456,
        eta_seconds=3725,
        state="training",
    )
    assert client.progress_line(message) == (
        "[###############...............]  50.0 %  training  models 10/18  tier 2 model 1  "
        "loss 2.346 bits/byte  ETA 1:02:05  $123.46"
    )


def test_on_a_terminal_one_line_renews_itself_and_notes_stay() -> None:
    out = Terminal()
    screen = client.Screen(out)
    screen.progress("one", "k")
    screen.note("a result")
    screen.progress("two", "k")
    assert out.getvalue() == "\r\x1b[Kone\r\x1b[Ka result\n\r\x1b[Ktwo"


def test_elsewhere_plain_lines_and_no_repetition() -> None:
    out = io.StringIO()
    screen = client.Screen(out)
    for line, key in (("one", "1"), ("one again", "1"), ("two", "2")):
        screen.progress(line, key)
    screen.note("a result")
    assert out.getvalue() == "one\ntwo\na result\n"


async def test_train_goes_on_over_a_restart_of_the_facade(
    cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client, "RETRY_SECONDS", (0.2,) * 50)
    async with Facade(options(), cluster, QUICK) as first:
        arguments = f"--target 127.0.0.1:{first.port} --no-mtls train --dataset-id ds --validation-id v".split()
        arguments += ["--sample", "s3://bucket/x", "--preset", "nano"]
        running = asyncio.create_task(asyncio.to_thread(client.main, arguments))
        while "v" not in cluster.names():
            await asyncio.sleep(0.02)
        await cluster.tier("v", 1, phase="Training", results=[model(1, 1)])
        await asyncio.sleep(0.5)
    async with Facade(options(port=first.port), cluster, QUICK):
        await cluster.tier("v", 1, phase="Complete", results=[model(1, 1), model(1, 2)])
        await cluster.status("v", phase="Judging")
        assert await running == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("tier 1 model 1:") for line in lines) == 1
    assert sum(line.startswith("tier 1 model 2:") for line in lines) == 1
    assert any("trying again" in line for line in lines)
    assert lines[-1] == "the cascade is over"


def test_the_verdict_in_lines_says_what_was_not_computed() -> None:
    missing = pb.ErrorInfo(code=1000, message="regions are not computed")
    answers = client.Answers(
        pb.CollapseResponse(verdict="collapse", reason="why", collapse_detected=True, severity="severe"),
        pb.PredictionResponse(final_risk_score=93),
        pb.LocalizationResponse(error=missing),
        pb.RecommendationResponse(),
    )
    expected = ["verdict: COLLAPSE", "reason: why", "risk: 93 of 100", "kind: severe", "regions are not computed"]
    assert client.verdict_lines(answers) == expected


async def test_train_that_ends_in_an_error(
    facade: Facade, cluster: FakeCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = f"--target 127.0.0.1:{facade.port} --no-mtls train --dataset-id ds --validation-id v".split()
    running = asyncio.create_task(asyncio.to_thread(client.main, [*arguments, "--sample", "s3://bucket/x"]))
    while "v" not in cluster.names():
        await asyncio.sleep(0.02)
    error = {"code": 1001, "message": "s3://bucket/x: not found"}
    await cluster.status("v", phase="Failed", error=error)
    assert await running == 1
    assert "error 1001: s3://bucket/x: not found" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--target", "x:1", "train"],
        ["--target", "x:1", "--no-mtls"],
        ["--target", "x:1", "--no-mtls", "--cert-dir", "/x", "result", "--validation-id", "v"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        client.main(arguments)
    assert left.value.code == 2


def test_missing_certificates(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--target", "x:1", "--cert-dir", str(tmp_path), "result", "--validation-id", "v"]
    assert client.main(arguments) == 2
    assert "ca.crt" in capsys.readouterr().err

"""The report: self-contained, escaped, complete."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest

from synthos_api.results import ModelResult, RootCause, VerdictDocument
from synthos_api.v1alpha1 import CascadeSpec, TierSpec
from synthos_engine.report import render
from synthos_engine.verdict import judge
from tests.unit.engine.verdict.test_rule import cascade

NASTY = 's3://bucket/<script>alert("x")</script>&.parquet'


def document(models: list[ModelResult], *, with_reference: bool = True) -> VerdictDocument:
    judgement = judge(models, with_reference=with_reference)
    dataset = {"uri": NASTY, "rows": 100} | ({"reference_uri": "/data/ref.parquet"} if with_reference else {})
    return VerdictDocument(
        **judgement.model_dump(),
        dataset=dataset,
        cascade={"preset": "nano", "models": len(models)},
        engine_version="0.1.0",
        seed=7,
        timings={"profile": 1.2},
    )


def with_curves(models: list[ModelResult]) -> list[ModelResult]:
    curves = {"loss_curve": [5.0, 3.0, 2.5], "reference_loss_curve": [5.0, 2.8, 2.2]}
    return [model.model_copy(update=curves) for model in models]


class Checker(HTMLParser):
    """Balance of the elements, and every address that a browser would fetch."""

    VOID = ("meta", "br", "link", "img", "input", "hr", "path", "use", "rect", "circle", "stop")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.fetched += [
            v or "" for k, v in attrs if k in ("src", "href", "xlink:href") and not (v or "").startswith("#")
        ]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_a_cascade_of_ones_own_is_given_with_the_command() -> None:
    made = document(cascade(0.0))
    tiers = [{"tier": 1, "modelSize": 30_000, "variants": 2, "trainingRows": 500}]
    html = render(made.model_copy(update={"cascade": {"architecture": "resonance_nn", "tiers": tiers}}), [])
    assert "--cascade cascade.json" in html
    shown = unescape(html.split("<code>cascade.json</code>:</p>")[1].split("<pre>")[1].split("</pre>")[0])
    assert CascadeSpec.model_validate(json.loads(shown), extra="forbid").tiers == [TierSpec.model_validate(tiers[0])]


@pytest.mark.parametrize("excess", [0.0, 0.3])
def test_the_report_is_self_contained_and_escaped(excess: float) -> None:
    models = with_curves(cascade(excess, foreign=-0.2))
    html = render(document(models), models)
    checker = Checker()
    checker.feed(html)
    assert checker.open == []
    assert checker.fetched == []
    assert "script" not in checker.seen
    assert "&lt;script&gt;" in html
    assert not re.search(r"@import|url\((?!#)", html)
    assert html.count("<svg") == 2


def test_the_report_says_what_was_found_and_what_was_not() -> None:
    models = with_curves(cascade(0.3, foreign=-0.2))
    html = render(document(models), models)
    assert "Collapse" in html
    assert "+30.0 %" in html
    assert "Which rows cause the effect" in html
    assert "--reference /data/ref.parquet --cascade nano --seed 7" in html


def test_root_causes_are_shown_or_missed() -> None:
    models = cascade(0.3, foreign=-0.2)
    assert "Root causes:" in render(document(models), models)
    causes = [RootCause(cause="repeated rows", percentage=80, description="80% of <rows>")]
    html = render(document(models).model_copy(update={"root_causes": causes}), models)
    assert "<td>repeated rows</td>" in html
    assert "80 %" in html
    assert "80% of &lt;rows&gt;" in html
    assert "Root causes:" not in html
    assert "Root causes" not in render(document(cascade(0.0)), models)


def test_without_a_reference_there_is_no_comparison() -> None:
    models = [ModelResult(tier=1, variant=1, model_size=30_000, loss_curve=[5.0, 3.0])]
    html = render(document(models, with_reference=False), models)
    assert "there was no reference" in html
    assert html.count("<svg") == 1


def test_the_same_input_gives_the_same_bytes() -> None:
    models = with_curves(cascade(0.1))
    assert render(document(models), models) == render(document(models), models)

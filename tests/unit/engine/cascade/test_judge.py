"""From samples to verdict.json and report.html: three tiers really trained, seconds in all."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from synthos_api.errors import DatasetNotFound
from synthos_api.phases import REPORT, VERDICT_DOCUMENT, PhaseOutcome, tier_result
from synthos_api.progress import Progress
from synthos_engine.cascade.judge import run_verdict
from synthos_engine.cascade.tier import run_tier
from synthos_engine.context import PhaseContext
from synthos_engine.data.artifacts import write_outcome
from tests.unit.engine.cascade.samples import collapsed, config, sentences, store_with, tier
from tests.unit.engine.stores import MemoryStore

TIERS = [tier(1, steps=60, variants=3, rows=500), tier(2, steps=60, variants=2, rows=1000)]
REFERENCE = sentences(3000, 2)
KEYS = {
    "verdict",
    "collapse_probability",
    "risk_score",
    "collapse_type",
    "severity",
    "mode",
    "mechanism",
    "reason",
    "effect",
    "dimensions",
    "predicted_accuracy",
    "confidence",
    "scaling",
    "root_causes",
    "regions",
    "ablations",
    "recommendations",
    "dataset",
    "cascade",
    "engine_version",
    "seed",
    "timings",
}


def judged(
    candidate: list[str], reference: list[str] | None, seed: int = 0, *, stop_when_certain: bool = False
) -> tuple[dict[str, Any], MemoryStore]:
    store = store_with(candidate, reference)
    settings = config(TIERS, reference=reference is not None, seed=seed)
    settings = settings.model_copy(update={"stop_when_certain": stop_when_certain})
    for spec in TIERS:
        of_tier = settings.model_copy(update={"tier": spec.tier})
        outcome = PhaseOutcome(tier=run_tier(PhaseContext(of_tier, store)))
        write_outcome(store, tier_result(spec.tier), of_tier, outcome, {"seconds": 1.5})
    context = PhaseContext(settings.model_copy(update={"phase": "Verdict", "tier": None}), store)
    result = run_verdict(context)
    document: dict[str, Any] = json.loads(store.read_bytes(VERDICT_DOCUMENT))
    assert result.judgement.verdict == document["verdict"]
    assert (result.verdict_uri, result.report_uri) == (store.uri(VERDICT_DOCUMENT), store.uri(REPORT))
    return document, store


def test_a_collapsed_dataset_is_called_collapse() -> None:
    document, store = judged(collapsed(1000), REFERENCE)
    assert (document["verdict"], document["mechanism"]) == ("collapse", "narrowed"), document["reason"]
    assert document["effect"]["interval"][0] > 0.05
    assert document["risk_score"] > 95
    assert set(document) == KEYS
    assert document["timings"].keys() == {"tier 1", "tier 2", "verdict"}
    assert document["cascade"]["models"] == 5
    rungs = {rung["model"]: rung for rung in document["effect"]["rungs"]}
    assert list(rungs) == ["byte 5-gram", "nano-300k networks", "tier 1", "tier 2"]
    assert rungs["byte 5-gram"]["interval"][0] > 0.05
    assert rungs["tier 2"]["excess_loss"] > 0.05
    assert document["effect"]["excess_loss"] < rungs["byte 5-gram"]["excess_loss"], "other readers suffer less"
    failed = {d["dimension"] for d in document["dimensions"] if d["passed"] is False}
    assert {"distribution fidelity", "diversity retention", "rare pattern handling"} <= failed
    assert document["collapse_type"] in ("Type A", "Type C")
    statistics = document["dataset"]["dimension_statistics"]
    assert statistics["rare pattern handling"]["value"] > statistics["rare pattern handling"]["null_mean"]
    assert sum(cause["percentage"] for cause in document["root_causes"]) == 100
    report = store.read_bytes(REPORT).decode()
    assert "<svg" in report
    assert "Collapse" in report
    assert "Root causes" in report
    assert "Health by dimension" in report


@pytest.mark.parametrize("candidate", [collapsed(1000), sentences(1000, 1)], ids=["collapsed", "real"])
def test_what_is_certain_takes_no_model_and_has_the_same_verdict(candidate: list[str]) -> None:
    whole, _ = judged(candidate, REFERENCE)
    short, store = judged(candidate, REFERENCE, stop_when_certain=True)
    assert (short["verdict"], short["effect"]["excess_loss"]) == (whole["verdict"], whole["effect"]["excess_loss"])
    assert (whole["cascade"]["models"], short["cascade"]["models"]) == (5, 0)
    assert "<svg" in store.read_bytes(REPORT).decode()


@pytest.mark.parametrize("candidate", [sentences(1000, 1), REFERENCE], ids=["another draw", "the reference itself"])
def test_real_data_of_the_same_source_are_not_called_collapse(candidate: list[str]) -> None:
    document, _ = judged(candidate, REFERENCE)
    assert document["verdict"] != "collapse", document["reason"]
    assert not [d for d in document["dimensions"] if d["passed"] is False]
    assert document["collapse_type"] == ""
    assert document["root_causes"] == []
    low, high = document["effect"]["interval"]
    assert low < 0.05
    assert low <= document["effect"]["excess_loss"] <= high


def test_one_row_over_and_over_is_judged_too() -> None:
    few = [f"the same row again and again, word for word {i}" for i in range(5)]
    document, _ = judged(few * 300, REFERENCE)
    assert (document["verdict"], document["mechanism"]) == ("collapse", "duplicated"), document["reason"]
    assert document["root_causes"][0]["cause"] == "repeated rows"
    assert document["root_causes"][0]["percentage"] > 80


def test_a_few_long_documents_of_another_domain_are_not_called_collapse() -> None:
    rng = np.random.default_rng(0)
    letters = list("zxqvwyjkp ")
    foreign = ["".join(rng.choice(letters, 4000)) for _ in range(20)]
    document, _ = judged(foreign, REFERENCE)
    assert (document["verdict"], document["risk_score"]) == ("inconclusive", None), document["reason"]


def test_without_a_reference_the_dataset_is_judged_by_itself() -> None:
    document, _ = judged(sentences(2000, 1), None)
    assert (document["verdict"], document["mode"]) != ("clear", "no_reference")
    assert 0 <= document["collapse_probability"] <= 1
    assert not any(document["effect"].values())
    assert [d["score"] for d in document["dimensions"]] == [None] * 6
    document, _ = judged(sentences(150, 1) * 10, None)
    assert (document["verdict"], document["mechanism"]) == ("collapse", "duplicated"), document["reason"]


def test_a_missing_tier_is_an_error() -> None:
    settings = config(TIERS).model_copy(update={"phase": "Verdict"})
    seen: list[Progress] = []
    with pytest.raises(DatasetNotFound, match=r"tier-1/result\.json"):
        run_verdict(PhaseContext(settings, store_with(sentences(100, 1), REFERENCE), seen.append))
    assert seen[0].phase == "Verdict"

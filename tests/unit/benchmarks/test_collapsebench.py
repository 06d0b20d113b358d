"""CollapseBench: disjoint parts, candidates that are what they say, honest arithmetic, nothing lost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.collapsebench import candidates, labels, results, statistics
from benchmarks.collapsebench.generators import FAMILIES, generate, gru, resonance
from benchmarks.collapsebench.labels import Null, classify
from benchmarks.collapsebench.modalities import MODALITIES
from benchmarks.collapsebench.modalities.text import TEXT, real, size_of
from benchmarks.collapsebench.pools import Pools, TooSmall, pools
from benchmarks.collapsebench.registration import Split, digest, modality_of, registered, registration, split_of
from benchmarks.collapsebench.routes.text import ROUTES
from benchmarks.collapsebench.sources import markup
from benchmarks.collapsebench.sources.text import Text
from benchmarks.collapsebench.statistics import Rate

WORDS = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in ("lto", "nda", "rmi", "sku", "ten")]


def text(rows: int, seed: int = 0) -> Text:
    rng = np.random.default_rng(seed)
    made = dict.fromkeys(" ".join(rng.choice(WORDS, rng.integers(20, 60))) for _ in range(rows))
    return Text(tuple(made), tuple(i // 50 for i in range(len(made))))


def parts(source: str, content: Text) -> Pools:
    whole = real(source, content)
    return pools(source, whole, TEXT.sizes(whole), weight=TEXT.weight, key=TEXT.key)


class SmallWorkshop:
    """As the real one, on made-up rows, and with a generator that writes at once."""

    def __init__(self) -> None:
        self.made = {source: parts(source, text(8000, i)) for i, source in enumerate(["python-doc", "git-doc"])}

    def pools(self, source: str) -> Pools:
        return self.made[source]

    def generated(self, source: str, family: str, generation: int, temperature: float, seed: int) -> Sequence[str]:
        return [f"written {generation} {i} " + "x" * 200 for i in range(1000)]


@pytest.fixture(scope="module")
def workshop() -> SmallWorkshop:
    return SmallWorkshop()


def test_no_row_is_in_two_parts_and_no_document_of_the_section_elsewhere() -> None:
    whole = text(8000)
    made = parts("python-doc", whole)
    every = [made.holdout, *made.draws, made.reference, made.base, made.spare, made.section]
    assert sum(map(len, every)) == len(set().union(*every)) == len(whole.rows)
    document = dict(zip(whole.rows, whole.documents, strict=True))
    apart = {document[row] for row in made.section}
    assert apart
    assert not apart & {document[row] for part in every[:-1] for row in part}
    assert parts("python-doc", whole) == made
    with pytest.raises(TooSmall):
        parts("python-doc", text(500))


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("split", ["development", "test"])
def test_each_candidate_belongs_to_its_split_alone(split: Split, modality: str) -> None:
    chosen = candidates.candidates(split, [modality])
    assert len({c.id for c in chosen}) == len(chosen)
    for candidate in chosen:
        assert candidate.modality == modality == modality_of(candidate.source)
        assert split_of(modality, "sources", candidate.source) == split
        assert not candidate.generator or split_of(modality, "generators", candidate.generator) == split
        assert split_of(modality, "sources", candidate.parameters.get("source", candidate.source)) == split
    assert {c.route for c in chosen} == set(MODALITIES[modality].routes)


def test_what_is_registered_is_there_and_no_name_twice() -> None:
    splits: tuple[Split, Split] = ("development", "test")
    sources = [s for m in MODALITIES for split in splits for s in registered(m, split, "sources")]
    assert len(set(sources)) == len(sources)
    for name, modality in MODALITIES.items():
        families = [f for split in splits for f in registered(name, split, "generators")]
        assert sorted(families) == sorted(modality.families)


def test_text_is_as_it_was_when_its_labels_were_measured() -> None:
    """Labels are void when this changes. (An intended change changes these two digests.)"""
    assert digest("text") == "d9e54cd4b3f8"
    every = "\n".join(c.id for split in ("development", "test") for c in candidates.candidates(split, ["text"]))
    assert hashlib.sha256(every.encode()).hexdigest()[:12] == "1d392f44f71d"


def test_the_test_split_can_reach_its_bounds() -> None:
    """As many candidates as the counts ask for: 149 that could be collapsed, 59 that could be benign."""
    chosen = candidates.candidates("test", ["text"])
    benign = [c for c in chosen if c.route in ("draw", "wrapped") or c.parameters.get("share", 1) <= 0.05]
    spoilt = [c for c in chosen if c.route not in ("draw", "wrapped", "section", "other-source") and c not in benign]
    assert len(spoilt) >= 149
    assert len(benign) >= 40  # a second modality brings the rest


def test_rows_of_a_candidate_follow_from_its_specification(workshop: SmallWorkshop) -> None:
    wanted = registration()["text"]["base_bytes"]
    seen = {}
    for candidate in candidates.candidates("development", ["text"]):
        if candidate.source != "python-doc" or candidate.parameters.get("source", "git-doc") != "git-doc":
            continue
        rows = candidate.rows(workshop)
        assert rows == candidate.rows(workshop)
        assert 0.94 * wanted < sum(map(size_of, rows)) < 1.05 * wanted, candidate.id
        seen[candidate.id] = rows
    assert {name.split("/")[1] for name in seen} == set(ROUTES)
    drawn = [set(rows) for name, rows in seen.items() if "/draw/" in name]
    assert sum(map(len, drawn)) == len(set().union(*drawn)), "draws of different seeds share rows"


def test_a_candidate_that_cannot_have_its_size_is_none(workshop: SmallWorkshop) -> None:
    far = candidates.Candidate("development", "text", "python-doc", "draw", seed=50)
    with pytest.raises(TooSmall, match="python-doc"):
        far.rows(workshop)


def test_routes_do_what_they_say(workshop: SmallWorkshop) -> None:
    def rows(route: str, **parameters: Any) -> list[str]:
        generator = "byte-ngram" if route == "recursive" else ""
        return candidates.Candidate("development", "text", "python-doc", route, generator, parameters).rows(workshop)

    source = workshop.pools("python-doc")
    assert set(rows("draw")) <= set(source.spare)
    assert set(rows("section")) <= set(source.section)
    assert set(rows("other-source", source="git-doc")) <= set(workshop.pools("git-doc").base)
    half = rows("recursive", generation=1, temperature=1.0, share=0.5)
    assert sum(row.startswith("written") for row in half) / len(half) == pytest.approx(0.5, abs=0.1)
    assert all(row.startswith("written 3") for row in rows("recursive", generation=3, temperature=0.8))
    five = rows("duplicated", times=5)
    assert len(set(five)) == pytest.approx(len(five) / 5, rel=0.1)
    mixed = rows("scrambled", share=1.0)
    words = {tuple(sorted(row.split(" "))) for row in source.base}
    assert {tuple(sorted(row.split(" "))) for row in mixed} <= words
    assert not set(mixed) & set(source.base)
    assert set(" ".join(rows("wrapped", columns=60)).split()) <= set(" ".join(source.base).split())
    noisy = rows("misspelt", share=0.1)
    assert not set(noisy) & set(source.base)
    assert max(map(size_of, rows("short-rows", share=0.2))) < max(map(size_of, source.base))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generator_writes_what_it_has_read_and_the_same_again(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gru, resonance):
        monkeypatch.setattr(module, "STEPS", 40)
        monkeypatch.setattr(module, "LONGEST", 100)
    for name, small in {"STEPS": 100, "BATCH": 8, "HIDDEN": 128}.items():
        monkeypatch.setattr(gru, name, small)
    rows = [" ".join(row.split()[:12]) for row in text(200).rows]
    written = generate(family, rows, 4000, 0.8, seed=1)
    assert 4000 <= sum(map(size_of, written)) < 6000
    known = set("".join(rows))
    assert np.mean([character in known for character in "".join(written)]) > 0.95
    assert generate(family, rows, 4000, 0.8, seed=1) == written
    assert generate(family, rows, 4000, 0.8, seed=2) != written


def test_classes_are_as_registered() -> None:
    quiet, loud = Null.of([2.50, 2.51, 2.49, 2.50]), Null.of([2.3, 2.7, 2.4, 2.6])
    assert quiet.bound < 0.02 < 0.05 < loud.bound
    assert [classify(e, quiet, "recursive") for e in (-0.1, 0.019, 0.03, 0.05)] == [
        "benign",
        "benign",
        "grey",
        "collapsed",
    ]
    assert classify(0.06, loud, "recursive") == "benign", "within what real draws differ by"
    assert classify(0.5, quiet, "other-source") == "shift"
    assert classify(0.0, quiet, "other-source") == "benign"
    assert set(labels.SHIFT_ROUTES) <= set(ROUTES)


def test_bounds_are_those_of_the_counts_that_were_planned() -> None:
    assert Rate(0, 59).upper < 0.05 < Rate(0, 58).upper
    assert Rate(0, 149).upper < 0.02 < Rate(0, 148).upper
    assert Rate(1, 93).upper < 0.05
    assert (Rate(3, 3).upper, Rate(0, 9).lower, Rate(0, 0).value) == (1.0, 0.0, None)


def test_a_verdict_belongs_to_a_label_of_the_same_rows() -> None:
    label, verdict = {"label": "benign", "content": "x"}, {"verdict": "clear", "content": "x"}
    other = verdict | {"content": "y"}
    assert statistics.joined({"a": label, "b": label, "c": label}, {"a": verdict, "b": other}) == [label | verdict]


def case(label: str, verdict: str, source: str = "a", excess: float = 0.0, probability: float = 0.0) -> dict[str, Any]:
    keys = {"label": label, "verdict": verdict, "source": source}
    return keys | {"excess_loss": excess, "collapse_probability": probability}


def test_rates_count_what_they_say() -> None:
    cases = [
        case("benign", "clear"),
        case("benign", "collapse", "b", 0.03),
        case("benign", "inconclusive"),
        case("collapsed", "collapse", excess=0.2, probability=1.0),
        case("collapsed", "clear", "b", 0.02),
        case("grey", "collapse"),
        case("shift", "collapse"),
    ]
    assert statistics.false_positives(cases) == Rate(1, 3)
    assert statistics.false_negatives(cases) == Rate(1, 2)
    assert statistics.undecided(cases) == Rate(1, 5)
    assert statistics.wrong(cases) == Rate(2, 4)
    assert statistics.area_under_roc(cases) == pytest.approx(5 / 6)
    assert statistics.calibration_error(cases) == pytest.approx(0.2)
    alone = [dict(c) | {"mode": "no_reference", "excess_loss": None} for c in cases]
    alone[0]["collapse_probability"], alone[3]["collapse_probability"] = 0.1, 0.9
    assert statistics.area_under_roc(alone) is not None
    clustered = statistics.clustered_upper(cases, statistics.false_positives)
    assert clustered == 1.0, "every error is in one of two sources"


def test_results_survive_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: results.add("labels", {"id": str(i), "e1": i / 10}), range(40)))
    results.add("labels", {"id": "3", "e1": 9.0, "new": "column"})
    found = results.read("labels")
    assert set(found) == {str(i) for i in range(40)}
    assert found["3"] == {"id": "3", "e1": 9.0, "new": "column"}
    assert found["4"]["new"] is None


def test_a_candidate_has_a_verdict_in_each_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    for mode, verdict in (("with_reference", "clear"), ("no_reference", "inconclusive"), ("no_reference", "collapse")):
        results.add("detections", {"id": "one", "mode": mode, "verdict": verdict})
    found = results.read("detections")
    assert {key: row["verdict"] for key, row in found.items()} == {"one": "clear", "one no_reference": "collapse"}
    assert results.keyed("one", "no_reference") in found


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        (
            "html",
            "<head><title>x</title></head><p>One <b>bold</b> word.<pre>code</pre><p>Two",
            ["One bold word.", "Two"],
        ),
        ("rst", "A :func:`call <x>` and ``code``.\n\n.. note:: no\n\n    code", ["A call and code."]),
        ("pod", "=head1 X\n\nSee L<perl> and B<I<this>>.\n\n  code", ["See perl and this."]),
        ("roff", ".TH X\n.PP\nUse \\fB\\-I\\fR to\n.B look\nhere.\n.PP\n", ["Use -I to look here."]),
        ("fortune", "One\n%\nTwo\n", ["One", "Two"]),
        ("dictionary", "a\n   first\nb\n   second", ["a first", "b second"]),
    ],
)
def test_paragraphs_of_markups(kind: str, content: str, expected: list[str]) -> None:
    found = [" ".join(paragraph.split()) for paragraph in markup.MARKUPS[kind](content)]
    assert [paragraph for paragraph in found if paragraph] == expected

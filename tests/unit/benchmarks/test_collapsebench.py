"""CollapseBench: disjoint parts, candidates that are what they say, honest arithmetic, nothing lost."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.collapsebench import candidates, labels, results, statistics
from benchmarks.collapsebench.generators import FAMILIES, generate, gru, resonance
from benchmarks.collapsebench.generators.sampling import Sampling
from benchmarks.collapsebench.generators.word_markov import WordMarkov
from benchmarks.collapsebench.labels import Null, classify
from benchmarks.collapsebench.modalities import MODALITIES
from benchmarks.collapsebench.modalities.text import TEXT, real, size_of
from benchmarks.collapsebench.pools import Pools, TooSmall, pools
from benchmarks.collapsebench.registration import Split, digest, modality_of, registered, registration, split_of
from benchmarks.collapsebench.routes.making import Making
from benchmarks.collapsebench.routes.text import ROUTES
from benchmarks.collapsebench.sources import markup
from benchmarks.collapsebench.sources.text import Text
from benchmarks.collapsebench.statistics import Rate

RNG = np.random.default_rng(0)
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

    def generated(self, source: str, family: str, generation: int, sampling: Sampling, seed: int) -> Sequence[str]:
        return [f"written {generation} {i} {sampling} " + "x" * 200 for i in range(1000)]


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


@pytest.mark.parametrize(
    ("modality", "registered_as", "first"),
    [
        ("text", "d9e54cd4b3f8", {"development": (186, "f82e2185f5c1"), "test": (360, "799b7517ef83")}),
        ("table", "361472f38743", {"development": (170, "9ae18e7e3873"), "test": (287, "58a419106c04")}),
        ("series", "af02a1200335", {"development": (283, "ed92f8b8c4c6"), "test": (158, "36058e3ec991")}),
    ],
)
def test_a_modality_is_as_it_was_when_its_labels_were_measured(
    modality: str, registered_as: str, first: dict[Split, tuple[int, str]]
) -> None:
    """Labels are void when the registration changes. Candidates may be added, but only after those that there were.

    The order of the test split was fixed before its first label, so it is the whole of it.
    """
    assert digest(modality) == registered_as
    for split, (count, known) in first.items():
        ids = [c.id for c in candidates.candidates(split, [modality])]
        assert hashlib.sha256("\n".join(ids[:count]).encode()).hexdigest()[:12] == known


def test_a_part_of_the_test_split_is_a_sample_of_it() -> None:
    """The development split begins with clear cases, the test split with what comes."""
    for modality in MODALITIES:
        sources = len(registered(modality, "test", "sources"))
        chosen = candidates.candidates("test", [modality])
        half = chosen[: len(chosen) // 2]
        assert {c.source for c in chosen[:sources]} == {c.source for c in chosen}, "sources take turns"
        assert len({(c.route, c.generator) for c in chosen[: 2 * sources]}) > sources / 2
        for group in ({"recursive", "accumulated"}, {"draw"}, {"draw", "ordered", "narrow-types", "wrapped"}):
            whole = sum(c.route in group for c in chosen) / len(chosen)
            assert sum(c.route in group for c in half) / len(half) == pytest.approx(whole, abs=0.09)


def test_the_test_split_can_reach_its_bounds() -> None:
    """As many candidates as the counts ask for: 149 that could be collapsed, 59 that could be benign."""
    chosen = candidates.candidates("test", ["text"])
    harmless = ("draw", "wrapped", "ordered", "deduplicated", "list-items", "typographic")
    benign = [c for c in chosen if c.route in harmless or c.parameters.get("share", 1) <= 0.05]
    spoilt = [c for c in chosen if c.route not in (*harmless, "section", "other-source") and c not in benign]
    assert len(spoilt) >= 149
    assert len(benign) >= 59


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
        generator = "byte-ngram" if route in ("recursive", "accumulated") else ""
        return candidates.Candidate("development", "text", "python-doc", route, generator, parameters).rows(workshop)

    source = workshop.pools("python-doc")
    assert set(rows("draw")) <= set(source.spare)
    assert set(rows("section")) <= set(source.section)
    assert set(rows("other-source", source="git-doc")) <= set(workshop.pools("git-doc").base)
    half = rows("recursive", generation=1, temperature=1.0, share=0.5)
    assert sum(row.startswith("written") for row in half) / len(half) == pytest.approx(0.5, abs=0.1)
    assert all(row.startswith("written 3") for row in rows("recursive", generation=3, temperature=0.8))
    narrow = rows("recursive", generation=1, temperature=1.0, top_k=10)
    assert all(row.split()[3] == "1.0-k10" for row in narrow), "the generator is told what to cut"
    beside = rows("accumulated", generations=3, temperature=1.0)
    parts_of = Counter(row.split()[1] if row.startswith("written") else "real" for row in beside)
    assert {name: count / len(beside) for name, count in parts_of.items()} == pytest.approx(
        dict.fromkeys(("real", "1", "2", "3"), 0.25), abs=0.06
    )
    five = rows("duplicated", times=5)
    assert len(set(five)) == pytest.approx(len(five) / 5, rel=0.1)
    mixed = rows("scrambled", share=1.0)
    words = {tuple(sorted(row.split(" "))) for row in source.base}
    assert {tuple(sorted(row.split(" "))) for row in mixed} <= words
    assert not set(mixed) & set(source.base)
    assert set(" ".join(rows("wrapped", columns=60)).split()) <= set(" ".join(source.base).split())
    in_order = rows("ordered")
    assert in_order == sorted(in_order)
    assert set(in_order) <= set(source.base)
    assert {row.removeprefix("- ") for row in rows("list-items")} <= set(source.base)
    noisy = rows("misspelt", share=0.1)
    assert not set(noisy) & set(source.base)
    assert max(map(size_of, rows("short-rows", share=0.2))) < max(map(size_of, source.base))


def test_near_duplicates_are_left_out_once() -> None:
    words = [f"w{i}" for i in range(40_000)]
    rows = [" ".join(words[i : i + 20]) for i in range(0, 40_000, 20)]
    likes = [f"{row} again" for row in rows[:300]]
    making = Making(TEXT, Fixed([*likes, *rows]), "python-doc", "", {"share": 0.2}, np.random.default_rng(0), 0)
    cleaned = ROUTES["deduplicated"](making)
    assert not set(cleaned) & set(rows[:300]), "the first of two stays"
    assert set(cleaned) & set(likes)
    assert set(ROUTES["deduplicated"](replace(making, parameters={"share": 1.0}))) & set(rows[:300])


class Fixed(SmallWorkshop):
    """Whose base are these rows, of which a candidate takes all but some."""

    def __init__(self, rows: Sequence[str]) -> None:
        size = round(0.8 * sum(map(size_of, rows)))
        self.made = {"python-doc": Pools((), (), (), rows, (), (), size)}


def test_type_is_set_where_it_belongs() -> None:
    making = Making(TEXT, Fixed(["""He said "no" ('never') - it's..."""] * 5), "python-doc", "", {}, RNG, 0)
    assert set(ROUTES["typographic"](making)) == {"He said “no” (‘never’) – it’s…"}


def test_a_truncation_leaves_the_likeliest() -> None:
    weights = np.array([[0.1, 0.4, 0.3, 0.2], [0.25, 0.25, 0.25, 0.25]])
    assert Sampling(0.7).truncated(weights) is weights, "bit by bit what it was without truncations"
    assert Sampling(top_k=2).truncated(weights).tolist() == [[0, 0.4, 0.3, 0], [0.25, 0.25, 0, 0]]
    assert Sampling(top_p=0.65).truncated(weights).tolist() == [[0, 0.4, 0.3, 0], [0.25, 0.25, 0.25, 0]]
    assert Sampling(top_p=0.65, top_k=1).truncated(5 * weights[0]).tolist() == [0, 2.0, 0, 0]
    assert [str(Sampling(0.8)), str(Sampling(1.0, 10, 0.9))] == ["0.8", "1.0-k10-p0.9"]
    assert Sampling(0.8).temperature_alone == 0.8
    with pytest.raises(ValueError, match="k10"):
        _ = Sampling(0.8, top_k=10).temperature_alone


@pytest.mark.parametrize("family", FAMILIES)
def test_a_generator_writes_what_it_has_read_and_the_same_again(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gru, resonance):
        monkeypatch.setattr(module, "STEPS", 40)
        monkeypatch.setattr(module, "LONGEST", 100)
    for name, small in {"STEPS": 100, "BATCH": 8, "HIDDEN": 128}.items():
        monkeypatch.setattr(gru, name, small)
    rows = [" ".join(row.split()[:12]) for row in text(200).rows]
    written = generate(family, rows, 4000, Sampling(0.8), seed=1)
    assert 4000 <= sum(map(size_of, written)) < 6000
    known = set("".join(rows))
    assert np.mean([character in known for character in "".join(written)]) > 0.95
    assert generate(family, rows, 4000, Sampling(0.8), seed=1) == written
    assert generate(family, rows, 4000, Sampling(0.8), seed=2) != written
    if family != "word-markov":  # how far it looks back is left to chance as well
        assert len(set(generate(family, rows, 2000, Sampling(top_k=1), seed=1))) == 1


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
    labels = {key: {"id": key, "label": "benign", "content": "x"} for key in "abc"}
    verdicts = {key: {"id": key, "verdict": "clear", "content": "x"} for key in "abd"}
    verdicts["b"]["content"] = "y"
    assert statistics.joined(labels, verdicts) == [labels["a"] | verdicts["a"]]
    assert statistics.of_other_rows(labels, verdicts) == [verdicts["b"]]


def test_a_candidate_has_a_verdict_of_each_mode() -> None:
    labels = {"a": {"id": "a", "label": "benign", "content": "x"}}
    plain = {"id": "a", "mode": "with_reference", "content": "x"}
    blind = {"mode": "no_reference", "content": "x"}
    for names in ({"id": "a"}, {"id": "a@no_reference"}, {"id": "another", "candidate": "a"}):
        found = statistics.joined(labels, {"a": plain, "its key": blind | names})
        assert [(case["id"], case["mode"]) for case in found] == [("a", "with_reference"), ("a", "no_reference")]


def case(label: str, verdict: str, source: str = "a", excess: float = 0.0, probability: float = 0.0) -> dict[str, Any]:
    keys = {"label": label, "verdict": verdict, "source": source, "mode": "with_reference"}
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
    clustered = statistics.clustered_upper(cases, statistics.false_positives)
    assert clustered == 1.0, "every error is in one of two sources"


def test_no_error_in_any_source_is_no_bound_of_zero() -> None:
    """Resampled sources without an error know nothing of the next source; the count of sources does."""
    right = [case("benign", "clear", source) for source in "abcde"]
    assert statistics.clustered_upper(right, statistics.false_positives) is None
    assert statistics.erring_sources(right, statistics.false_positives) == Rate(0, 5)
    assert Rate(0, 5).upper == pytest.approx(0.451, abs=0.001)
    wrong = [*right, *(case("benign", "collapse", "a") for _ in range(9)), case("collapsed", "clear", "f")]
    assert statistics.erring_sources(wrong, statistics.false_positives) == Rate(1, 5), "a source, not its cases"


def test_a_detector_that_failed_counts_as_undecided() -> None:
    failed = case("collapsed", "failed") | {"excess_loss": None, "collapse_probability": None}
    cases = [case("benign", "clear"), case("collapsed", "collapse", excess=0.2, probability=1.0), failed]
    assert statistics.undecided(cases) == Rate(1, 3)
    assert statistics.wrong(cases) == Rate(0, 2)
    assert statistics.false_negatives(cases) == Rate(0, 2), "it is one of the collapsed datasets"
    assert statistics.confusion(cases)["collapsed", "failed"] == 1
    assert statistics.area_under_roc(cases) == 1.0
    assert statistics.roc(cases) == ([0, 0, 1], [0, 1, 1])
    assert sum(one.collapsed.count for one in statistics.reliability(cases)) == 2
    assert statistics.without_probability(cases) == {"benign": 0, "collapsed": 1}


def test_a_shift_called_collapse_has_a_rate() -> None:
    cases = [case("shift", "collapse"), case("shift", "clear"), case("shift", "inconclusive"), case("grey", "collapse")]
    assert statistics.shift_called_collapse(cases) == Rate(1, 3)


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


def test_words_that_never_followed_each_other_end_no_text() -> None:
    found = WordMarkov(["a b", "c d"], 0).sample(200, Sampling(), np.random.default_rng(0))
    assert any("a d" in row or "c b" in row for row in found), "no step back was taken"

"""Planted faults are found again, and shared where there are two. Sizes are small: a second each."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from synthos_api.phases import REFERENCE_SAMPLE, SAMPLE
from synthos_engine.cascade.material import Rows, load_samples, load_table, split
from synthos_engine.cascade.root_causes import (
    REPAIRS,
    REPETITION,
    STRANGENESS,
    VARIETY,
    WRITING,
    Attribution,
    attribute,
    find_root_causes,
)
from synthos_engine.data.serialize import rows_to_text
from synthos_engine.verdict.shapley import coalitions
from tests.unit.engine.cascade.samples import CONTEXT, config, sentences, store_with, tier

REFERENCE = sentences(3000, 2)
SOUND = sentences(1500, 1)


def of_text(candidate: list[str], reference: list[str] = REFERENCE, seed: int = 0) -> dict[str, float]:
    settings = config([tier(1)], seed=seed)
    store = store_with(candidate, reference)
    material = split(*load_samples(store, settings), settings, CONTEXT)
    causes = find_root_causes(material, (load_table(store, SAMPLE), load_table(store, REFERENCE_SAMPLE)), seed)
    return {cause.cause: cause.percentage for cause in causes}


def misspelt(texts: list[str], share: float) -> list[str]:
    rng = np.random.default_rng(4)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return ["".join(str(rng.choice(letters)) if rng.random() < share else c for c in text) for text in texts]


def test_copies_are_blamed_on_repetition() -> None:
    found = of_text(SOUND[:60] * 15)
    assert found[REPETITION] >= 90
    assert sum(found.values()) == 100


def test_noise_is_blamed_on_strange_rows() -> None:
    found = of_text(SOUND[:700] + misspelt(SOUND[700:], 0.4))
    assert found[STRANGENESS] >= 80
    assert sum(found.values()) == 100


def test_lost_kinds_are_blamed_on_variety() -> None:
    """Half of the reference's rows are of another kind, of which the candidate has none."""
    other = [" ".join(word[::-1] for word in text.split()) for text in sentences(3000, 8)]
    found = of_text(SOUND, [*REFERENCE, *other])
    assert max(found, key=found.__getitem__) == VARIETY
    assert sum(found.values()) == 100


def test_two_faults_share_the_effect() -> None:
    found = of_text((SOUND[:100] + misspelt(SOUND[100:300], 0.5)) * 5)
    assert min(found[REPETITION], found[STRANGENESS]) >= 10
    assert found[REPETITION] + found[STRANGENESS] >= 80
    assert sum(found.values()) == 100


@pytest.mark.parametrize("seed", [0, 1])
def test_sound_data_have_no_causes(seed: int) -> None:
    assert of_text(SOUND, seed=seed) == {}
    assert of_text(REFERENCE, seed=seed) == {}


def test_the_same_seed_gives_the_same_causes() -> None:
    spoilt = misspelt(SOUND[:600], 0.4) + SOUND[:600]
    assert of_text(spoilt) == of_text(spoilt)


def test_too_few_rows_have_no_causes() -> None:
    assert of_text([f"{text} " * 30 for text in SOUND[:40]]) == {}


def test_without_a_reference_there_are_none() -> None:
    settings = config([tier(1)], reference=False)
    store = store_with(SOUND, None)
    material = split(*load_samples(store, settings), settings, CONTEXT)
    sample = load_table(store, SAMPLE)
    assert find_root_causes(material, (sample, sample), 0) == []


def table(count: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    size = rng.gamma(3.0, size=count)
    kind = rng.choice(["a", "b", "c"], count)
    price = size * np.where(kind == "a", 3, 1) + 0.1 * rng.normal(size=count)
    content = {"size": size, "kind": kind, "price": price, "tax": 0.2 * price + 0.05 * rng.normal(size=count)}
    return pa.table({name: pa.array(list(values)) for name, values in content.items()})


def of_table(candidate: pa.Table) -> Attribution:
    settings = config([tier(1)])
    ours, known = (t.append_column("__row__", pa.array(range(t.num_rows))) for t in (candidate, table(2400, 2)))
    candidate_rows, reference_rows = (
        Rows([text for batch in part.to_batches() for text in rows_to_text(batch)], np.arange(part.num_rows))
        for part in (ours, known)
    )
    found = attribute(split(candidate_rows, reference_rows, settings, CONTEXT), (ours, known), 0)
    assert found is not None
    return found


def test_a_table_without_relations_has_strange_rows() -> None:
    sound, rng = table(1000, 1), np.random.default_rng(5)
    uncoupled = pa.table(
        {name: sound[name].take(rng.permutation(1000)).combine_chunks() for name in sound.column_names}
    )
    shares = of_table(uncoupled).shares()
    assert shares[STRANGENESS] >= 70
    assert sum(shares.values()) == 100


def test_a_table_of_copies_is_blamed_on_repetition() -> None:
    assert of_table(pa.concat_tables([table(70, 1)] * 14)).shares()[REPETITION] >= 90


def test_what_no_repair_mends_lies_in_the_rows() -> None:
    found = Attribution(dict.fromkeys(coalitions(REPAIRS), 0.3), dict.fromkeys(REPAIRS, 0.0)).causes()
    assert [(cause.cause, cause.percentage) for cause in found] == [(WRITING, 100)]
    assert "+30.0%" in found[0].description


def test_an_effect_that_is_none_is_not_divided() -> None:
    effects = {coalition: 0.01 - 0.01 * len(coalition) for coalition in coalitions(REPAIRS)}
    assert Attribution(effects, dict.fromkeys(REPAIRS, 0.5)).causes() == []

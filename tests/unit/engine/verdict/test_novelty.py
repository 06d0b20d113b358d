"""New words: those of another domain recur, those of noise do not."""

from __future__ import annotations

import numpy as np
import pytest

from synthos_engine.verdict.novelty import Novelty, measure_novelty, words

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vocabulary(size: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(LETTERS), rng.integers(4, 9))) for _ in range(size)]


SOURCE, OTHER = vocabulary(4000, 0), vocabulary(4000, 1)


def rows(count: int, seed: int, source: list[str], misspelt: float = 0.0) -> list[bytes]:
    """Zipf-distributed words; a share of them spelt at random."""
    rng = np.random.default_rng(seed)
    chance = 1.0 / np.arange(1, len(source) + 1)
    chance /= chance.sum()
    made = []
    for _ in range(count):
        chosen = list(rng.choice(source, 30, p=chance))
        for i in np.flatnonzero(rng.random(30) < misspelt):
            chosen[i] = "".join(rng.choice(list(LETTERS), 8))
        made.append(" ".join(chosen).encode())
    return made


def novelty_of(candidate: list[bytes]) -> Novelty:
    known, others = rows(300, 1, SOURCE), [rows(300, seed, SOURCE) for seed in (2, 3)]
    found = measure_novelty(candidate, known, others)
    assert found is not None
    return found


def test_another_draw_is_no_more_novel_than_the_null() -> None:
    found = novelty_of(rows(300, 4, SOURCE))
    assert found.surplus == pytest.approx(1, abs=0.1)
    assert found.recurrence == pytest.approx(0, abs=0.05)


def test_noise_is_novel_but_does_not_recur() -> None:
    found = novelty_of(rows(300, 5, SOURCE, misspelt=0.3))
    assert found.surplus > 1.5
    assert found.recurrence < 0.05


def test_another_domain_recurs() -> None:
    found = novelty_of(rows(300, 6, OTHER))
    assert found.surplus > 1.5
    assert found.recurrence > 0.15


def test_numbers_tell_nothing() -> None:
    numbers = [b"1, 2.5, 7" for _ in range(500)]
    assert measure_novelty(numbers, numbers, [numbers]) is None


def test_words_are_runs_of_letters() -> None:
    assert words(b"The x1 value's 3.5e7, na\xc3\xafve") == [b"the", b"value", b"na\xc3\xafve"]

"""Two looks together are one look at as many models."""

from __future__ import annotations

import numpy as np

from synthos_engine.cascade.readings import Readings, Scored


def readings(candidate: float, draws: list[float], own: float | None) -> Readings:
    rows = np.ones(40)
    scored = Scored(candidate * rows, np.outer(draws, rows))
    return Readings(
        scores={"models": scored},
        present=rows,
        both=candidate * rows,
        share=0.3,
        draws_on_real=float(np.mean(draws)),
        draws_on_candidate=2.0,
        candidate_on_candidate=own,
    )


def test_two_looks_have_all_draws_and_the_mean_of_the_rest() -> None:
    found = readings(1.0, [1.0, 1.2], own=0.5).with_more(readings(3.0, [1.4, 1.6], own=1.5))
    assert found.scores["models"].draws.shape == (4, 40)
    assert found.scores["models"].candidate.tolist() == [2.0] * 40
    assert (found.draws_on_real, found.candidate_on_candidate, found.candidate_by_itself) == (1.3, 1.0, None)
    assert found.both.tolist() == [2.0] * 40


def test_what_one_look_could_not_measure_stays_unknown() -> None:
    assert readings(1.0, [1.0, 1.2], own=0.5).with_more(readings(1.0, [1.0], own=None)).candidate_on_candidate is None

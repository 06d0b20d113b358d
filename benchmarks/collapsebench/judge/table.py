"""Gradient-boosted trees that predict each column from all others, as registered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..registration import registration
from ..rows import Column, Row
from .boosting import Floats, Ranks, numbers_loss, words_loss

_FEATURE_WORDS = 60
"""Classes of a column of words as a predictor; the rest are one."""


def holdout_loss(rows: Sequence[Row], holdout: Sequence[Row], columns: tuple[Column, ...], seed: int) -> float:
    """Mean over columns of a loss on the holdout, 1 being that of the best constant; one thread."""
    settings = registration()["table"]["judge"]
    features = [_Feature(column, [row[place] for row in holdout]) for place, column in enumerate(columns)]
    x, held = (
        np.stack([feature([row[place] for row in part]) for place, feature in enumerate(features)], 1)
        for part in (rows, holdout)
    )
    losses = []
    with threadpool_limits(1):
        for place, column in enumerate(columns):
            others = [i for i in range(len(columns)) if i != place]
            y, known = ([row[place] for row in part] for part in (rows, holdout))
            kind = [not columns[i].is_number for i in others]
            losses.append(_column_loss(column, x[:, others], y, held[:, others], known, kind, settings, seed))
    return float(np.mean([loss for loss in losses if loss is not None]))


def _column_loss(
    column: Column,
    x: Floats,
    y: list[Any],
    held: Floats,
    known: list[Any],
    kind: list[bool],
    settings: dict[str, Any],
    seed: int,
) -> float | None:
    """None where the holdout's column is constant: there is nothing to predict."""
    if not column.is_number or len(set(known)) <= settings["few_numbers"]:
        classes = _Classes(known, settings["words_upto"])
        wanted = classes(_nearest(y, known) if column.is_number else y)
        return words_loss(x, wanted, held, classes(known), kind, settings, seed)
    # A row whose value is missing says nothing about it.
    given, scored = (np.array([value is not None for value in values]) for values in (y, known))
    rank = Ranks([value for value in known if value is not None])
    wanted_rank = rank([value for value in y if value is not None], seed)
    known_rank = rank([value for value in known if value is not None], settings["seed"])
    return numbers_loss(x[given], wanted_rank, held[scored], known_rank, kind, settings, seed)


def _nearest(values: list[Any], known: list[Any]) -> list[Any]:
    """Numbers as the nearest of those that are known."""
    there = np.array(sorted({value for value in known if value is not None}))
    return [v if v is None or not len(there) else there[np.abs(there - v).argmin()].item() for v in values]


class _Classes:
    """Numbers the values that are most frequent in the holdout; what is left is one class more."""

    def __init__(self, values: Sequence[Any], most: int) -> None:
        common = Counter(values).most_common()
        common.sort(key=lambda pair: (-pair[1], str(pair[0])))
        self._place = {value: i for i, (value, _) in enumerate(common[: most if len(common) <= most else most - 1])}
        self._other = len(self._place) if len(common) > most else None

    def __call__(self, values: Sequence[Any]) -> NDArray[np.int64]:
        """A value that the holdout lacks counts as its rarest class where there is none for the rest."""
        other = len(self._place) - 1 if self._other is None else self._other
        return np.array([self._place.get(value, other) for value in values], np.int64)


class _Feature:
    """A column as a predictor: numbers as they are, words as classes, missing numbers as not-a-number."""

    def __init__(self, column: Column, values: Sequence[Any]) -> None:
        self._classes = None if column.is_number else _Classes(values, _FEATURE_WORDS)

    def __call__(self, values: Sequence[Any]) -> Floats:
        if self._classes is not None:
            return self._classes(values).astype(float)
        return np.array([np.nan if value is None else value for value in values], float)

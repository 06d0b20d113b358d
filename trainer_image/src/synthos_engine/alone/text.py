"""Features of text at a fixed size, so that its amount does not matter: bytes, words, and how loss falls.

Rows that repeat are counted elsewhere (repetition.py) and stand here once; blanks are made equal, so that
how lines were wrapped does not matter either. Losses are of byte n-gram models on rows they have not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from synthos_engine.byte_ngram import ByteNgram
from synthos_engine.text_measures import compressed_share

from .repetition import Features
from .words import word_features

TRAINING_BYTES: Final = 64_000
SCORED_BYTES: Final = 16_000
ORDERS: Final = (2, 3, 4, 5, 6)
_ORDER: Final = 5
_FEWEST_ROWS: Final = 60
"""Fewer, longer rows say too little of how rows differ."""


def text_features(rows: Sequence[bytes], seed: int) -> Features:
    """Of rows in an order of the seed's; empty where there is too little text that does not repeat."""
    different = [row for row in dict.fromkeys(b" ".join(row.split()) for row in rows) if row]
    order = np.random.default_rng((seed, 11)).permutation(len(different))
    shuffled = [different[i] for i in order]
    chosen = _beginning(shuffled, TRAINING_BYTES + SCORED_BYTES)
    if sum(map(len, chosen)) < TRAINING_BYTES + SCORED_BYTES or len(chosen) < _FEWEST_ROWS:
        return {}
    scored = _beginning(chosen, SCORED_BYTES)
    training = chosen[len(scored) :]
    return (
        _ladder(training, scored)
        | _transfer(chosen)
        | word_features(chosen, seed)
        | {"compressed": compressed_share(chosen)}
    )


def _beginning(rows: Sequence[bytes], size: int) -> list[bytes]:
    """The first rows of so many bytes in all, or all of them."""
    ends = np.cumsum([len(row) for row in rows])
    return list(rows[: int(np.searchsorted(ends, size)) + 1])


def _per_byte(model: ByteNgram, rows: Sequence[bytes]) -> np.ndarray:
    lengths = np.array([len(row) + 1 for row in rows])
    losses: np.ndarray = model.bits(rows) / lengths
    return losses


def _loss(model: ByteNgram, rows: Sequence[bytes]) -> float:
    """Bits per byte."""
    return float(model.bits(rows).sum() / sum(len(row) + 1 for row in rows))


def _ladder(training: Sequence[bytes], scored: Sequence[bytes]) -> Features:
    """How loss falls with order and with data (Hestness et al. 2017), the gap to what was trained on, rows' spread."""
    loss = {order: _loss(ByteNgram(training, order), scored) for order in ORDERS if order != _ORDER}
    model = ByteNgram(training, _ORDER)
    rows = _per_byte(model, scored)
    loss[_ORDER] = _loss(model, scored)
    quarter = _loss(ByteNgram(_beginning(training, TRAINING_BYTES // 4), _ORDER), scored)
    centred = rows - rows.mean()
    low, middle, high = np.quantile(rows, [0.05, 0.5, 0.95])
    return {
        "loss": loss[_ORDER],
        "data_slope": float(np.log(quarter / loss[_ORDER]) / np.log(4)),
        "gain_of_order_3": float(np.log(loss[2] / loss[3])),
        "gain_of_order_4": float(np.log(loss[3] / loss[4])),
        "gain_of_order_5": float(np.log(loss[4] / loss[5])),
        "gain_of_order_6": float(np.log(loss[5] / loss[6])),
        "seen_unseen_gap": float(np.log(loss[_ORDER] / _loss(model, training[: len(scored)]))),
        "row_loss_spread": float(rows.std() / rows.mean()),
        "row_loss_skew": float((centred**3).mean() / (centred**2).mean() ** 1.5) if rows.std() > 0 else 0.0,
        "row_loss_low": float(np.log(middle / low)),
        "row_loss_high": float(np.log(high / middle)),
    }


def _transfer(rows: Sequence[bytes]) -> Features:
    """From short rows to long ones and back, over the loss within: strata of real text differ."""
    by_length = sorted(rows, key=len)
    half = sum(map(len, rows)) // 2
    short = _beginning(by_length, half)
    long = by_length[len(short) :]
    if not long:
        return {}
    excess = []
    for there, here in ((short, long), (long, short)):
        mixed = here[::2]
        size = min(sum(map(len, there)), sum(map(len, mixed)))
        within = _loss(ByteNgram(_beginning(mixed, size), _ORDER), here[1::2])
        excess.append(np.log(_loss(ByteNgram(_beginning(there[::-1], size), _ORDER), here[1::2]) / within))
    return {"transfer_between_strata": float(np.mean(excess))}

"""Features in words for a reader who knows the data but not the methods."""

from __future__ import annotations

from typing import Final

from .model import Signature

COPIES: Final = ("repeated_rows", "rows_that_repeat", "unlikely_copies")
"""Features that tell of copied rows."""

WORDS: Final = {
    # rows
    "repeated_rows": "share of rows that repeat another one",
    "rows_that_repeat": "share of different rows that occur more than once",
    # text
    "loss": "bits per byte of held-out rows",
    "data_slope": "fall of the held-out loss with more text",
    "gain_of_order_3": "gain of a byte model from two bytes of context over one",
    "gain_of_order_4": "gain of a byte model from three bytes of context over two",
    "gain_of_order_5": "gain of a byte model from four bytes of context over three",
    "gain_of_order_6": "gain of a byte model from five bytes of context over four",
    "seen_unseen_gap": "gap between the loss of seen and of unseen rows",
    "row_loss_spread": "spread of the rows' losses",
    "row_loss_skew": "skew of the rows' losses",
    "row_loss_low": "distance of the easiest rows from the usual one",
    "row_loss_high": "distance of the hardest rows from the usual one",
    "transfer_between_strata": "loss of short rows' model on long ones and back",
    "compressed": "compressed size at equal length",
    "zipf": "steepness of word frequencies (Zipf's exponent)",
    "heaps": "growth of the vocabulary (Heaps' exponent)",
    "words_once": "share of words that occur once",
    "topics": "recurrence of rarer words within a row",
    "word_pairs": "recurrence of word pairs over random word order",
    "long_phrases": "recurrence of four-word phrases against pairs",
    "misspelt": "share of rare words one letter from a known one",
    # tables
    "unlikely_copies": "share of repeated rows that chance would not repeat",
    "missing_pairs": "pairs of values against those of unrelated columns",
    "most_missing_pairs": "pairs of values of the most related columns against those of unrelated ones",
    "surprise_spread": "how much the rarity of rows varies over unrelated columns",
    "surprise_relative": "how much the rarity of rows varies for its mean",
    "surprise_skew": "skew of the rarity of rows",
    "surprise_tail": "rarity of the rarest rows",
    "surprise_low": "commonness of the most common rows",
    "tails": "length of the columns' tails",
    "kurtosis": "weight of the columns' tails",
    "heaped_values": "preference for round values",
    "values_once": "share of values that occur once",
    "dependence": "how well columns predict each other by a straight line",
    "most_dependence": "how well the best predicted column is predicted by a straight line",
    "most_curvature": "how much better the best predicted column is predicted by a curve",
    # tables and series
    "curvature": "how much better predictions are by a curve than by a straight line",
    "uneven_spread": "how much of the size of prediction errors can be predicted",
    # series
    "hanging": "how long windows stand still at their end",
    "windows_that_hang": "share of windows that stand still for the last quarter of their steps",
    "roughness": "changes between steps against all scatter",
    "flatness": "evenness of the spectrum",
    "memory_of_changes": "correlation of successive changes",
    "memory_two_steps": "correlation of changes two steps apart",
    "tails_of_changes": "weight of the tails of changes",
    "skew_of_changes": "skew of changes",
    "calmness_differs": "spread between calm and restless windows",
    "level": "differences between windows' levels against scatter within",
    "foreseen": "how well a step is predicted by those before it",
}


def in_words(signature: Signature, value: float) -> str:
    """The feature, its value, and the bound that nine in ten real corpora keep."""
    bound = "at most" if signature.direction > 0 else "at least"
    return f"{WORDS[signature.feature]} {value:.2g} (most real corpora {bound} {signature.start:.2g})"

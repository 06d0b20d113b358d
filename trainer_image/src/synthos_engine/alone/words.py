"""Features of words: how they are distributed, whether they recur where they should, what follows what.

Where there is one, a feature is relative to its value in the same words in random order, so that it says the
same of every language and domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from synthos_engine.verdict.novelty import words as words_of

from .repetition import Features

_FEWEST_WORDS: Final = 2000
_BURSTY: Final = (3, 30)
"""Occurrences of a word that is neither too rare nor too common to be a topic's."""
_PHRASES: Final = (2, 4)
_LONG: Final = 6
"""Letters from which a word has few neighbours by chance."""

Ints = npt.NDArray[np.int64]


def word_features(rows: Sequence[bytes], seed: int) -> Features:
    """Empty where there are too few words."""
    found = [words_of(row) for row in rows]
    words = [word for row in found for word in row]
    if len(words) < _FEWEST_WORDS:
        return {}
    place = {word: i for i, word in enumerate(dict.fromkeys(words))}
    codes = np.array([place[word] for word in words])
    row_of = np.repeat(np.arange(len(found)), [len(row) for row in found])
    counts = np.bincount(codes)
    return {
        **_frequencies(codes, counts),
        "topics": _topics(codes, row_of, counts),
        **_phrases(codes, row_of, np.random.default_rng((seed, 12))),
        "misspelt": _misspelt(place, counts),
    }


def _frequencies(codes: Ints, counts: Ints) -> Features:
    """Zipf's exponent over ranks 10 to 1000, Heaps' exponent, words that occur once (Baayen 2001)."""
    ranked = np.sort(counts)[::-1][9:1000]
    ranks = np.arange(10, 10 + len(ranked))
    slope = np.polyfit(np.log(ranks), np.log(ranked), 1)[0]
    half = len(np.unique(codes[: len(codes) // 2]))
    return {
        "zipf": float(-slope),
        "heaps": float(np.log2(len(counts) / half)),
        "words_once": float((counts == 1).sum() / len(codes)),
    }


def _topics(codes: Ints, row_of: Ints, counts: Ints) -> float:
    """ln of how much more often than by chance a rarer word stands twice in a row (Church and Gale 1995)."""
    chosen = (counts >= _BURSTY[0]) & (counts <= _BURSTY[1])
    hit = chosen[codes]
    together = np.unique(codes[hit] * (row_of.max() + 1) + row_of[hit], return_counts=True)[1]
    pairs = (together * (together - 1) / 2).sum()
    share = np.bincount(row_of) / len(row_of)
    expected = (counts[chosen] * (counts[chosen] - 1) / 2).sum() * (share**2).sum()
    return float(np.log((pairs + 1) / (expected + 1)))


def _phrases(codes: Ints, row_of: Ints, rng: np.random.Generator) -> Features:
    """Phrases that stand in two rows, over the same with each row's words in random order (ln)."""
    order = np.lexsort((rng.random(len(codes)), row_of))
    short, long = _PHRASES
    shares = {length: _recurring(codes, row_of, length) for length in _PHRASES}
    by_chance = _recurring(codes[order], row_of, short)
    return {
        "word_pairs": float(np.log((shares[short] + 0.005) / (by_chance + 0.005))),
        "long_phrases": float(np.log((shares[long] + 0.002) / (shares[short] + 0.002))),
    }


def _recurring(codes: Ints, row_of: Ints, length: int) -> float:
    """Share of phrases of so many words that stand in another row, too."""
    count = len(codes) - length + 1
    whole = row_of[:count] == row_of[length - 1 :]
    keys = np.zeros(count, np.int64)
    for i in range(length):
        keys = np.unique(keys * (codes.max() + 1) + codes[i : i + count], return_inverse=True)[1]
    keys, rows = keys[whole], row_of[:count][whole]
    in_rows = np.unique(np.unique(np.stack([keys, rows]), axis=1)[0], return_counts=True)
    several = np.zeros(int(keys.max(initial=0)) + 1, bool)
    several[in_rows[0]] = in_rows[1] > 1
    return float(several[keys].mean()) if len(keys) else 0.0


def _misspelt(place: dict[bytes, int], counts: Ints) -> float:
    """Of long words that occur once, the share with one letter other than in a word that occurs more often."""
    once, known = [], set()
    for word, i in place.items():
        if len(word) < _LONG:
            continue
        if counts[i] == 1:
            once.append(word)
        else:
            known.update(_with_gap(word))
    near = sum(any(pattern in known for pattern in _with_gap(word)) for word in once)
    return near / max(1, len(once))


def _with_gap(word: bytes) -> list[bytes]:
    return [word[:i] + b"\0" + word[i + 1 :] for i in range(len(word))]

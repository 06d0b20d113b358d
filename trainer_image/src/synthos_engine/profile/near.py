"""Rows of text that nearly repeat another: MinHash (Broder 1997) with locality-sensitive hashing.

A text is the set of its shingles, SHINGLE consecutive words; two are near duplicates from a Jaccard
similarity of SIMILAR on. HASHES minima in bands of BAND rows find candidates (Leskovec, Rajaraman and
Ullman, Mining of Massive Datasets, section 3.4): two texts of similarity 0.8 are missed with a chance
of (1 − 0.8⁴)³² = 5 · 10⁻⁸. The similarity of candidates is then computed exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from synthos_engine.sample.priority import mixed

from .values import Hashes

SHINGLE: Final = 3
SIMILAR: Final = 0.8
HASHES: Final = 128
BAND: Final = 4
_CHAIN: Final = np.uint64(0x9FB21C651E98DF25)
_ODD: Final = mixed(np.arange(HASHES, dtype=np.uint64)) | np.uint64(1)
_ADD: Final = mixed(np.arange(HASHES, 2 * HASHES, dtype=np.uint64))
_MARGIN: Final = 0.2
"""How far below SIMILAR the share of equal minima may lie: five standard errors of 128."""

Flags = NDArray[np.bool_]


def shingles(words: Hashes) -> Hashes:
    """Hashes of runs of SHINGLE words, each once, ascending; of all words where there are fewer."""
    size = min(SHINGLE, len(words))
    if not size:
        return words
    found = np.zeros(len(words) - size + 1, np.uint64)
    with np.errstate(over="ignore"):
        for i in range(size):
            found = mixed(found * _CHAIN + words[i : i + len(found)])
    return np.unique(found)


def near_duplicates(sets: Sequence[Hashes]) -> Flags:
    """For each set of shingles, whether another has a Jaccard similarity of SIMILAR or more; empty ones have none."""
    flags = np.zeros(len(sets), np.bool_)
    filled = [i for i, one in enumerate(sets) if len(one)]
    # Equal sets are found by themselves; one of each takes part in the rest.
    groups: dict[bytes, list[int]] = {}
    for i in filled:
        groups.setdefault(sets[i].tobytes(), []).append(i)
    members = list(groups.values())
    for group in members:
        if len(group) > 1:
            flags[group] = True
    different = [sets[group[0]] for group in members]
    if len(different) < 2:
        return flags
    signatures = _signatures(different)
    near = np.zeros(len(different), np.bool_)
    for first, second in _candidates(signatures):
        if near[first] and near[second]:
            continue
        if (signatures[first] == signatures[second]).mean() < SIMILAR - _MARGIN:
            continue
        if jaccard(different[first], different[second]) >= SIMILAR:
            near[[first, second]] = True
    for group, is_near in zip(members, near, strict=True):
        flags[group] |= is_near
    return flags


def jaccard(a: Hashes, b: Hashes) -> float:
    """Of two sets as ascending arrays without repeats, not both empty."""
    common = len(a) + len(b) - len(np.unique(np.concatenate([a, b])))
    return common / (len(a) + len(b) - common)


def _signatures(sets: Sequence[Hashes]) -> Hashes:
    """Minima, shape (sets, HASHES), of multiply-shift hashes."""
    every = np.concatenate(sets)
    starts = np.concatenate([[0], np.cumsum([len(one) for one in sets])[:-1]])
    result = np.empty((len(sets), HASHES), np.uint64)
    with np.errstate(over="ignore"):
        for i in range(HASHES):
            result[:, i] = np.minimum.reduceat((every * _ODD[i] + _ADD[i]) >> np.uint64(32), starts)
    return result


def _candidates(signatures: Hashes) -> list[tuple[int, int]]:
    """Pairs that agree in a band, each once, in order."""
    count = len(signatures)
    keys: list[NDArray[np.int64]] = []
    for first in range(0, HASHES, BAND):
        band = np.zeros(count, np.uint64)
        with np.errstate(over="ignore"):
            for column in signatures[:, first : first + BAND].T:
                band = mixed(band * _CHAIN + column)
        order = np.argsort(band, kind="stable")
        ends = np.flatnonzero(np.concatenate([band[order][1:] != band[order][:-1], [True]])) + 1
        for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
            if end - start > 1:
                inside = order[start:end]
                left, right = np.triu_indices(len(inside), 1)
                keys.append(inside[left] * count + inside[right])
    if not keys:
        return []
    pairs = np.unique(np.concatenate(keys))
    return list(zip((pairs // count).tolist(), (pairs % count).tolist(), strict=True))
